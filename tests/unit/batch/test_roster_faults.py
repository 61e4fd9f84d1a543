"""What is wrong with rosters: each fault with its line and what to do, all of them at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_k8sgrade.batch.roster import RosterOptions, load_roster
from pytest_k8sgrade.batch.roster.times import zone_of
from pytest_k8sgrade.errors import UsageFault


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one hand-in."""
    (tmp_path / "a.zip").write_bytes(b"x")
    return tmp_path


def told(path: Path, options: RosterOptions | None = None) -> list[str]:
    """The faults of a roster, as `line: message`."""
    with pytest.raises(UsageFault) as fault:
        load_roster(path, options)
    heading, *lines = str(fault.value).splitlines()
    assert heading == f"the roster {path} has {len(lines)} fault{'s' if len(lines) > 1 else ''}:"
    return [line.strip().removeprefix(f"{path}:") for line in lines]


def faults(folder: Path, content: str | bytes, name: str = "roster.csv") -> list[str]:
    """The faults of a roster's text."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return told(path)


def only(folder: Path, content: str | bytes, name: str = "roster.csv") -> str:
    """The one fault of a roster's text."""
    (fault,) = faults(folder, content, name)
    return fault


def test_all_at_once(folder: Path) -> None:
    """A roster is corrected in one go."""
    found = faults(
        folder,
        "student,evidance,evidence,deadline,name\n"
        "s1,,a.zip,tomorrow,\n"
        "../s2,,a.zip,,\n"
        "S1,,b.zip,2026-03-02,\n"
        ",,a.zip,,Somebody\n"
        's4,,a.zip,,"Student\nFour"\n'
        "s5,a.zip\n",
    )
    assert [fault.partition(":")[0] for fault in found] == ["1", "2", "3", "4", "4", "4", "5", "6", "8"]
    assert "did you mean 'evidence'?" in found[0]


HEAD = "student,evidence,deadline,extension\n"
TIMES = {
    "2026-03-02": "give a time of day too",
    "3/2/2026 18:00": "expected a time such as 2026-03-02T18:00+09:00",
    "2026-13-02 18:00": "expected a time",
    "2026-03-02 24:01": "expected a time",
    "0001-01-01T00:00+09:00": "expected a time",
    "tomorrow": "not 'tomorrow'",
}
EXTENSIONS = {
    ("2026-03-02 18:00", "2026-03-02 17:00"): "ends before the deadline",
    ("", "2d"): "needs a deadline",
    ("tomorrow", "2d"): "expected a time such as",
    ("2026-03-02 18:00", "2"): "has no unit",
    ("2026-03-02 18:00", "two days"): "expected a duration such as 2d or 12h, or a time",
    ("2026-03-02 18:00", "99999999999d"): "longer than ten years",
    ("9999-12-31 18:00", "100d"): "after the year 9999",
}


@pytest.mark.parametrize("text", TIMES)
def test_what_is_no_time(folder: Path, text: str) -> None:
    """Or not a clear one: nothing is guessed that decides a mark."""
    assert TIMES[text] in only(folder, f"{HEAD}s1,a.zip,{text},\n")


@pytest.mark.parametrize("given", EXTENSIONS)
def test_what_is_no_extension(folder: Path, given: tuple[str, str]) -> None:
    """A duration or a time, after the deadline."""
    assert EXTENSIONS[given] in only(folder, f"{HEAD}s1,a.zip,{given[0]},{given[1]}\n")


@pytest.mark.parametrize("text", ["2026-10-25 02:30", "2026-03-29 02:30"])
def test_an_hour_that_is_there_twice_or_never(folder: Path, text: str) -> None:
    """Asked for its offset; with one it is clear."""
    path = folder / "roster.csv"
    path.write_text(f"student,evidence,deadline\ns1,a.zip,{text}\n")
    (fault,) = told(path, RosterOptions(zone=zone_of("Europe/Berlin")))
    assert "change of clocks in Europe/Berlin" in fault
    path.write_text(f"student,evidence,deadline\ns1,a.zip,{text}+01:00\n")
    load_roster(path, RosterOptions(zone=zone_of("Europe/Berlin")))


def test_no_time_zone() -> None:
    """The nearest is named."""
    with pytest.raises(UsageFault, match="no time zone 'Asia/Soul'; did you mean 'Asia/Seoul'"):
        zone_of("Asia/Soul")


IDS = {
    "../s1": "may not have '/'",
    "..": "begin with a letter",
    "s1/../../x": "may not have '/'",
    "s1\\x": "may not have",
    "=cmd()": "begin with a letter",
    "+82": "begin with a letter",
    "-1": "begin with a letter",
    "@x": "begin with a letter",
    "s1\x1b[2Jx": "may not have '\\x1b'",
    "s1\u202ex": "may not have '\\u202e'",
    "s\u200b1": "may not have '\\u200b'",
    "s\x001": "may not have '\\x00'",
    "s1.": "may not end with a dot",
    "nul": "Windows",
    "COM1.zip": "Windows",
    "2.02601E+12": "spreadsheet has rounded",
    "s" * 81: "81 characters",
}


@pytest.mark.parametrize("student", IDS)
def test_ids_that_a_folder_or_a_table_would_change(folder: Path, student: str) -> None:
    """Refused, not changed: marks are looked up by them. The message shows them harmless."""
    fault = only(folder, f'student,evidence\n"{student}",a.zip\n')
    assert fault.startswith("2:")
    assert IDS[student] in fault
    assert fault.isprintable()


@pytest.mark.parametrize("twin", ["S001", "s\uff10\uff10\uff11", "\uff53001"])
def test_ids_that_are_nearly_the_same(folder: Path, twin: str) -> None:
    """Case and width are no difference to file systems and people."""
    assert only(folder, f"student,evidence\ns001,a.zip\n{twin},a.zip\n").endswith("differ too little")


def test_composed_or_not_is_the_same_id(folder: Path) -> None:
    """Apple's file names are decomposed; that is no other student."""
    import unicodedata  # noqa: PLC0415

    for form in ("NFC", "NFD"):
        (folder / "roster.csv").write_text(
            "student,evidence\n학생,a.zip\n" + unicodedata.normalize(form, "학생") + ",a.zip\n",
            encoding="utf-8",
        )
        assert [entry.number for entry in load_roster(folder / "roster.csv").entries] == [1, 2]


def test_what_is_said_twice_must_agree(folder: Path) -> None:
    """One person has one name."""
    fault = only(folder, "student,name,evidence\ns1,One,a.zip\ns1,,a.zip\ns1,Two,a.zip\n")
    assert fault == "4: name of 's1' is 'Two', but 'One' in line 2"


def test_names_are_one_line_of_a_bearable_length(folder: Path) -> None:
    """No escape sequences, no novels."""
    assert "control character" in only(folder, 'student,name,evidence\ns1,"\x1b]0;x\x07",a.zip\n')
    assert "10000 characters" in only(folder, f"student,name,evidence\ns1,{'n' * 10_000},a.zip\n")


@pytest.mark.parametrize("column", ["email", "canvas_id", "sis_user_id", "sis_login_id", "username"])
def test_what_other_systems_look_up_is_no_formula(folder: Path, column: str) -> None:
    """It would have to be changed in a gradebook; a name may be, and is."""
    fault = only(folder, f"student,name,{column},evidence\ns1,=One,=HYPERLINK(),a.zip\n")
    assert fault.startswith(f"2: {column} '=HYPERLINK()' is a formula to a spreadsheet")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", "1: the file is empty"),
        ("\ufeff\n \n", "1: the file is empty"),
        ("student,evidence\n", "1: the roster names no student"),
        ("name,evidence\nOne,a.zip\n", "1: the column 'student' is missing"),
        ("student,name\ns1,One\n", "1: a column with the hand-ins is missing: kubeconfig, evidence, answers"),
        ("student,ID,evidence\ns1,1,a.zip\n", "both mean 'student'"),
        ("student,evidence,allow\ns1,a.zip,plugins\n", "YAML roster or with --allow"),
        ("student,evidence,xray\ns1,a.zip,1\n", "1: unknown column 'xray'"),
        ("student,evidence\ns1,b.zip\n", "2: evidence: there is no file 'b.zip'"),
        ("student,evidence\ns1,.\n", "2: evidence: there is no file '.'"),
        ("student,evidence\ns1,a\x00.zip\n", "there is no file"),
        (f"student,evidence\ns1,{'a' * 5000}\n", "there is no file"),
        ("student,evidence,context\ns1,a.zip,lab\n", "2: context is for a kubeconfig"),
        ("student,evidence,answers\ns1,a.zip,a.zip\n", "2: evidence and answers are given"),
        (
            "student,evidence\ns1,a.zip,b\n",
            "2: the line has 3 cells, but the header has 2 (separated by ',')",
        ),
        ('student,evidence\ns1,"a.zip\ns2,a.zip\n', "2: the line that begins here is not CSV"),
        ("sep=;\nstudent;evidence\n\ns1;b.zip\n", "4: evidence: there is no file 'b.zip'"),
        ('student,evidence\ns1,"a"x.zip\n', "2: the line that begins here is not CSV"),
        ("student,name,evidence\ns1,학생,a.zip\n".encode("cp949"), "2: byte 0xc7 is not UTF-8;"),
        (b"\xff\xfes\x00t", "1: byte 0x74 is not UTF-16"),
    ],
)
def test_csv(folder: Path, content: str | bytes, expected: str) -> None:
    """What a spreadsheet or a hand may do to a file."""
    assert expected in only(folder, content)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", "1: the file is empty"),
        ("- student: s1", "1: the list 'students' is missing"),
        ("students: s1", "1: the list 'students' is missing"),
        ("students: []", "1: the roster names no student"),
        ("students: [s1]", "1: expected a mapping such as {student: s001, evidence: s001.zip}, not 's1'"),
        ("students:\n- evidence: a.zip", "2: the id of the student is missing"),
        ("default: {}\nstudents: [{student: s1}]", "1: unknown key 'default'; did you mean 'defaults'?"),
        (
            "students:\n- student: s1\n  evidense: a.zip",
            "3: unknown key 'evidense'; did you mean 'evidence'?",
        ),
        (
            "students:\n- student: 1.10\n  evidence: a.zip",
            "2: student: expected a text, not 1.1; put it in quot",
        ),
        ("students:\n- {student: true, evidence: a.zip}", "2: student: expected a text, not True"),
        ("students:\n- {student: s1, evidence: {a: b}}", "2: evidence: expected a text"),
        ("students:\n- {student: s1, evidence: [a.zip]}", "2: evidence: expected a text"),
        ("students: [{student: s1, kubeconfig: '{}', allow: loopback}]", "1: allow: expected a list"),
        ("students: [{student: s1, kubeconfig: '{}', allow: [loop]}]", "did you mean 'loopback'?"),
        ("defaults: {student: s1}\nstudents: [{student: s1}]", "1: 'student' is no default"),
        ("students: [{student: s1, student: s2}]", "1: the key 'student' is already given in line 1"),
        ("students: [{student: !!python/name:os.system s1}]", "the tag"),
        ('students: [{student: s1, kubeconfig: "{\\ud800}"}]', "1:"),
        (
            "a: &a [x,x,x,x,x,x,x,x]\n"
            + "".join(f"{chr(98 + i)}: &{chr(98 + i)} [{('*' + chr(97 + i) + ',') * 8}]\n" for i in range(9))
            + "students: []",
            "too large once all aliases",
        ),
        ("students: " + "[" * 100, "nested deeper"),
    ],
)
def test_yaml(folder: Path, content: str, expected: str) -> None:
    """What is not a roster, and what only looks like one."""
    assert expected in faults(folder, content, "roster.yaml")[0]


def test_files_that_are_none(folder: Path) -> None:
    """Missing, of another kind, too large, a folder of nothing."""
    (folder / "roster.xlsx").write_bytes(b"PK")
    (folder / "none").mkdir()
    for name, expected in {
        "missing.csv": "cannot be read: No such file or directory; give a CSV or YAML file",
        "roster.xlsx": "neither a folder nor a file that ends in .csv",
        "none": "the folder holds no hand-ins",
    }.items():
        with pytest.raises(UsageFault, match=expected):
            load_roster(folder / name)


def test_what_is_too_large_is_not_read(folder: Path) -> None:
    """A file without end costs no memory."""
    with (folder / "roster.csv").open("wb") as stream:
        stream.truncate(1 << 40)
    with pytest.raises(UsageFault, match="more than 67108864 bytes"):
        load_roster(folder / "roster.csv")


def test_the_wrong_encoding_by_name(folder: Path) -> None:
    """The name that was given is in the message."""
    path = folder / "roster.csv"
    path.write_bytes("student,evidence\n학생,a.zip\n".encode())
    (fault,) = told(path, RosterOptions(encoding="cp949"))
    assert "is not CP949; give the encoding that the file has" in fault

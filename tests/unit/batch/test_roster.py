"""A roster that is right: what its hand-ins are."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from pytest_k8sgrade.batch.roster import Roster, RosterOptions, load_roster
from pytest_k8sgrade.errors import UsageFault

SEOUL = ZoneInfo("Asia/Seoul")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the files that the rosters name."""
    for name in ("a.zip", "b.zip", "kube.yaml", "theory.yaml"):
        (tmp_path / name).write_bytes(b"x")
    return tmp_path


def csv(folder: Path, text: str | bytes, options: RosterOptions | None = None) -> Roster:
    """The roster of a CSV file."""
    path = folder / "roster.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return load_roster(path, options)


def yaml(folder: Path, text: str, options: RosterOptions | None = None) -> Roster:
    """The roster of a YAML file."""
    path = folder / "roster.yaml"
    path.write_text(text, encoding="utf-8")
    return load_roster(path, options)


def test_every_column_arrives(folder: Path) -> None:
    """Where the reports and the gradebooks look for it."""
    roster = csv(
        folder,
        "student,name,first name,last-name,E-mail,Group,section,canvas_id,sis_user_id,sis_login_id,username,"
        "kubeconfig,context,submitted,deadline,extension,x-seat\n"
        "s001,Student One,One,Student,one@example.org,A,1,17,u1,l1,m1,kube.yaml,lab,2026-03-02T18:00+09:00,"
        "2026-03-02 17:00Z,2d,window\n",
    )
    (entry,) = roster.entries
    assert entry.student.model_dump() == {
        "id": "s001",
        "name": "Student One",
        "first_name": "One",
        "last_name": "Student",
        "email": "one@example.org",
        "group": "A",
        "section": "1",
        "canvas_id": "17",
        "sis_user_id": "u1",
        "sis_login_id": "l1",
        "username": "m1",
    }
    assert (entry.kubeconfig, entry.context, entry.source) == (folder / "kube.yaml", "lab", "cluster")
    assert entry.submitted == datetime(2026, 3, 2, 9, tzinfo=UTC)
    assert entry.deadline == datetime(2026, 3, 2, 17, tzinfo=UTC)
    assert entry.extended_to == datetime(2026, 3, 4, 17, tzinfo=UTC)
    assert (entry.line, entry.number, entry.allow) == (2, 1, frozenset())


@pytest.mark.parametrize(
    "content",
    [
        "\ufeffstudent,name,evidence\r\ns001,학생 하나,a.zip\r\n",
        "student;name;evidence\ns001;학생 하나;a.zip\n",
        "\n,,\nstudent,name,evidence\ns001,학생 하나,a.zip\n",
        "sep=;\r\nstudent;name;evidence\r\ns001;학생 하나;a.zip\r\n",
        "student\tname\tevidence\ns001\t학생 하나\ta.zip",
        '"student","name","evidence"\n\n"s001","학생 하나"," a.zip "\n,,\n',
        "student,name,evidence,,\rs001,학생 하나,a.zip,,\r",
        "학번,이름,evidence\ns001,학생 하나,a.zip",
    ],
)
def test_what_spreadsheets_write(folder: Path, content: str) -> None:
    """Byte order marks, semicolons, tabs, quotes, empty lines and columns, old line ends."""
    (entry,) = csv(folder, content).entries
    assert (entry.student.id, entry.student.name, entry.evidence) == ("s001", "학생 하나", folder / "a.zip")


@pytest.mark.parametrize(
    ("encoding", "said"), [("cp949", "cp949"), ("utf-16", None), ("utf-16", "utf-16"), ("utf-8-sig", "utf-8")]
)
def test_other_encodings(folder: Path, encoding: str, said: str | None) -> None:
    """CP949 where it is named, UTF-16 where the file says so itself."""
    content = "student,name,evidence\ns001,학생 하나,a.zip\n".encode(encoding)
    assert csv(folder, content, RosterOptions(encoding=said)).entries[0].student.name == "학생 하나"


def test_yaml_says_the_same(folder: Path) -> None:
    """Defaults, ids that are numbers, keys that need no quotes."""
    roster = yaml(
        folder,
        "defaults: {deadline: 2026-03-02 18:00, evidence: a.zip, context: lab}\n"
        "students:\n"
        "- {student: 20260001, name: no}\n"
        "- {student: 007, evidence: b.zip, extension: 2026-03-03 09:00, x-note: [any, thing]}\n"
        "- {student: s3, kubeconfig: kube.yaml, allow: [loopback]}\n",
        RosterOptions(zone=SEOUL),
    )
    first, second, third = roster.entries
    assert (first.student.id, first.student.name, first.evidence) == ("20260001", "no", folder / "a.zip")
    assert first.deadline == second.deadline == datetime(2026, 3, 2, 9, tzinfo=UTC)
    assert (second.student.id, second.evidence) == ("007", folder / "b.zip")
    assert second.extended_to == datetime(2026, 3, 3, tzinfo=UTC)
    assert (third.kubeconfig, third.context) == (folder / "kube.yaml", "lab")
    assert third.allow == {"loopback"}
    assert roster.naive_times


KUBECONFIG = "apiVersion: v1\nclusters:\n- name: lab\n  cluster: {server: 'https://lab.example.org'}\n"


@pytest.mark.parametrize(
    "text",
    [
        "students: [{student: s1, kubeconfig: {apiVersion: v1, clusters: [{name: lab}]}}]",
        "students:\n- student: s1\n  kubeconfig: |\n    apiVersion: v1\n    clusters: [{name: lab}]\n",
        'students: [{student: s1, kubeconfig: \'{"apiVersion": "v1", "clusters": [{"name": "lab"}]}\'}]',
    ],
)
def test_a_kubeconfig_may_be_written_out(folder: Path, text: str) -> None:
    """As a mapping, as a text of several lines, as JSON."""
    from pytest_k8sgrade.cluster.plain_yaml import load_plain  # noqa: PLC0415

    (entry,) = yaml(folder, text).entries
    assert entry.kubeconfig is None
    assert entry.kubeconfig_text is not None
    assert load_plain(entry.kubeconfig_text) == {"apiVersion": "v1", "clusters": [{"name": "lab"}]}
    assert "lab" not in repr(entry)


def test_a_kubeconfig_in_a_cell(folder: Path) -> None:
    """Quoted, with its lines; the next student's line is still right."""
    roster = csv(folder, f'student,kubeconfig\ns1,"{KUBECONFIG}"\ns2,kube.yaml\n')
    assert [entry.kubeconfig_text for entry in roster.entries] == [KUBECONFIG, None]
    assert [entry.line for entry in roster.entries] == [2, 7]


def test_attempts(folder: Path) -> None:
    """Counted in the order of the roster; what is said once holds for all of a student's."""
    roster = csv(
        folder,
        "student,name,evidence,deadline,extension\n"
        "s1,Student One,a.zip,2026-03-02 18:00,1d\ns2,,a.zip,,\ns1,,b.zip,,\ns3,Student Three,,,\n",
    )
    assert [(entry.student.id, entry.number, entry.line) for entry in roster.entries] == [
        ("s1", 1, 2),
        ("s2", 1, 3),
        ("s1", 2, 4),
    ]
    first, _, second = roster.entries
    assert second.student == first.student
    assert (second.deadline, second.extended_to) == (first.deadline, first.extended_to)
    assert first.extended_to == datetime(2026, 3, 3, 18, tzinfo=UTC)
    assert [student.name for student in roster.absent] == ["Student Three"]


def test_options_are_for_lines_that_say_none(folder: Path) -> None:
    """A deadline of all, and what all kubeconfigs may use; evidence uses nothing."""
    options = RosterOptions(deadline="2026-03-02T18:00Z", allow=frozenset({"proxy"}))
    text = "student,evidence,kubeconfig,deadline\ns1,,kube.yaml,\ns2,a.zip,,2026-03-03T18:00Z\n"
    first, second = csv(folder, text, options).entries
    assert first.allow == {"proxy"}
    assert not second.allow
    assert first.deadline == datetime(2026, 3, 2, 18, tzinfo=UTC)
    assert second.deadline == datetime(2026, 3, 3, 18, tzinfo=UTC)


def test_a_folder_is_a_roster(folder: Path) -> None:
    """Every zip is a student's; what is left out is said; links are not followed."""
    (folder / "학생 하나.ZIP").write_bytes(b"x")
    (folder / "link.zip").symlink_to(folder / "a.zip")
    (folder / "more").mkdir()
    (folder / ".DS_Store").write_bytes(b"x")
    roster = load_roster(folder)
    assert {entry.student.id: entry.evidence for entry in roster.entries} == {
        "a": folder / "a.zip",
        "b": folder / "b.zip",
        "학생 하나": folder / "학생 하나.ZIP",
    }
    assert roster.left_out == ("kube.yaml", "link.zip", "more", "theory.yaml")


def test_paths_begin_at_the_roster(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And hold in every other working folder: that of a worker is another one."""
    (folder / "lists").mkdir()
    (folder / "lists" / "roster.csv").write_text("student,evidence\ns1,../a.zip\n")
    monkeypatch.chdir(folder)
    (entry,) = load_roster(Path("lists/roster.csv")).entries
    assert entry.evidence is not None
    assert entry.evidence.is_absolute()
    assert entry.evidence.samefile("a.zip")
    assert load_roster(Path()).entries[0].evidence == Path("a.zip").absolute()


def test_answers_of_theory(folder: Path) -> None:
    """A sheet is a hand-in, too."""
    assert csv(folder, "student,answers\ns1,theory.yaml").entries[0].source == "answers"


def test_only_some(folder: Path) -> None:
    """Those who are named; a name that is not there is told."""
    roster = csv(folder, "student,evidence\ns1,a.zip\ns2,b.zip\ns1,b.zip\ns3,\n")
    assert [entry.line for entry in roster.only(["s1", "s3"]).entries] == [2, 4]
    assert roster.only(["s2"]).absent == ()
    with pytest.raises(UsageFault, match=r"--only 's4'.*there is: s1, s2, s3"):
        roster.only(["s4"])

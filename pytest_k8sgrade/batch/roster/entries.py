"""The rows of a roster as hand-ins, with everything that is wrong with them.

What is empty in one line of a student is taken from the student's other lines: the person's
names always, a deadline and an extension where a line has none of its own.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from pytest_k8sgrade.batch.entry import Entry
from pytest_k8sgrade.batch.roster.columns import HAND_IN, PERSON
from pytest_k8sgrade.batch.roster.ids import fault_of_id, fault_of_text, id_of
from pytest_k8sgrade.batch.roster.rows import Cell, Row
from pytest_k8sgrade.batch.roster.times import Clock
from pytest_k8sgrade.cluster.policy import PERMISSIONS
from pytest_k8sgrade.gradebook.attempt import Student
from pytest_k8sgrade.rubric.faults import Faults, quoted
from pytest_k8sgrade.rubric.suggest import choices

Value = TypeVar("Value")


@dataclass(slots=True)
class Reading:
    """How rows are read: `folder` is where relative paths begin, the rest is for rows that say none."""

    folder: Path
    faults: Faults
    clock: Clock = field(default_factory=Clock)
    deadline: datetime | None = None
    allow: frozenset[str] = frozenset()

    def noting(self, line: int, read: Callable[[], Value]) -> Value | None:
        """What `read` returns, or None after noting its ValueError."""
        try:
            return read()
        except ValueError as error:
            self.faults.add(line, str(error))
            return None


def entries_of(rows: Iterable[Row], reading: Reading) -> tuple[list[Entry], list[Student]]:
    """The hand-ins in the order of the rows, and the students who handed nothing in."""
    found: list[Entry] = []
    absent: list[Student] = []
    for student_id, theirs in _by_student(rows, reading.faults).items():
        student = _student(student_id, theirs, reading.faults)
        entries = [entry for row in theirs if (entry := _entry(row, student, theirs, reading))]
        found += [replace(entry, number=number) for number, entry in enumerate(entries, start=1)]
        if not entries:
            absent.append(student)
    return sorted(found, key=lambda entry: entry.line), absent


def _by_student(rows: Iterable[Row], faults: Faults) -> dict[str, list[Row]]:
    """The rows of each id; ids that one folder would hold for two students are a fault."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        if "student" in row.cells:
            found.setdefault(id_of(row.cells["student"].text), []).append(row)
        else:
            faults.add(row.line, "the id of the student is missing")
    first: dict[str, str] = {}
    for student_id, theirs in found.items():
        if wrong := fault_of_id(student_id):
            faults.add(theirs[0].line, wrong)
        twin = first.setdefault(unicodedata.normalize("NFKC", student_id).casefold(), student_id)
        if twin != student_id:
            other = f"{quoted(twin)} of line {found[twin][0].line}"
            faults.add(theirs[0].line, f"the ids {quoted(student_id)} and {other} differ too little")
    return found


def _student(student_id: str, rows: Sequence[Row], faults: Faults) -> Student:
    said: dict[str, Cell] = {}
    for row in rows:
        for column in PERSON:
            cell = row.cells.get(column)
            if cell is None:
                continue
            known = said.setdefault(column, cell)
            if known is cell and (wrong := fault_of_text(cell.text.strip(), column)):
                faults.add(cell.line, wrong)
            elif known.text.strip() != cell.text.strip():
                other = f"{quoted(known.text)} in line {known.line}"
                faults.add(cell.line, f"{column} of {student_id!r} is {quoted(cell.text)}, but {other}")
    return Student(id=student_id, **{column: cell.text.strip() for column, cell in said.items()})


def _entry(row: Row, student: Student, theirs: Sequence[Row], reading: Reading) -> Entry | None:
    """The hand-in of a row, or None where there is none, or one that is a fault."""
    handed_in = [(column, row.cells[column]) for column in HAND_IN if column in row.cells]
    if not handed_in:
        return None
    if len(handed_in) > 1:
        both = " and ".join(column for column, _ in handed_in)
        reading.faults.add(row.line, f"{both} are given; a line is one hand-in: leave one empty")
        return None
    column, cell = handed_in[0]
    if column != "kubeconfig" and "context" in row.cells:
        reading.faults.add(row.cells["context"].line, f"context is for a kubeconfig, not for {column}")
    deadline, extended_to = _until(row, theirs, reading)
    entry = Entry(
        student=student,
        context=row.cells["context"].text.strip() if "context" in row.cells else None,
        submitted=_time(row.cells.get("submitted"), reading),
        deadline=deadline,
        extended_to=extended_to,
        allow=_allowed(row, reading) if column == "kubeconfig" else frozenset(),
        line=row.line,
    )
    return _with_source(entry, column, cell, reading)


def _with_source(entry: Entry, column: str, cell: Cell, reading: Reading) -> Entry | None:
    if column == "kubeconfig" and _written_out(cell.text):
        if not _encodes(cell.text):
            reading.faults.add(cell.line, "kubeconfig: it has characters that are none (lone surrogates)")
            return None
        return replace(entry, kubeconfig_text=cell.text)
    path = _file(cell, column, reading)
    if path is None:
        return None
    if column == "kubeconfig":
        return replace(entry, kubeconfig=path)
    return replace(entry, evidence=path) if column == "evidence" else replace(entry, answers=path)


def _written_out(kubeconfig: str) -> bool:
    """Whether the text is a kubeconfig itself, not the path of one."""
    return "\n" in kubeconfig.strip() or kubeconfig.lstrip().startswith("{")


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _file(cell: Cell, column: str, reading: Reading) -> Path | None:
    written = cell.text.strip()
    with suppress(OSError, ValueError, RuntimeError):
        path = reading.folder / Path(written).expanduser()
        if path.is_file():
            return path
    where = f"from {str(reading.folder)!r}; leave the cell empty where nothing was handed in"
    reading.faults.add(cell.line, f"{column}: there is no file {quoted(written)}, {where}")
    return None


def _until(row: Row, theirs: Sequence[Row], reading: Reading) -> tuple[datetime | None, datetime | None]:
    """The deadline and until when it is extended."""
    said, extension = _shared("deadline", row, theirs), _shared("extension", row, theirs)
    deadline = _time(said, reading) if said else reading.deadline
    if extension is None or (said and deadline is None):
        return deadline, None
    read = reading.noting(extension.line, lambda: reading.clock.extended(deadline, extension.text))
    return deadline, read


def _shared(column: str, row: Row, theirs: Sequence[Row]) -> Cell | None:
    return next((one.cells[column] for one in (row, *theirs) if column in one.cells), None)


def _time(cell: Cell | None, reading: Reading) -> datetime | None:
    return reading.noting(cell.line, lambda: reading.clock.time(cell.text)) if cell else None


def _allowed(row: Row, reading: Reading) -> frozenset[str]:
    for name in _unknown(row.allow):
        reading.faults.add(row.line, f"allow: nothing is called {quoted(name)}; {choices(name, PERMISSIONS)}")
    return row.allow | reading.allow


def _unknown(names: Iterable[str]) -> Iterator[str]:
    return (name for name in sorted(names) if name not in PERMISSIONS)

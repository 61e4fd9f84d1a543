"""The marks as Moodle's gradebook imports them, in columns of its own export.

Moodle finds a student by the column that the teacher names: ID number (the id of the
roster), username or e-mail, with letter case. It keeps the student of the line before where
that cell is empty, so a column that some student lacks is left out. A mark that is not final
is `-`, which Moodle reads as no grade; an empty one becomes 0 in a new grade item.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator, Mapping

from pytest_k8sgrade.gradebook.attempt import Student
from pytest_k8sgrade.gradebook.cells import exact, free
from pytest_k8sgrade.gradebook.csv_files import Row, score
from pytest_k8sgrade.gradebook.model import ClassBook, StudentMark

_IDENTIFIERS: Mapping[str, Callable[[Student], str | None]] = {
    "Username": lambda student: student.username,
    "Email address": lambda student: student.email,
}
NO_GRADE = "-"


def incomplete(book: ClassBook) -> Iterator[tuple[str, int]]:
    """The columns that are left out, with the number of students who lack them."""
    for name, of in _IDENTIFIERS.items():
        missing = sum(not of(mark.student) for mark in book.students)
        if 0 < missing < len(book.students):
            yield name, missing


def rows(book: ClassBook, assignment: str) -> Iterator[Row]:
    """The file, grade and feedback together."""
    identifiers = {
        name: of for name, of in _IDENTIFIERS.items() if all(of(mark.student) for mark in book.students)
    }
    title = free(assignment)
    yield ("First name", "Last name", "ID number", *identifiers, f"{title} (Real)", f"{title} (Feedback)")
    for mark in book.students:
        student = mark.student
        yield (
            free(student.first_name or (None if student.last_name else student.name)),
            free(student.last_name),
            exact(student.id),
            *(exact(of(student)) for of in identifiers.values()),
            score(mark) or NO_GRADE,
            _feedback(mark),
        )


def _feedback(mark: StudentMark) -> str:
    """The arithmetic as a student reads it; Moodle shows it as HTML."""
    lines = [*(mark.attempt.lines if mark.attempt is not None else ()), *mark.lines]
    return free(html.escape(". ".join(line.text.rstrip(".") for line in lines), quote=False))

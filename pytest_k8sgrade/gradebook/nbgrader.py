"""The marks in the columns of nbgrader's export.

Times are UTC without a zone, as nbgrader writes them. What is lost for lateness is the
difference between `raw_score` and `score`; a mark that is not final has none of the three.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from pytest_k8sgrade.gradebook.cells import exact, free
from pytest_k8sgrade.gradebook.csv_files import Row, points
from pytest_k8sgrade.gradebook.model import ClassBook, StudentMark

COLUMNS = (
    "assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email", "raw_score",
    "late_submission_penalty", "score", "max_score",
)  # fmt: skip


def rows(book: ClassBook, assignment: str) -> Iterator[Row]:
    """The file."""
    yield COLUMNS
    for mark in book.students:
        student, attempt = mark.student, mark.attempt
        yield (
            free(assignment),
            _time(attempt.due if attempt is not None else None),
            _time(attempt.submitted if attempt is not None else None),
            exact(student.id),
            free(student.last_name),
            free(student.first_name or (None if student.last_name else student.name)),
            exact(student.email),
            *_scores(mark),
            points(mark.max_score),
        )


def _scores(mark: StudentMark) -> Row:
    if not mark.final:
        return ("", "", "")
    by_hand = mark.set_by_hand or mark.attempt is None
    raw = mark.score if by_hand or mark.attempt is None else mark.attempt.corrected.min
    return (points(raw), points(raw - mark.score), points(mark.score))


def _time(moment: datetime | None) -> str:
    return "" if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")

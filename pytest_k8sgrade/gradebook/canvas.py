"""The marks as Canvas imports them into a gradebook.

Canvas finds a student by `ID`, else by the SIS ids, else by the name. Where the roster has
none of its ids, the student's own id stands as the SIS User ID, and a name that
several students have gets the id behind it, so that Canvas asks instead of taking the first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from pytest_k8sgrade.gradebook.cells import exact, free
from pytest_k8sgrade.gradebook.csv_files import Row, points, score
from pytest_k8sgrade.gradebook.model import ClassBook, StudentMark

_TOTAL = "Points Possible"


def rows(book: ClassBook, assignment: str) -> Iterator[Row]:
    """The file; a mark that is not final is left empty."""
    names = Counter(mark.student.name for mark in book.students)
    yield ("Student", "ID", "SIS User ID", "SIS Login ID", "Section", free(assignment))
    yield (f"    {_TOTAL}", "", "", "", "", points(book.max_score))
    for mark in book.students:
        yield _row(mark, twice=names[mark.student.name] > 1)


def _row(mark: StudentMark, *, twice: bool) -> Row:
    student = mark.student
    known = bool(student.canvas_id or student.sis_user_id or student.sis_login_id)
    name = free(student.name)
    if not name or _TOTAL in name:  # which Canvas takes for the line of the totals
        name = exact(student.id)
    elif twice and not known:
        name = f"{name} ({student.id})"
    return (
        name,
        exact(student.canvas_id),
        exact(student.sis_user_id or ("" if known else student.id)),
        exact(student.sis_login_id),
        free(student.section),
        score(mark),
    )

"""The class as tables: `grades.csv` (a line a student) and `items.csv` (a line an item of an attempt).

Column names are the same in every language. A mark that is not final has no score there, but
the range that it ends in.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TypeAlias

from pytest_k8sgrade.grade.model import Told
from pytest_k8sgrade.gradebook.attempt import Attempt
from pytest_k8sgrade.gradebook.cells import exact, free
from pytest_k8sgrade.gradebook.model import AttemptMark, ClassBook, ItemMark, StudentMark
from pytest_k8sgrade.kube.times import format_time
from pytest_k8sgrade.reports.text import number
from pytest_k8sgrade.reports.write import replacing

Row: TypeAlias = Sequence[str]

GRADES = (
    "student", "name", "email", "group", "attempts", "counted_attempt", "submitted", "submitted_by", "due",
    "late_seconds", "graded", "corrected", "lost_for_lateness", "set_by_hand", "score", "lowest", "highest",
    "max_score", "percent", "passed", "ungraded_points", "ungraded_items", "notes",
)  # fmt: skip
ITEMS = (
    "student", "attempt", "counts", "group", "item", "title", "bonus", "required", "verdict", "points",
    "max_points", "graded_verdict", "graded_points", "overridden", "reason_id", "reason", "waited_seconds",
)  # fmt: skip
_RESULTS = {True: "yes", False: "no", None: "open"}


def write_csv(path: Path, rows: Iterable[Row], *, bom: bool = False) -> None:
    """Write a table row by row, in UTF-8; Excel needs a `bom` to know that."""
    encoding = "utf-8-sig" if bom else "utf-8"
    with replacing(path) as stream:
        text = io.TextIOWrapper(stream, encoding=encoding, newline="", write_through=True)
        csv.writer(text, lineterminator="\n").writerows(rows)
        text.detach()


def points(value: Decimal | None) -> str:
    """Points as a cell; nothing where there are none."""
    return "" if value is None else number(value)


def score(mark: StudentMark) -> str:
    """The mark, where it is final."""
    return points(mark.score) if mark.final else ""


def grades(book: ClassBook) -> Iterator[Row]:
    """One line a student, the items of the attempt that counts behind it."""
    items = [item.id for item in book.items]
    yield (*GRADES, *(f"item:{item}" for item in items))
    for mark in book.students:
        earned = {item.id: item for item in mark.attempt.items} if mark.attempt is not None else {}
        yield (*_grade(mark), *(_item(earned.get(item)) for item in items))


def _grade(mark: StudentMark) -> Iterator[str]:
    student = mark.student
    yield from (exact(student.id), free(student.name), exact(student.email), free(student.group))
    yield from (str(len(mark.attempts)), str(mark.counted or ""))
    yield from _steps(mark.attempt)
    ends = mark.score_range
    yield "yes" if mark.set_by_hand else ""
    yield from (score(mark), points(ends.min), points(ends.max), points(mark.max_score))
    yield from (points(mark.percent), _RESULTS[mark.passed])
    yield from (points(mark.ungraded_points), str(mark.ungraded_items))
    yield free(" / ".join(told.text for told in _notes(mark)))


def _notes(mark: StudentMark) -> Iterator[Told]:
    """Why nothing could be graded, what is odd about the hand-in, and what to look at."""
    if mark.attempt is not None and mark.attempt.problem is not None:
        yield mark.attempt.problem
    yield from mark.attempt.warnings if mark.attempt is not None else ()
    yield from mark.flags


def _steps(attempt: AttemptMark | None) -> Row:
    """From the grade to what is left of it; nothing where a step is open."""
    if attempt is None:
        return [""] * 7
    graded, corrected, worth = attempt.graded, attempt.corrected, attempt.score_range
    closed = corrected.min == corrected.max and not attempt.set_by_hand
    return (
        _time(attempt.submitted),
        attempt.submitted_by,
        _time(attempt.due),
        "" if attempt.late_s is None else f"{attempt.late_s:.0f}",
        points(graded.min) if graded.min == graded.max else "",
        points(corrected.min) if corrected.min == corrected.max else "",
        points(corrected.min - worth.min) if closed else "",
    )


def _item(item: ItemMark | None) -> str:
    """Points of an item; nothing where it is ungraded or not in the total."""
    return "" if item is None or item.verdict in ("ungraded", "skipped", "waived") else points(item.points)


def items(book: ClassBook, attempts: Iterable[Attempt]) -> Iterator[Row]:
    """One line an item of every attempt, in the order in which the attempts come."""
    marks = {mark.student.id: mark for mark in book.students}
    yield ITEMS
    for attempt in attempts:
        mark = marks[attempt.student.id]
        marked = next(one for one in mark.attempts if one.number == attempt.number)
        for item, now in zip(attempt.items, marked.items, strict=True):
            yield (
                exact(attempt.student.id),
                str(attempt.number),
                "yes" if mark.counted == attempt.number else "",
                item.group,
                item.id,
                free(item.title),
                "yes" if item.bonus else "",
                "yes" if item.required else "",
                now.verdict,
                "" if now.verdict == "ungraded" else points(now.points),
                points(item.max_points),
                item.verdict,
                "" if item.verdict == "ungraded" else points(item.points),
                "yes" if now.overridden else "",
                item.reason.id if item.reason is not None else "",
                free(item.reason.text) if item.reason is not None else "",
                f"{item.waited_s:g}",
            )


def _time(moment: datetime | None) -> str:
    return "" if moment is None else format_time(moment)

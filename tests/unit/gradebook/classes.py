"""A small rubric, attempts at it, and the book of a class, for the tests of the gradebook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, cast

from pytest_k8sgrade.grade import arithmetic
from pytest_k8sgrade.grade.model import ScoreRange, Told, Verdict
from pytest_k8sgrade.gradebook.attempt import Attempt, AttemptItem, Student
from pytest_k8sgrade.gradebook.build import build_class
from pytest_k8sgrade.gradebook.model import ClassBook, Override, StudentMark
from pytest_k8sgrade.gradebook.overrides import parse_overrides
from pytest_k8sgrade.rubric.load import LoadedRubric, digest_of
from pytest_k8sgrade.rubric.model import Item, Rubric
from pytest_k8sgrade.rubric.policy import Policy
from pytest_k8sgrade.rubric.validation import parse

DUE = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
TITLES = {"en": "A lab", "ko": "실습"}

ITEMS: tuple[Mapping[str, Any], ...] = (
    {"id": "base", "points": 40, "required": True},
    {"id": "scaled", "points": 35},
    {"id": "synced", "points": 25},
    {"id": "extra", "points": 10, "bonus": True},
)


def lab(*items: Mapping[str, Any], mark: str | float = "60%", **keys: Any) -> LoadedRubric:
    """A rubric of the items, 100 points without more ado."""
    lines = [{"check": "own.check", "level": "effect", **item} for item in items or ITEMS]
    data = {"k8sgrade": 1, "id": "lab", "title": TITLES, "pass_mark": mark, **keys}
    data["groups"] = [{"id": "all", "title": {"en": "All", "ko": "전체"}, "items": lines}]
    rubric = parse(Rubric, data)
    return LoadedRubric(rubric=rubric, checks={}, digest=digest_of(rubric), pack=cast("Any", None))


LAB = lab()


def attempt(
    student: str | Student = "s001",
    number: int = 1,
    *,
    late: timedelta | None = timedelta(0),
    of: LoadedRubric = LAB,
    found: Mapping[str, Any] | None = None,
    **fields: Any,
) -> Attempt:
    """An attempt; `found` are verdicts, or points, of items that are not passed.

    It is handed in `late` after the deadline, or at a time that nobody knows.
    """
    who = student if isinstance(student, Student) else Student(id=student, name=f"Student {student}")
    items = tuple(_item(item, (found or {}).get(item.id, "passed")) for item in of.rubric.items)
    lines = [
        arithmetic.Line(item.id, item.verdict, item.points, item.max_points, item.bonus, item.required)
        for item in items
    ]
    sums = arithmetic.total(lines, of.rubric.pass_mark)
    known = late is not None
    values: dict[str, Any] = {
        "student": who,
        "number": number,
        "source": "cluster",
        "origin": f"{who.id}.yaml",
        "folder": f"students/{who.id}/{number}",
        "rubric_digest": of.digest,
        "submitted": DUE + late if late is not None else DUE + 9 * DAY,
        "submitted_by": "roster" if known else "grading",
        "deadline": DUE,
        "score": sums.score,
        "max_score": sums.max_score,
        "ungraded_points": sums.ungraded,
        "score_range": ScoreRange(min=sums.lowest, max=sums.highest),
        "pass_mark": str(of.rubric.pass_mark),
        "passed": sums.passed,
        "exit_code": 0,
        "items": items,
    }
    return Attempt(**{**values, **fields})


def refused(student: str, reason: str = "kubeconfig-refused", **fields: Any) -> Attempt:
    """An attempt that could not be graded at all."""
    found = {item.id: "ungraded" for item in LAB.rubric.items}
    told = Told(id=reason, text=f"{reason}: a text")
    return attempt(student, found=found, problem=told, **fields)


def _item(item: Item, found: Verdict | float) -> AttemptItem:
    if isinstance(found, (int, float)):
        verdict: Verdict = "partial"
        earned = Decimal(str(found))
    else:
        verdict = found
        earned = item.points if found == "passed" else Decimal(0)
    reason = None if verdict == "passed" else Told(id="pod-absent", text=f"The pod of {item.id} is absent.")
    return AttemptItem(
        id=item.id,
        group="all",
        title=f"Item {item.id}",
        verdict=verdict,
        points=earned,
        max_points=item.points,
        bonus=item.bonus,
        required=item.required,
        reason=reason,
        waited_s=1.5,
    )


def policy(**keys: Any) -> Policy:
    """A policy as a rubric writes it; `late` is a mapping of its keys."""
    return parse(Policy, keys)


def late(**keys: Any) -> Policy:
    """A policy about lateness alone."""
    return policy(late=keys)


def override(student: str = "s001", **fields: Any) -> Override:
    """An override with a reason, of the whole mark without `item`."""
    values = {"reason": "The room was down", "by": "Instructor", "at": DUE + DAY}
    return Override(**{"student": student, **values, **fields})


def overrides(
    text: str, students: Mapping[str, int] | None = None, of: LoadedRubric = LAB
) -> Sequence[Override]:
    """The overrides of a file's lines."""
    known = {"s001": 2, "s002": 1, "s003": 0} if students is None else students
    return parse_overrides(f"k8sgrade_overrides: 1\n{text}".encode(), "overrides.yaml", of.rubric, known)


def book(*attempts: Attempt, of: LoadedRubric = LAB, **keys: Any) -> ClassBook:
    """The book of the attempts."""
    return build_class(attempts, of, **keys)


def only(*attempts: Attempt, **keys: Any) -> StudentMark:
    """The mark of the one student of a class."""
    (mark,) = book(*attempts, **keys).students
    return mark


def said(mark: StudentMark) -> list[str]:
    """The ids of all lines of a student, the attempts' first."""
    return [line.id for attempt in mark.attempts for line in attempt.lines] + [line.id for line in mark.lines]

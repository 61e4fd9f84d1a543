"""A class for the tests of its page: of any size, with everything that a page has to show."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from pytest_k8sgrade.grade.model import RubricRef, ScoreRange, Told
from pytest_k8sgrade.gradebook.attempt import Student
from pytest_k8sgrade.gradebook.model import (
    AttemptMark,
    Bin,
    ClassBook,
    GroupTitle,
    ItemStatistics,
    Override,
    Problem,
    ReasonCount,
    Shared,
    Slow,
    StudentMark,
    Summary,
)
from pytest_k8sgrade.rubric.policy import Policy

DUE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HUNDRED = Decimal(100)


def points(low: int, high: int | None = None) -> ScoreRange:
    """A range of points, closed without the second."""
    return ScoreRange(min=Decimal(low), max=Decimal(low if high is None else high))


def attempt(student: str, number: int, worth: ScoreRange, **changes: Any) -> AttemptMark:
    """A hand-in two hours after the deadline."""
    fields: dict[str, Any] = {
        "number": number,
        "source": "cluster",
        "origin": "https://192.0.2.1:6443",
        "folder": f"students/{student}/{number}",
        "submitted": DUE + timedelta(hours=2),
        "submitted_by": "roster",
        "due": DUE,
        "late_s": 7200.0,
        "graded": worth,
        "corrected": worth,
        "score_range": worth,
        "max_score": HUNDRED,
        "ungraded_points": worth.max - worth.min,
        "passed": None if worth.min < 60 <= worth.max else worth.min >= 60,
        "lines": (Told(id="late", text="2h late: 5% of 80 points, 80 - 4 = 76"),),
    }
    return AttemptMark(**fields | changes)


def student_mark(student: Student, worth: ScoreRange, **changes: Any) -> StudentMark:
    """The mark of one attempt; more of them as `attempts`."""
    final = worth.min == worth.max
    fields: dict[str, Any] = {
        "student": student,
        "counted": 1,
        "score": worth.min,
        "max_score": HUNDRED,
        "score_range": worth,
        "percent": worth.min if final else None,
        "ungraded_points": worth.max - worth.min,
        "ungraded_items": 0 if final else 3,
        "passed": None if worth.min < 60 <= worth.max else worth.min >= 60,
        "lines": (Told(id="best", text="The best of 1 attempt counts: attempt 1."),),
        "attempts": (attempt(student.id, 1, worth),),
    }
    return StudentMark(**fields | changes)


def statistics(name: str, share: float | None, **changes: Any) -> ItemStatistics:
    """An item of a class."""
    fields: dict[str, Any] = {
        "id": name,
        "group": "hpa",
        "title": f"The title of {name}",
        "max_points": Decimal(5),
        "verdicts": {"passed": 7, "failed": 2, "blocked": 1},
        "share": share,
        "ungraded": 0,
        "reasons": (ReasonCount(id="hpa-not-active", text="The HPA reads no metrics.", students=2),),
        "median_wait_s": 12.5,
    }
    return ItemStatistics(**fields | changes)


def marks_of(count: int) -> tuple[StudentMark, ...]:
    """Students s001, s002, …; every eleventh has an open mark, every seventh was late."""
    marks = []
    for at in range(1, count + 1):
        student = Student(id=f"s{at:03}", name=f"Student {at}", group=f"team {at % 4}")
        low = (at * 37) % 101
        worth = points(low, min(100, low + 12)) if at % 11 == 0 else points(low)
        late = at % 7 == 0
        attempts = [attempt(student.id, number, worth) for number in range(1, 3 if late else 2)]
        marks.append(student_mark(student, worth, late=late, attempts=tuple(attempts)))
    return tuple(marks)


def class_book(count: int = 12, **changes: Any) -> ClassBook:
    """A class of that many, with something of every kind."""
    marks = marks_of(count)
    final = [mark for mark in marks if mark.final]
    fields: dict[str, Any] = {
        "tool_version": "0.1.0",
        "language": "en",
        "rubric": RubricRef(id="lab1", version="1", digest="sha256:0", title="Build the operations stack"),
        "pass_mark": "60%",
        "policy": Policy(),
        "policy_lines": (Told(id="policy-best", text="The best attempt counts."),),
        "made": DUE + timedelta(days=1),
        "max_score": HUNDRED,
        "summary": Summary(
            students=count,
            absent=0,
            attempts=sum(len(mark.attempts) for mark in marks),
            passed=sum(mark.passed is True for mark in marks),
            failed=sum(mark.passed is False for mark in marks),
            undecided=sum(mark.passed is None for mark in marks),
            final=len(final),
            open=count - len(final),
            late=sum(mark.late for mark in marks),
            overridden=1,
            mean=Decimal("61.5"),
            median=Decimal(64),
            lowest=Decimal(0),
            highest=HUNDRED,
        ),
        "distribution": tuple(
            Bin(
                low=low,
                high=low + 10,
                students=sum(low <= mark.score < low + 10 + (low == 90) for mark in final),
            )
            for low in range(0, 100, 10)
        ),
        "groups": (GroupTitle(id="hpa", title="Autoscaling"),),
        "items": (
            statistics("easy", 0.95),
            statistics("hard", 0.2, required=True),
            statistics("doubtful", 0.5, ungraded=4, doubtful=True, verdicts={"passed": 3, "ungraded": 4}),
            statistics("dark", None, ungraded=1, verdicts={"ungraded": 1}, reasons=()),
        ),
        "shared": (
            Shared(kind="cluster", key="6f1c0d2e", students=("s001", "s002"), same_group=False),
            Shared(kind="evidence", key="sha256:1a2b", students=("s003", "s004"), same_group=True),
        ),
        "slowest": (Slow(student="s005", attempt=1, duration_s=185.2, item="hard", waited_s=120.0),),
        "problems": (Problem(id="kubeconfig-refused", text="A refused kubeconfig.", students=("s006",)),),
        "notes": (Told(id="note", text="One mark is left empty in the files for Canvas."),),
        "overrides": (
            Override(student="s001", item="hard", points=Decimal(5), reason="Seen on paper", by="A", at=DUE),
        ),
        "students": marks,
    }
    return ClassBook(**fields | changes)

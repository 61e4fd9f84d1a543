"""What lateness costs, and that a doubt about time costs nothing."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.unit.gradebook.classes import DAY, DUE, MINUTE, attempt, late, only, said

DAILY: dict[str, Any] = {"minus": "10%", "every": "1d", "grace": "15m"}


@pytest.mark.parametrize(
    ("after", "keys", "left"),
    [
        (timedelta(0), DAILY, 100),
        (-DAY, DAILY, 100),
        (15 * MINUTE, DAILY, 100),
        (16 * MINUTE, DAILY, 90),
        (DAY, DAILY, 90),
        (DAY + MINUTE, DAILY, 80),
        (20 * DAY, DAILY, 0),
        (20 * DAY, {**DAILY, "at_most": "50%"}, 50),
        (20 * DAY, {**DAILY, "at_most": 12.5}, 87.5),
        (9 * DAY, {"minus": "20%"}, 80),
        (9 * DAY, {"minus": 7}, 93),
        (2 * DAY, {"minus": 0.5, "every": "1h"}, 76),
        (7 * DAY, {**DAILY, "closes": "7d"}, 30),
        (7 * DAY + MINUTE, {**DAILY, "closes": "7d"}, 0),
        (9 * DAY, {"closes": "30d"}, 100),
    ],
)
def test_a_full_score_after_lateness(after: timedelta, keys: dict[str, Any], left: float) -> None:
    """Periods that have begun since the deadline, grace, bounds and the end of acceptance."""
    mark = only(attempt(late=after), policy=late(**keys))
    assert mark.score_range.min == mark.score_range.max == Decimal(str(left))


@pytest.mark.parametrize(("of", "left"), [("earned", 45), ("total", 40)])
def test_a_share_is_of_what_was_earned_or_of_the_total(of: str, left: int) -> None:
    """Ten per cent of 50 points are 5, ten of the hundred there are 10."""
    half = attempt(late=MINUTE, found={"base": 30, "scaled": "failed", "synced": 20, "extra": "failed"})
    assert only(half, policy=late(minus="10%", of=of)).score == left


def test_what_is_ungraded_stays_open_through_lateness() -> None:
    """A tenth is lost at both ends of the range, and no percentage is told."""
    mark = only(
        attempt(late=MINUTE, found={"scaled": "ungraded", "extra": "failed"}), policy=late(minus="10%")
    )
    assert [mark.score_range.min, mark.score_range.max] == [Decimal("58.5"), 90]
    assert [mark.percent, mark.passed, mark.ungraded_points] == [None, None, 35]
    assert "loss-open" in said(mark)
    assert "mark-open" in said(mark)


def test_a_mark_below_the_pass_mark_is_not_rounded_up_to_it() -> None:
    """59.998768 points are 59.99 where 60 are needed."""
    found = {"scaled": "failed", "extra": "failed", "base": "passed", "synced": 24.99}
    mark = only(attempt(late=MINUTE, found=found), policy=late(minus=4.99))
    assert [mark.score, mark.passed] == [60, True]
    mark = only(attempt(late=MINUTE, found=found), policy=late(minus="7.68%"))
    assert mark.score == Decimal("59.99")
    assert mark.passed is False


def test_a_loss_is_rounded_once() -> None:
    """Three times 3.33 % of 12.35 are 1.233765: 11.116235 are left, which is 11.12."""
    found = {"base": 12.35, "scaled": "failed", "synced": "failed", "extra": "failed"}
    mark = only(attempt(late=3 * DAY, found=found), policy=late(minus="3.33%", every="1d"))
    assert mark.score == Decimal("11.12")


def test_nobody_loses_points_because_of_the_time_of_grading() -> None:
    """The grader came a week after the deadline; the student may have been in time."""
    mark = only(attempt(late=None), policy=late(**DAILY))
    assert mark.score == 100
    assert mark.attempts[0].late_s is None
    assert [flag.id for flag in mark.flags] == ["unknown-time"]


def test_a_time_that_the_evidence_tells_counts_and_is_said() -> None:
    """Whoever reads the mark knows where the time is from."""
    mark = only(attempt(late=MINUTE, submitted_by="evidence"), policy=late(minus="10%"))
    assert mark.score == 90
    assert [flag.id for flag in mark.flags] == ["evidence-time"]


def test_an_extension_only_gives_time() -> None:
    """One that ends before the deadline changes nothing."""
    rules = late(minus="10%")
    assert only(attempt(late=DAY, extended_to=DUE + DAY), policy=rules).score == 100
    assert only(attempt(late=timedelta(0), extended_to=DUE - DAY), policy=rules).score == 100


def test_without_a_policy_lateness_is_told_and_costs_nothing() -> None:
    """It is for the instructor to decide."""
    mark = only(attempt(late=DAY))
    assert [mark.score, mark.late] == [100, True]
    assert "late-free" in said(mark)


def test_without_a_deadline_nothing_is_said_about_time() -> None:
    """No line speaks of a deadline that there is none of."""
    mark = only(attempt(late=DAY, deadline=None), policy=late(minus="10%"))
    assert said(mark) == ["graded", "mark", "passed"]


def test_a_closed_attempt_is_not_passed_and_not_open() -> None:
    """What came too late counts 0, also where parts of it could not be graded."""
    mark = only(attempt(late=9 * DAY, found={"scaled": "ungraded"}), policy=late(closes="7d"))
    assert [mark.score, mark.passed, mark.final] == [0, False, True]
    assert mark.attempts[0].closed
    assert [mark.attempts[0].ungraded_points, mark.ungraded_points] == [0, 0]

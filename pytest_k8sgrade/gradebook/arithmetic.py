"""The arithmetic of marks: lateness, and which of several attempts counts. Pure, over decimals.

The laws, each a property test:

* Lateness takes away, never below 0 and never gives. A loss is rounded once, with the
  rule of a grade (`grade.arithmetic.rounded`): what is below the pass mark stays below it.
* A range goes through every step by its two ends, so what is ungraded stays open.
* The best attempt is never worse than the latest. A range whose attempts are all settled is a point.
* The order in which attempts arrive does not matter.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from math import ceil
from typing import Literal

from pytest_k8sgrade.grade.arithmetic import ZERO, rounded
from pytest_k8sgrade.rubric.fields import PassMark
from pytest_k8sgrade.rubric.policy import Late

Timeliness = Literal["unknown", "in-time", "in-grace", "late", "closed"]


@dataclass(frozen=True, slots=True)
class Range:
    """The least and the most that points may end in."""

    low: Decimal
    high: Decimal

    @property
    def open(self) -> bool:
        """Whether they may still move."""
        return self.low != self.high


def due(deadline: datetime | None, extended_to: datetime | None) -> datetime | None:
    """When a hand-in was due: an extension only ever gives time."""
    known = [time for time in (deadline, extended_to) if time is not None]
    return max(known) if known else None


def lateness(submitted: datetime | None, deadline: datetime | None) -> float | None:
    """Seconds after the deadline, 0 when in time; None where either is unknown."""
    if submitted is None or deadline is None:
        return None
    return max(0.0, (submitted - deadline).total_seconds())


def timeliness(late_s: float | None, late: Late | None) -> Timeliness:
    """What a lateness means under a policy."""
    if late_s is None:
        return "unknown"
    if late_s == 0:
        return "in-time"
    if late is not None and late.closes is not None and late_s > late.closes:
        return "closed"
    return "in-grace" if late is not None and late_s <= late.grace else "late"


def periods(late_s: float, late: Late) -> int:
    """How often a loss is due: once for each period that has begun since the deadline."""
    return 1 if late.every is None else ceil(late_s / late.every)


def share_of(amount: PassMark, whole: Decimal) -> Decimal:
    """The points that an amount means: itself, or a share of a whole; unrounded."""
    return amount.value if amount.unit == "points" else whole * amount.value / 100


def after_lateness(points: Decimal, late_s: float, late: Late, total: Decimal, needed: Decimal) -> Decimal:
    """What is left of the points of a hand-in that is late and neither in grace nor closed."""
    if late.minus is None:
        return points
    whole = points if late.of == "earned" else total
    loss = periods(late_s, late) * share_of(late.minus, whole)
    if late.at_most is not None:
        loss = min(loss, share_of(late.at_most, whole))
    return rounded(max(ZERO, points - loss), needed)


@dataclass(frozen=True, slots=True)
class Candidate:
    """An attempt as the choice sees it. `submitted` is None where only the grader knows a time."""

    number: int
    points: Range
    passed: bool | None
    submitted: datetime | None
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Chosen:
    """The mark of the attempts: the one that counts, or is ahead, and those that may overtake it."""

    counted: int
    points: Range
    passed: bool | None
    may_overtake: tuple[int, ...] = ()


def choose(candidates: Iterable[Candidate], rule: Literal["best", "latest"]) -> Chosen:
    """The mark by a rule; attempts that came too late count only where there is no other."""
    every = sorted(candidates, key=lambda one: one.number)
    accepted = [one for one in every if not one.closed] or every
    return _best(accepted) if rule == "best" else _latest(accepted)


def _latest(accepted: Sequence[Candidate]) -> Chosen:
    """By the time of handing in where all are known, else in the order of the roster."""
    times = [one.submitted for one in accepted]
    known = [time for time in times if time is not None]
    in_time = zip(known, accepted, strict=True) if len(known) == len(times) else None
    last = max(in_time, key=lambda pair: (pair[0], pair[1].number))[1] if in_time else accepted[-1]
    return Chosen(last.number, last.points, last.passed)


def _best(accepted: Sequence[Candidate]) -> Chosen:
    """The most points; who has passed once has passed, whichever attempt has more points."""
    ahead = max(accepted, key=_rank)
    points = Range(ahead.points.low, max(one.points.high for one in accepted))
    overtaking = tuple(
        one.number for one in accepted if one is not ahead and one.points.high > ahead.points.low
    )
    results = {one.passed for one in accepted}
    passed = True if True in results else None if None in results else False
    return Chosen(ahead.number, points, passed, overtaking)


def _rank(one: Candidate) -> tuple[Decimal, int, Decimal, int]:
    """More points first, then passed before open before not, then the earlier one."""
    decided = {True: 2, None: 1, False: 0}[one.passed]
    return one.points.low, decided, one.points.high, -one.number

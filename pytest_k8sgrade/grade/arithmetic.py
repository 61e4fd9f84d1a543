"""The arithmetic of a grade: pure functions over decimals.

The laws, each a property test:

* An item's points lie between 0 and its maximum. Only `passed` earns the maximum: a
  `partial` one stays at least a hundredth below it, however small the missing part.
* Rounding is half up to two decimals, done once for an item's points and once for a
  per cent figure; sums are sums of rounded points. What is below a limit is not
  rounded up to it.
* The total counts every item but bonus, waived and skipped ones. The score is what
  was earned, bonus included, and never more than the total: bonus makes up for lost
  points and does nothing else.
* `ungraded` items stay in the total and earn nothing yet. The score may still end
  anywhere from the score to the score plus all ungraded points, at most the total.
* The rubric is passed when the score reaches the pass mark and every required item is
  passed. `passed` is True when that holds at the lower end, with every ungraded item
  lost; False when it does not hold even at the upper end; otherwise None.
* A skipped required item leaves `passed` at None at best. A total of 0 is None.
* The order of the items does not matter.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal

from pytest_k8sgrade.grade.model import Verdict
from pytest_k8sgrade.outcome import Part
from pytest_k8sgrade.rubric.fields import PassMark

CENT = Decimal("0.01")
ZERO = Decimal(0)
HUNDRED = Decimal(100)

OUT_OF_TOTAL: frozenset[Verdict] = frozenset({"skipped", "waived"})


@dataclass(frozen=True, slots=True)
class Line:
    """What the arithmetic needs to know of one item; `points` are those earned."""

    id: str
    verdict: Verdict
    points: Decimal
    max_points: Decimal
    bonus: bool = False
    required: bool = False


@dataclass(frozen=True, slots=True)
class Total:
    """All sums of a grade and the decision."""

    score: Decimal
    max_score: Decimal
    ungraded: Decimal
    lowest: Decimal
    highest: Decimal
    percent: Decimal | None
    bonus: Decimal
    skipped: Decimal
    waived: Decimal
    pass_points: Decimal
    passed: bool | None
    missing_required: tuple[str, ...]


def rounded(value: Decimal, *limits: Decimal) -> Decimal:
    """A value to two decimals, half up; one that is below a limit stays below it."""
    result = value.quantize(CENT, ROUND_HALF_UP)
    for limit in limits:
        if value < limit <= result:
            result = limit.quantize(CENT, ROUND_CEILING) - CENT
    return result


def points_of(verdict: Verdict, parts: Sequence[Part], max_points: Decimal) -> Decimal:
    """The points that a verdict earns."""
    if verdict == "passed":
        return max_points
    if verdict != "partial":
        return ZERO
    total = sum((_weight(part) for part in parts), ZERO)
    met = sum((_weight(part) for part in parts if part.met), ZERO)
    if not total:
        return ZERO
    return max(ZERO, min(rounded(max_points * met / total), max_points - CENT))


def total(lines: Iterable[Line], mark: PassMark) -> Total:
    """The sums and the decision for all items of a rubric."""
    every = tuple(lines)
    counted = [line for line in every if line.verdict not in OUT_OF_TOTAL]
    max_score = sum((line.max_points for line in counted if not line.bonus), ZERO)
    earned = sum((line.points for line in counted), ZERO)
    ungraded = _sum_max(line for line in counted if line.verdict == "ungraded")
    lowest, highest = min(earned, max_score), min(earned + ungraded, max_score)
    needed = pass_points(mark, max_score)
    return Total(
        score=lowest,
        max_score=max_score,
        ungraded=ungraded,
        lowest=lowest,
        highest=highest,
        percent=percent(lowest, max_score, needed) if lowest == highest else None,
        bonus=sum((line.points for line in counted if line.bonus), ZERO),
        skipped=_sum_max(line for line in every if line.verdict == "skipped"),
        waived=_sum_max(line for line in every if line.verdict == "waived"),
        pass_points=needed,
        passed=decide(every, lowest >= needed, highest >= needed) if max_score else None,
        missing_required=tuple(line.id for line in every if line.required and _lacks(line)),
    )


def pass_points(mark: PassMark, max_score: Decimal) -> Decimal:
    """The least score, in hundredths, that reaches the pass mark."""
    exact = mark.value if mark.unit == "points" else max_score * mark.value / HUNDRED
    return exact.quantize(CENT, ROUND_CEILING)


def percent(score: Decimal, max_score: Decimal, needed: Decimal) -> Decimal | None:
    """The score in per cent of the total; not rounded up to 100 or to the pass mark."""
    if not max_score:
        return None
    return rounded(score / max_score * HUNDRED, needed / max_score * HUNDRED, HUNDRED)


def decide(lines: Sequence[Line], low_reaches: bool, high_reaches: bool) -> bool | None:
    """Whether the rubric is passed, given whether the pass mark is reached at both ends of the range."""
    required = [line.verdict for line in lines if line.required and _lacks(line)]
    open_ = ("ungraded", "skipped")
    if not high_reaches or any(verdict not in open_ for verdict in required):
        return False
    return True if low_reaches and not required else None


def _weight(part: Part) -> Decimal:
    return Decimal(str(part.weight)) if math.isfinite(part.weight) and part.weight > 0 else ZERO


def _sum_max(lines: Iterable[Line]) -> Decimal:
    return sum((line.max_points for line in lines), ZERO)


def _lacks(line: Line) -> bool:
    return line.verdict not in ("passed", "waived")

"""The laws of the arithmetic, on any rubric and any outcome."""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_k8sgrade.grade.arithmetic import CENT, Line, pass_points, percent, points_of, rounded, total
from pytest_k8sgrade.grade.model import Verdict
from pytest_k8sgrade.outcome import Part
from pytest_k8sgrade.rubric.fields import PassMark

VERDICTS: tuple[Verdict, ...] = ("passed", "partial", "failed", "blocked", "ungraded", "skipped", "waived")

points = st.integers(0, 2000).map(lambda cents: Decimal(cents) / 100)
weights = st.one_of(st.floats(0.001, 100), st.integers(1, 10).map(float))
parts = st.lists(st.builds(Part, id=st.just("part"), met=st.booleans(), weight=weights), max_size=8)
marks = st.one_of(
    st.integers(1, 10000).map(lambda cents: PassMark(value=Decimal(cents) / 100, unit="percent")),
    st.integers(1, 5000).map(lambda cents: PassMark(value=Decimal(cents) / 100, unit="points")),
)


@st.composite
def lines(draw: st.DrawFn) -> Line:
    """Any item with any end; bonus items are never required, as the rubric's model says."""
    verdict = draw(st.sampled_from(VERDICTS))
    most = draw(points)
    bonus = draw(st.booleans())
    return Line(
        id=draw(st.text("abc", min_size=1, max_size=3)),
        verdict=verdict,
        points=points_of(verdict, draw(parts), most),
        max_points=most,
        bonus=bonus,
        required=not bonus and draw(st.booleans()),
    )


rubrics = st.lists(lines(), min_size=1, max_size=8)


@given(verdict=st.sampled_from(VERDICTS), of=parts, most=points)
def test_points_stay_between_nothing_and_the_maximum(verdict: Verdict, of: list[Part], most: Decimal) -> None:
    """An item never earns less than 0 or more than its points, in hundredths."""
    earned = points_of(verdict, of, most)
    assert 0 <= earned <= most
    assert earned == earned.quantize(CENT)


@given(of=parts, most=points.filter(bool))
def test_a_partial_item_is_never_full(of: list[Part], most: Decimal) -> None:
    """However small the missing part, a partial item stays below its maximum."""
    assert points_of("partial", of, most) < most


def test_a_near_miss_is_a_hundredth_short() -> None:
    """A missing part of a millionth costs the least there is."""
    near = [Part("big", met=True, weight=1_000_000), Part("small", met=False, weight=1)]
    assert points_of("partial", near, Decimal(10)) == Decimal("9.99")


def test_parts_are_rounded_half_up() -> None:
    """One of eight equal parts of a point is 0.13, not 0.12."""
    eighth = [Part(str(index), met=index == 0) for index in range(8)]
    assert points_of("partial", eighth, Decimal(1)) == Decimal("0.13")


@pytest.mark.parametrize("weight", [float("nan"), float("inf"), 0.0, -1.0])
def test_a_broken_weight_earns_nothing(weight: float) -> None:
    """A check's nonsense weight neither crashes the grade nor earns points."""
    of = [Part("odd", met=True, weight=weight), Part("fair", met=False)]
    assert points_of("partial", of, Decimal(10)) == 0


@given(rubric=rubrics, mark=marks)
def test_the_score_stays_within_the_total(rubric: list[Line], mark: PassMark) -> None:
    """Not even bonus lifts a score above the total, and the range holds the score."""
    sums = total(rubric, mark)
    assert 0 <= sums.score <= sums.max_score
    assert sums.score == sums.lowest <= sums.highest <= sums.max_score
    assert sums.percent is None or 0 <= sums.percent <= 100


@given(rubric=rubrics, mark=marks, seed=st.randoms())
def test_the_order_of_the_items_does_not_matter(
    rubric: list[Line], mark: PassMark, seed: random.Random
) -> None:
    """A shuffled rubric has the same sums and the same decision."""
    shuffled = list(rubric)
    seed.shuffle(shuffled)
    one, other = total(rubric, mark), total(shuffled, mark)
    assert replace(one, missing_required=()) == replace(other, missing_required=())
    assert sorted(one.missing_required) == sorted(other.missing_required)


@given(rubric=rubrics, mark=marks)
def test_waived_and_skipped_items_change_nothing_but_their_own_sums(
    rubric: list[Line], mark: PassMark
) -> None:
    """Out of the total means out of the score, the range and the percentage."""
    rest = [line for line in rubric if line.verdict not in ("waived", "skipped")]
    one, other = total(rubric, mark), total(rest, mark)
    assert (one.score, one.max_score, one.highest) == (other.score, other.max_score, other.highest)
    assert one.percent == other.percent


@given(rubric=rubrics, mark=marks)
def test_ungraded_points_are_never_silently_lost(rubric: list[Line], mark: PassMark) -> None:
    """What is ungraded is in the total, in the range, and told."""
    sums = total(rubric, mark)
    open_points = sum((line.max_points for line in rubric if line.verdict == "ungraded"), Decimal(0))
    assert sums.ungraded == open_points
    assert sums.highest == min(sums.max_score, sum((x.points for x in _counted(rubric)), open_points))
    if sums.lowest != sums.highest:
        assert sums.percent is None


@given(rubric=st.lists(lines(), min_size=1, max_size=5), mark=marks)
def test_the_decision_is_that_of_every_way_to_end(rubric: list[Line], mark: PassMark) -> None:
    """Passed or not is said only when no outcome of the ungraded items could say otherwise."""
    said = total(rubric, mark).passed
    ends = {total(end, mark).passed for end in _ends(rubric)}
    if said is not None:
        assert ends == {said}
    elif not any(line.required and line.verdict == "skipped" for line in rubric) and ends != {None}:
        assert ends == {True, False}


def _ends(rubric: list[Line]) -> list[list[Line]]:
    options = [
        [replace(line, verdict="passed", points=line.max_points), replace(line, verdict="failed")]
        if line.verdict == "ungraded"
        else [line]
        for line in rubric
    ]
    return [list(end) for end in product(*options)]


def _counted(rubric: list[Line]) -> list[Line]:
    return [line for line in rubric if line.verdict not in ("waived", "skipped")]


@given(rubric=rubrics, mark=marks)
def test_no_pass_without_the_required_items(rubric: list[Line], mark: PassMark) -> None:
    """A required item that is lost keeps the rubric from being passed, whatever the score."""
    lost = [x for x in rubric if x.required and x.verdict in ("failed", "partial", "blocked")]
    if lost:
        sums = total(rubric, mark)
        assert sums.passed is not True
        assert {line.id for line in lost} <= set(sums.missing_required)


def test_a_skipped_required_item_leaves_the_decision_open() -> None:
    """Full marks in the rest do not pass a rubric whose required active check nobody asked for."""
    rest = Line("rest", "passed", Decimal(10), Decimal(10))
    load = Line("load", "skipped", Decimal(0), Decimal(5), required=True)
    assert total([rest, load], PassMark(value=Decimal(60), unit="percent")).passed is None


def test_nothing_that_counts_decides_nothing() -> None:
    """A rubric whose every item is waived is neither passed nor failed."""
    waived = Line("only", "waived", Decimal(0), Decimal(10))
    sums = total([waived], PassMark(value=Decimal(60), unit="percent"))
    assert (sums.passed, sums.percent, sums.waived) == (None, None, Decimal(10))


def test_bonus_makes_up_for_lost_points_only() -> None:
    """Five lost and seven of bonus are full marks, not more."""
    lines_ = [
        Line("base", "partial", Decimal(15), Decimal(20)),
        Line("extra", "passed", Decimal(7), Decimal(7), bonus=True),
    ]
    sums = total(lines_, PassMark(value=Decimal(60), unit="percent"))
    assert (sums.score, sums.max_score, sums.bonus) == (Decimal(20), Decimal(20), Decimal(7))


@given(score=points, most=points.filter(bool), mark=marks)
def test_a_percentage_never_rounds_up_to_a_pass(score: Decimal, most: Decimal, mark: PassMark) -> None:
    """Who is below the pass mark, or below full marks, reads a number below it."""
    needed = pass_points(mark, most)
    shown = percent(min(score, most), most, needed)
    assert shown is not None
    if score < needed and mark.unit == "percent":
        assert shown < mark.value or needed > most * mark.value / 100
    if score < most:
        assert shown < 100


@given(most=points.filter(bool), mark=marks, score=points)
def test_pass_points_decide_as_the_exact_mark_does(most: Decimal, mark: PassMark, score: Decimal) -> None:
    """Rounding the needed points up to hundredths changes no decision, for scores are hundredths."""
    exact = mark.value if mark.unit == "points" else most * mark.value / 100
    assert (score >= pass_points(mark, most)) == (score >= exact)


def test_rounding_keeps_below_a_limit_between_hundredths() -> None:
    """66.666 stays below a limit of 66.6667: it becomes 66.66, not 66.67."""
    assert rounded(Decimal("66.666"), Decimal("66.6667")) == Decimal("66.66")

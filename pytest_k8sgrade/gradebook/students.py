"""The mark of a student from the marks of the attempts, with the lines that tell it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypedDict

from pytest_k8sgrade.grade import arithmetic as grades
from pytest_k8sgrade.grade.model import ScoreRange, Told
from pytest_k8sgrade.gradebook import arithmetic
from pytest_k8sgrade.gradebook.arithmetic import Chosen, Range
from pytest_k8sgrade.gradebook.attempt import Student
from pytest_k8sgrade.gradebook.lines import Teller, Value, told_by
from pytest_k8sgrade.gradebook.marking import Marked
from pytest_k8sgrade.gradebook.model import AttemptMark, Override, StudentMark
from pytest_k8sgrade.gradebook.overrides import of_student
from pytest_k8sgrade.rubric.fields import PassMark
from pytest_k8sgrade.rubric.policy import Policy


@dataclass(frozen=True, slots=True)
class _Standing:
    """What a student has so far; `needed` are the points from which on the rubric is passed."""

    points: Range
    most: Decimal
    needed: Decimal
    passed: bool | None
    ungraded: Decimal = grades.ZERO
    ungraded_items: int = 0
    may_overtake: tuple[int, ...] = ()
    missing: tuple[str, ...] = ()
    missing_titles: tuple[str, ...] = ()


class StudentMarking:
    """Marks students under one policy; `max_score` is the total of who handed in nothing."""

    def __init__(self, pass_mark: PassMark, policy: Policy, teller: Teller, max_score: Decimal) -> None:
        self._pass_mark = pass_mark
        self._policy = policy
        self._tell = teller
        self._max_score = max_score

    def present(
        self,
        student: Student,
        attempts: Iterable[Marked],
        overrides: Sequence[Override],
        flags: Iterable[Told] = (),
    ) -> StudentMark:
        """The mark of a student with at least one attempt."""
        every = sorted(attempts, key=lambda one: one.mark.number)
        chosen = arithmetic.choose((one.candidate for one in every), self._policy.attempts)
        counted = next(one for one in every if one.mark.number == chosen.counted)
        marks = tuple(one.mark for one in every)
        standing = _standing(chosen, counted, marks)
        whole = of_student(overrides)
        final = self._whole(standing, whole)
        return StudentMark(
            student=student,
            counted=chosen.counted,
            late=bool(counted.mark.late_s),
            overridden=whole is not None or _touched(counted.mark),
            set_by_hand=whole is not None or counted.mark.set_by_hand,
            lines=(*self._choice(chosen, marks), *self._set(whole), *self._result(final)),
            flags=(*flags, *self._flags(counted.mark)),
            attempts=marks,
            **_values(final),
        )

    def absent(self, student: Student, overrides: Sequence[Override]) -> StudentMark:
        """The mark of a student who handed in nothing: open, unless the policy makes it 0."""
        zero = self._policy.absent == "zero"
        high = grades.ZERO if zero else self._max_score
        needed = grades.pass_points(self._pass_mark, self._max_score)
        passed = False if zero else None
        standing = _Standing(Range(grades.ZERO, high), self._max_score, needed, passed, ungraded=high)
        whole = of_student(overrides)
        final = self._whole(standing, whole)
        line = self._tell("absent-zero" if zero else "absent")
        return StudentMark(
            student=student,
            absent=True,
            counted=None,
            overridden=whole is not None,
            set_by_hand=whole is not None,
            lines=(line, *self._set(whole), *self._result(final)),
            **_values(final),
        )

    def _whole(self, standing: _Standing, whole: Override | None) -> _Standing:
        """The standing after a whole mark was set for the student: it is decided by its points alone."""
        if whole is None:
            return standing
        passed = whole.points >= standing.needed if standing.most else None
        return _Standing(Range(whole.points, whole.points), standing.most, standing.needed, passed)

    def _set(self, whole: Override | None) -> Iterator[Told]:
        if whole is not None:
            yield self._tell("mark-override", **told_by(whole))

    def _choice(self, chosen: Chosen, attempts: Sequence[AttemptMark]) -> Iterator[Told]:
        closed = _numbers(one.number for one in attempts if one.closed)
        if len(attempts) > 1:
            values: dict[str, Value] = {"count": len(attempts), "number": chosen.counted}
            if chosen.may_overtake:
                yield self._tell("best-open", others=_numbers(chosen.may_overtake), **values)
            else:
                yield self._tell(self._policy.attempts, **values)
            if closed and len(closed) < len(attempts):
                yield self._tell("too-late", numbers=closed)
        counted = next(one for one in attempts if one.number == chosen.counted)
        if chosen.passed and not counted.passed:
            yield self._tell("passed-by-other")

    def _result(self, standing: _Standing) -> Iterator[Told]:
        points, most, share = standing.points, standing.most, _percent(standing)
        if points.open:
            yield self._tell("mark-open", low=points.low, high=points.high, max=most)
        elif share is None:
            yield self._tell("mark-bare", points=points.low, max=most)
        else:
            yield self._tell("mark", points=points.low, max=most, percent=share)
        mark = str(self._pass_mark)
        if standing.passed is False and standing.missing:
            titles = tuple(f"“{title}”" for title in standing.missing_titles)
            yield self._tell("failed-required", mark=mark, items=standing.missing, titles=titles)
            return
        yield self._tell({True: "passed", False: "failed", None: "undecided"}[standing.passed], mark=mark)

    def _flags(self, counted: AttemptMark) -> Iterator[Told]:
        if counted.due is None or self._policy.late is None:
            return
        if counted.late_s is None:
            yield self._tell("unknown-time")
        elif counted.submitted_by == "evidence":
            yield self._tell("evidence-time")


def _standing(chosen: Chosen, counted: Marked, marks: Sequence[AttemptMark]) -> _Standing:
    """Before anything is set by hand; what is open is told of an attempt that is open."""
    contenders = {chosen.counted, *chosen.may_overtake}
    unfinished = [one for one in marks if one.number in contenders and one.ungraded_points]
    told = counted.mark if counted.mark in unfinished or not unfinished else unfinished[0]
    return _Standing(
        points=chosen.points,
        most=counted.mark.max_score,
        needed=counted.needed,
        passed=chosen.passed,
        ungraded=told.ungraded_points,
        ungraded_items=sum(item.verdict == "ungraded" for item in told.items),
        may_overtake=chosen.may_overtake,
        missing=counted.mark.missing_required,
        missing_titles=counted.missing,
    )


class _Values(TypedDict):
    score: Decimal
    max_score: Decimal
    score_range: ScoreRange
    percent: Decimal | None
    ungraded_points: Decimal
    ungraded_items: int
    passed: bool | None
    may_overtake: tuple[int, ...]


def _values(standing: _Standing) -> _Values:
    return {
        "score": standing.points.low,
        "max_score": standing.most,
        "score_range": ScoreRange(min=standing.points.low, max=standing.points.high),
        "percent": _percent(standing),
        "ungraded_points": standing.ungraded,
        "ungraded_items": standing.ungraded_items,
        "passed": standing.passed,
        "may_overtake": standing.may_overtake,
    }


def _percent(standing: _Standing) -> Decimal | None:
    points = standing.points
    return None if points.open else grades.percent(points.low, standing.most, standing.needed)


def _touched(mark: AttemptMark) -> bool:
    """Whether anything of the attempt was set by hand."""
    return mark.set_by_hand or any(item.overridden for item in mark.items)


def _numbers(numbers: Iterable[int]) -> tuple[str, ...]:
    return tuple(str(number) for number in numbers)

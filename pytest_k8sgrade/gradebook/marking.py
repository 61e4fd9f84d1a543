"""One attempt from its grade to what it is worth: overrides of items, lateness, whole mark.

Each step is a range and a line that tells it.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from pytest_k8sgrade.grade import arithmetic as grades
from pytest_k8sgrade.grade.model import ScoreRange, Told, Verdict
from pytest_k8sgrade.gradebook import arithmetic
from pytest_k8sgrade.gradebook.arithmetic import Candidate, Range
from pytest_k8sgrade.gradebook.attempt import Attempt, AttemptItem
from pytest_k8sgrade.gradebook.lines import Amount, Teller, Value, span, told_by
from pytest_k8sgrade.gradebook.model import AttemptMark, ItemMark, Override
from pytest_k8sgrade.gradebook.overrides import of_attempt
from pytest_k8sgrade.rubric.fields import PassMark
from pytest_k8sgrade.rubric.policy import Late, Policy


@dataclass(frozen=True, slots=True)
class Marked:
    """An attempt with its mark.

    `needed` are the points from which on it is passed, `missing` the titles of required items
    that are not.
    """

    mark: AttemptMark
    candidate: Candidate
    needed: Decimal
    missing: tuple[str, ...]


class Marking:
    """Marks attempts under one policy."""

    def __init__(self, pass_mark: PassMark, policy: Policy, teller: Teller) -> None:
        self._pass_mark = pass_mark
        self._late = policy.late
        self._tell = teller

    def mark(self, attempt: Attempt, overrides: Sequence[Override]) -> Marked:
        """What the attempt is worth; `overrides` are all of its student."""
        return _Course(attempt, overrides, self._pass_mark, self._late, self._tell).marked()


class _Course:
    """The steps of one attempt, in their order."""

    def __init__(
        self,
        attempt: Attempt,
        overrides: Sequence[Override],
        pass_mark: PassMark,
        late: Late | None,
        teller: Teller,
    ) -> None:
        self._attempt = attempt
        self._items, self._whole = of_attempt(overrides, attempt.number)
        self._late = late
        self._tell = teller
        self._lines: list[Told] = []
        self._graded = grades.total([_line(item, None) for item in attempt.items], pass_mark)
        self._rows = [_line(item, self._items.get(item.id)) for item in attempt.items]
        self._total = grades.total(self._rows, pass_mark)
        self._due = arithmetic.due(attempt.deadline, attempt.extended_to)
        self._late_s = arithmetic.lateness(self._submitted, self._due)

    def marked(self) -> Marked:
        self._tell_graded()
        corrected = Range(self._total.lowest, self._total.highest)
        self._tell_corrections(corrected)
        timeliness = arithmetic.timeliness(self._late_s, self._late)
        worth = self._lateness(timeliness, corrected)
        passed = self._passed(worth)
        if self._whole is not None:
            worth = Range(self._whole.points, self._whole.points)
            passed = worth.low >= self._total.pass_points if self._total.max_score else None
            self._lines.append(self._tell("attempt-override", **told_by(self._whole)))
        closed = timeliness == "closed" and self._whole is None
        mark = self._mark(corrected, worth, passed, closed=closed)
        candidate = Candidate(self._attempt.number, worth, passed, self._submitted, closed)
        titles = {item.id: item.title for item in self._attempt.items}
        missing = tuple(titles[name] for name in self._total.missing_required)
        return Marked(mark, candidate, self._total.pass_points, missing)

    @property
    def _submitted(self) -> datetime | None:
        """The time that somebody knows: that of the grading says nothing about the student."""
        return None if self._attempt.submitted_by == "grading" else self._attempt.submitted

    def _passed(self, worth: Range) -> bool | None:
        if not self._total.max_score:
            return None
        needed = self._total.pass_points
        return grades.decide(self._rows, worth.low >= needed, worth.high >= needed)

    def _lateness(self, timeliness: arithmetic.Timeliness, corrected: Range) -> Range:
        late, late_s = self._late, self._late_s
        if self._due is None:
            return corrected
        times: dict[str, Value] = {"due": self._due, **({"late": span(late_s)} if late_s else {})}
        if timeliness == "closed" and late is not None and late.closes is not None:
            self._lines.append(self._tell("late-closed", closes=span(late.closes), **times))
            return Range(grades.ZERO, grades.ZERO)
        if timeliness == "in-grace" and late is not None:
            self._lines.append(self._tell("in-grace", grace=span(late.grace), **times))
            return corrected
        if timeliness == "late" and late is not None and late.minus is not None and late_s is not None:
            return self._lost(corrected, late, late_s)
        name = {"unknown": "late-unknown", "in-time": "in-time"}.get(timeliness, "late-free")
        self._lines.append(self._tell(name, **times))
        return corrected

    def _lost(self, points: Range, late: Late, late_s: float) -> Range:
        assert late.minus is not None
        assert self._due is not None
        rest = (self._total.max_score, self._total.pass_points)
        low, high = (arithmetic.after_lateness(end, late_s, late, *rest) for end in (points.low, points.high))
        minus = Amount(late.minus, late.of)
        self._lines.append(self._tell("late", due=self._due, late=span(late_s)))
        if late.every is None:
            self._lines.append(self._tell("loss-once", minus=minus))
        else:
            count = arithmetic.periods(late_s, late)
            self._lines.append(self._tell("loss-periods", minus=minus, every=span(late.every), count=count))
        if late.at_most is not None:
            self._lines.append(self._tell("loss-bounded", most=Amount(late.at_most, late.of)))
        losses = {"loss_low": points.low - low, "loss_high": points.high - high}
        if points.open:
            self._lines.append(self._tell("loss-open", low=low, high=high, **losses))
        else:
            self._lines.append(self._tell("loss", loss=losses["loss_low"], points=low))
        return Range(low, high)

    def _tell_graded(self) -> None:
        total = self._graded
        if self._attempt.problem is not None:
            self._lines.append(self._tell("problem", why=self._attempt.problem.text))
        ends = {"points": total.lowest, "max": total.max_score}
        if total.lowest == total.highest:
            self._lines.append(self._tell("graded", **ends))
            return
        rest = {"open": total.ungraded, "low": total.lowest, "high": total.highest}
        self._lines.append(self._tell("graded-open", **ends, **rest))

    def _tell_corrections(self, corrected: Range) -> None:
        told = list(self._corrections())
        if not told:
            return
        most = self._total.max_score
        ends = {"low": corrected.low, "high": corrected.high, "max": most}
        after = (
            self._tell("corrected-open", **ends)
            if corrected.open
            else self._tell("corrected", points=corrected.low, max=most)
        )
        self._lines += [*told, after]

    def _corrections(self) -> Iterator[Told]:
        for item in self._attempt.items:
            override = self._items.get(item.id)
            if override is None:
                continue
            values = {"title": item.title, "item": item.id, **told_by(override)}
            if item.verdict in grades.OUT_OF_TOTAL:
                yield self._tell("item-idle", **values)
            elif item.verdict == "ungraded":
                yield self._tell("item-closed", **values)
            else:
                yield self._tell("item-override", was=item.points, **values)

    def _mark(self, corrected: Range, worth: Range, passed: bool | None, *, closed: bool) -> AttemptMark:
        attempt, total = self._attempt, self._total
        return AttemptMark(
            number=attempt.number,
            source=attempt.source,
            origin=attempt.origin,
            folder=attempt.folder,
            submitted=attempt.submitted,
            submitted_by=attempt.submitted_by,
            due=self._due,
            late_s=self._late_s,
            closed=closed,
            set_by_hand=self._whole is not None,
            graded=_ends(Range(self._graded.lowest, self._graded.highest)),
            corrected=_ends(corrected),
            score_range=_ends(worth),
            max_score=total.max_score,
            ungraded_points=total.ungraded if worth.open else grades.ZERO,
            passed=passed,
            missing_required=total.missing_required,
            lines=tuple(self._lines),
            problem=attempt.problem,
            warnings=attempt.warnings,
            finished=attempt.finished,
            duration_s=attempt.duration_s,
            peak_bytes=attempt.peak_bytes,
            cluster_uid=attempt.cluster_uid,
            context=attempt.context,
            server_version=attempt.server_version,
            evidence_digest=attempt.evidence_digest,
            items=tuple(self._item_marks()),
        )

    def _item_marks(self) -> Iterator[ItemMark]:
        for item, row in zip(self._attempt.items, self._rows, strict=True):
            overridden = item.id in self._items and item.verdict not in grades.OUT_OF_TOTAL
            reason = None if item.reason is None else item.reason.id
            yield _item_mark(item.id, row.verdict, row.points, reason, item.waited_s, overridden)


_item_mark = functools.lru_cache(maxsize=20_000)(ItemMark)
"""Most students have most items in common: one object stands for all of them."""


def _line(item: AttemptItem, override: Override | None) -> grades.Line:
    """The item as the arithmetic knows it, with the points that the instructor set."""
    counts = override is not None and item.verdict not in grades.OUT_OF_TOTAL
    points = override.points if override is not None and counts else item.points
    return grades.Line(
        id=item.id,
        verdict=_verdict_of(points, item.max_points) if counts else item.verdict,
        points=points,
        max_points=item.max_points,
        bonus=item.bonus,
        required=item.required,
    )


def _verdict_of(points: Decimal, most: Decimal) -> Verdict:
    if points == most:
        return "passed"
    return "partial" if points else "failed"


def _ends(points: Range) -> ScoreRange:
    return ScoreRange(min=points.low, max=points.high)

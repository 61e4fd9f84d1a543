"""From what each item ended with to the grade.

`run` calls `build_grade` once, after the rounds. Points and the decision come from
`grade.arithmetic`, texts from the catalogue of the run's language.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from pytest_k8sgrade.grade import arithmetic
from pytest_k8sgrade.grade.model import (
    Grade,
    GradedGroup,
    GradedItem,
    GradedPart,
    RubricRef,
    ScoreRange,
    Subject,
    TimelinePoint,
    Told,
    Verdict,
)
from pytest_k8sgrade.grade.values import clean, json_safe
from pytest_k8sgrade.outcome import JsonValue, Observation, Part, Reason
from pytest_k8sgrade.rubric.model import Group, HintLevel, Item, Rubric
from pytest_k8sgrade.rubric.variables import fill_placeholders


class Words(Protocol):
    """The texts of one language, as `locale.messages.Catalogue` has them."""

    @property
    def language(self) -> str:
        """`en` or `ko`."""

    def text(self, reason: Reason) -> str:
        """The reason as one sentence."""

    def hint(self, reason: Reason, level: HintLevel) -> str | None:
        """What to look at next."""


@dataclass(frozen=True, slots=True)
class Change:
    """A look that found something else than the look before; `at_s` in seconds since the start."""

    at_s: float
    observation: Observation


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemResult:
    """What an item ended with.

    `observation` is that of the final look; its reason says why the item is failed,
    partial or ungraded. `blocked_by` is the id of the need whose failure kept the item
    from being looked at. Where the need could not be graded, neither is the item: its
    reason is `need-ungraded` with the need's id as `needs`. An item taken out of the
    run by the person who started it is `ungraded` with the reason `deselected`.
    """

    item: str
    verdict: Verdict
    observation: Observation = field(default_factory=lambda: Observation("waiting"))
    waited_s: float = 0.0
    held_s: float = 0.0
    timeline: tuple[Change, ...] = ()
    blocked_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What the grade says of the run itself.

    `titles` are the items' titles by id, in the run's language and with the
    parameters filled in; `values` the resolved variables of the rubric.
    """

    digest: str
    tool_version: str
    subject: Subject
    titles: Mapping[str, str]
    values: Mapping[str, JsonValue] = field(default_factory=dict)
    started: datetime | None = None
    finished: datetime | None = None


def build_grade(
    rubric: Rubric, results: Iterable[ItemResult], run: Run, words: Words, hint_level: HintLevel
) -> Grade:
    """The grade of a run; `results` has exactly one entry for each item, in any order.

    Raises `ValueError` when an item has no result or a result no item: both are faults
    of the run, and neither may cost or give points.
    """
    by_id = _by_id(rubric, results)
    teller = _Teller(rubric, run, words, hint_level)
    items = tuple(teller.item(group, item, by_id) for group in rubric.groups for item in group.items)
    sums = arithmetic.total([_line(item) for item in items], rubric.pass_mark)
    return Grade(
        tool_version=run.tool_version,
        language=words.language,
        rubric=RubricRef(
            id=rubric.id,
            version=rubric.version,
            digest=run.digest,
            title=rubric.title.of(words.language),
        ),
        subject=run.subject,
        started=run.started,
        finished=run.finished,
        score=sums.score,
        max_score=sums.max_score,
        ungraded_points=sums.ungraded,
        score_range=ScoreRange(min=sums.lowest, max=sums.highest),
        percent=sums.percent,
        bonus_points=sums.bonus,
        skipped_points=sums.skipped,
        waived_points=sums.waived,
        pass_mark=str(rubric.pass_mark),
        pass_points=sums.pass_points,
        passed=sums.passed,
        missing_required=sums.missing_required,
        groups=tuple(_group(group, items, words.language) for group in rubric.groups),
        items=items,
    )


def root_cause(item: str, results: Mapping[str, ItemResult]) -> str | None:
    """The item at the end of the chain of needs that kept an item from being looked at."""
    seen: set[str] = set()
    cause = _obstacle(results[item])
    while cause is not None and cause not in seen:
        seen.add(cause)
        further = _obstacle(results[cause])
        if further is None:
            return cause
        cause = further
    return cause


def _obstacle(result: ItemResult) -> str | None:
    """The need that stood in the way: it failed, or it could not be graded."""
    reason = result.observation.reason
    if reason is not None and reason.id == "need-ungraded":
        return str(reason.params["needs"])
    return result.blocked_by


@dataclass(frozen=True, slots=True)
class _Teller:
    """Puts items into words: reasons, hints and titles of one run in one language."""

    rubric: Rubric
    run: Run
    words: Words
    hint_level: HintLevel

    def item(self, group: Group, item: Item, results: Mapping[str, ItemResult]) -> GradedItem:
        result = results[item.id]
        verdict = result.verdict
        cause = root_cause(item.id, results)
        reason = self._reason(item, result, cause)
        observation = result.observation
        return GradedItem(
            id=item.id,
            check=item.check,
            group=group.id,
            title=self.run.titles.get(item.id, item.id),
            level=item.level,
            verdict=verdict,
            points=arithmetic.points_of(verdict, observation.parts, item.points),
            max_points=item.points,
            bonus=item.bonus,
            required=item.required,
            active=item.active,
            visibility=item.visibility,
            reason=self._told(reason),
            hint=self._hint(item, verdict, reason),
            seen=json_safe(observation.seen),
            wanted=json_safe(observation.wanted),
            parts=tuple(self._part(part) for part in observation.parts),
            needs=item.needs,
            blocked_by=cause,
            timeline=tuple(self._change(change) for change in result.timeline),
            waited_s=round(result.waited_s, 1),
            held_s=round(result.held_s, 1),
            traceback=clean(observation.traceback, 20_000) if observation.traceback else None,
        )

    def _reason(self, item: Item, result: ItemResult, cause: str | None) -> Reason | None:
        if result.verdict == "passed":
            return None
        if result.verdict == "waived" and item.waived:
            return Reason("waived", {"why": item.waived.of(self.words.language)})
        if cause is not None:
            return Reason(
                "need-ungraded" if result.verdict == "ungraded" else "need-failed", {"needs": cause}
            )
        if result.verdict == "skipped" and result.observation.reason is None:
            return Reason("active-not-asked", {"name": item.active})
        return result.observation.reason

    def _hint(self, item: Item, verdict: Verdict, reason: Reason | None) -> str | None:
        if verdict in ("passed", "blocked", "skipped", "waived") or reason is None:
            return None
        own = item.hint(reason.id, self.hint_level, self.words.language) if verdict != "ungraded" else None
        if own is not None:
            return fill_placeholders(own, {**self.run.values, **self._parameters(item)})
        return self.words.hint(self._spoken(reason), self.hint_level)

    def _parameters(self, item: Item) -> dict[str, JsonValue]:
        """The item's parameters with what is known of the variables put in."""
        values = self.run.values
        return {
            name: fill_placeholders(value, values) if isinstance(value, str) else value
            for name, value in item.with_.items()
        }

    def _told(self, reason: Reason | None) -> Told | None:
        if reason is None:
            return None
        params = {str(name): json_safe(value) for name, value in reason.params.items()}
        text = self.words.text(self._spoken(Reason(reason.id, params)))
        return Told(id=clean(reason.id), params=params, text=clean(text))

    def _spoken(self, reason: Reason) -> Reason:
        """Another item is told by its title; the parameter keeps its id, whatever the language."""
        if reason.id not in ("need-failed", "need-ungraded"):
            return reason
        need = str(reason.params["needs"])
        return Reason(reason.id, {"needs": f"“{self.run.titles.get(need, need)}”"})

    def _part(self, part: Part) -> GradedPart:
        return GradedPart(
            id=part.id,
            met=part.met,
            weight=part.weight if math.isfinite(part.weight) else 0.0,
            reason=self._told(part.reason),
            seen=json_safe(part.seen),
            wanted=json_safe(part.wanted),
        )

    def _change(self, change: Change) -> TimelinePoint:
        observation = change.observation
        return TimelinePoint(
            at_s=round(change.at_s, 1),
            status=observation.status,
            reason=self._told(observation.reason),
            seen=json_safe(observation.seen),
        )


def _by_id(rubric: Rubric, results: Iterable[ItemResult]) -> dict[str, ItemResult]:
    by_id: dict[str, ItemResult] = {}
    for result in results:
        if result.item in by_id:
            raise ValueError(f"two results for the item {result.item}")
        by_id[result.item] = result
    difference = by_id.keys() ^ rubric.by_id.keys()
    if difference:
        raise ValueError(f"results and items of the rubric differ: {', '.join(sorted(difference))}")
    return by_id


def _line(item: GradedItem) -> arithmetic.Line:
    return arithmetic.Line(
        id=item.id,
        verdict=item.verdict,
        points=item.points,
        max_points=item.max_points,
        bonus=item.bonus,
        required=item.required,
    )


def _group(group: Group, items: Sequence[GradedItem], language: str) -> GradedGroup:
    counted = [
        item for item in items if item.group == group.id and item.verdict not in arithmetic.OUT_OF_TOTAL
    ]
    return GradedGroup(
        id=group.id,
        title=group.title.of(language),
        points=sum((item.points for item in counted), Decimal(0)),
        max_points=sum((item.max_points for item in counted if not item.bonus), Decimal(0)),
        ungraded_points=sum((item.max_points for item in counted if item.verdict == "ungraded"), Decimal(0)),
    )

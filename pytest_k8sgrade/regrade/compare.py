"""Two grades of one piece of evidence side by side: which items differ, and in what.

Pure; `regrade.run` calls it with the grades that the engine gave.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from pytest_k8sgrade.grade.model import Grade, GradedItem
from pytest_k8sgrade.regrade.differences import changed_keys
from pytest_k8sgrade.regrade.model import (
    Cause,
    Direction,
    ItemChange,
    ItemMark,
    Mark,
    MissingRead,
    RubricChange,
)


def mark_of(grade: Grade) -> Mark:
    """The mark of a grade."""
    return Mark(
        score=grade.score,
        max_score=grade.max_score,
        score_range=grade.score_range,
        percent=grade.percent,
        ungraded_points=grade.ungraded_points,
        ungraded_items=sum(item.verdict == "ungraded" for item in grade.items),
        passed=grade.passed,
    )


def direction(old: Mark | None, new: Mark, changes: Sequence[ItemChange]) -> Direction:
    """Where the mark went, by shares of the total, for the rubrics may have other totals.

    Undecided where there is no old mark, or where open points hide which is higher.
    """
    if old is None:
        return "undecided"
    if old == new and not changes:
        return "same"
    before, after = _shares(old), _shares(new)
    if after[0] > before[1]:
        return "higher"
    if after[1] < before[0]:
        return "lower"
    return "same" if before == after and before[0] == before[1] else "undecided"


def _shares(mark: Mark) -> tuple[Decimal, Decimal]:
    """The least and the greatest share of the total that the mark may end in."""
    total = mark.max_score or Decimal(1)
    return mark.score_range.min / total, mark.score_range.max / total


def item_changes(old: Grade, new: Grade, rubric: tuple[RubricChange, ...]) -> tuple[ItemChange, ...]:
    """The items that differ, in the new rubric's order, removed ones last."""
    before = {item.id: item for item in old.items}
    after = {item.id: item for item in new.items}
    found = []
    for item in [*new.items, *(item for item in old.items if item.id not in after)]:
        one, other = before.get(item.id), after.get(item.id)
        causes = _causes(one, other)
        if causes:
            change = ItemChange(
                id=item.id,
                title=item.title,
                causes=causes,
                rubric=changed_keys(rubric, item.id),
                old=_item_mark(one),
                new=_item_mark(other),
            )
            found.append(change)
    return tuple(found)


def missing_reads(grade: Grade) -> tuple[MissingRead, ...]:
    """The items that are ungraded because the evidence lacks what they ask, each with the path."""
    return tuple(
        MissingRead(item=item.id, title=item.title, path=str(item.reason.params.get("path", "")))
        for item in grade.items
        if item.verdict == "ungraded" and item.reason is not None and item.reason.id == "not-recorded"
    )


def _causes(old: GradedItem | None, new: GradedItem | None) -> tuple[Cause, ...]:
    if old is None or new is None:
        return ("added",) if old is None else ("removed",)
    causes: list[Cause] = []
    if old.verdict != new.verdict:
        causes.append("verdict")
    if (old.points, old.max_points) != (new.points, new.max_points):
        causes.append("points")
    if _why(old) != _why(new):
        causes.append("reason")
    return tuple(causes)


def _why(item: GradedItem) -> tuple[object, ...]:
    parts = tuple((part.id, part.met) for part in item.parts)
    return (item.reason.id, item.reason.params, parts) if item.reason else (None, {}, parts)


def _item_mark(item: GradedItem | None) -> ItemMark | None:
    if item is None:
        return None
    return ItemMark(verdict=item.verdict, points=item.points, max_points=item.max_points, reason=item.reason)

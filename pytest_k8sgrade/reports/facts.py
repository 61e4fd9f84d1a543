"""What every report for people says of a grade, whatever it looks like there.

No points are computed here but sums of what the grade tells of its items, and nothing is laid out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from pytest_k8sgrade.grade.model import Grade, GradedGroup, GradedItem, Verdict
from pytest_k8sgrade.reports.labels import Labels
from pytest_k8sgrade.reports.text import number

SIGNS: Mapping[Verdict, str] = {
    "passed": "✓",
    "partial": "~",
    "failed": "✗",
    "blocked": "-",
    "ungraded": "?",
    "skipped": "-",
    "waived": "-",
}
"""A sign for each verdict, one cell wide, in East Asian fonts too."""

RESULTS: Mapping[bool | None, str] = {True: "passed", False: "failed", None: "undecided"}
"""The word for what was decided."""


class FirstItem(NamedTuple):
    """Where to begin, and the points of the items that wait for it."""

    item: GradedItem
    points: Decimal


def first_item(grade: Grade) -> FirstItem | None:
    """The item that keeps the most points from being looked at; None where none does."""
    waiting: Counter[str] = Counter()
    for item in grade.items:
        if item.verdict == "blocked" and item.blocked_by is not None:
            waiting[item.blocked_by] += int(item.max_points * 100)
    if not waiting:
        return None
    (root, cents), *_ = waiting.most_common(1)
    return FirstItem(next(item for item in grade.items if item.id == root), Decimal(cents) / 100)


def open_reasons(grade: Grade) -> list[list[GradedItem]]:
    """The ungraded items by the reason at the root, the item that has it of its own first.

    Each reason once: an unreachable cluster is one thing to tell, not thirty.
    """
    open_items = [item for item in grade.items if item.verdict == "ungraded"]
    by_id = {item.id: item for item in open_items}
    reasons: dict[str, list[GradedItem]] = {}
    for item in sorted(open_items, key=lambda item: item.blocked_by is not None):
        root = by_id.get(item.blocked_by or "", item)
        reasons.setdefault(root.reason.text if root.reason else "", []).append(item)
    return list(reasons.values())


def pass_mark(grade: Grade, label: Labels) -> str:
    """The pass mark, in points as well where it is a percentage."""
    points = number(grade.pass_points)
    if grade.pass_mark.endswith("%"):
        return label("mark-percent", mark=grade.pass_mark, points=points)
    return label("mark-points", points=points)


def score(grade: Grade, label: Labels) -> str:
    """The points, said to be those so far while some are open."""
    open_ = grade.score_range.min != grade.score_range.max
    points = {"points": number(grade.score), "max": number(grade.max_score)}
    return label("points-so-far" if open_ else "points-of", **points)


def score_range(grade: Grade, label: Labels) -> str | None:
    """Between what the score may end; None where it is final."""
    low, high = grade.score_range.min, grade.score_range.max
    return None if low == high else label("range", min=number(low), max=number(high))


def not_counted(grade: Grade, label: Labels) -> list[str]:
    """The points that count for nothing, a sentence for each reason."""
    points = {"out-skipped": grade.skipped_points, "out-waived": grade.waived_points}
    return [label(name, points=number(value)) for name, value in points.items() if value]


def earned(verdict: Verdict, points: Decimal, max_points: Decimal) -> str:
    """`2.5/10`; open points are `?`, what does not count is `-`."""
    shown = {"ungraded": "?", "skipped": "-", "waived": "-"}.get(verdict, number(points))
    return f"{shown}/{number(max_points)}"


def group_points(group: GradedGroup) -> str:
    """A group of nothing but bonus has no maximum to compare with."""
    points = number(group.points)
    return f"{points}/{number(group.max_points)}" if group.max_points else f"+{points}"

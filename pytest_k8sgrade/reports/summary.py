"""The last lines of the terminal report: the score, what is open, and the decision."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

from rich.table import Table
from rich.text import Text

from pytest_k8sgrade.grade.model import Grade, GradedItem
from pytest_k8sgrade.reports.labels import Labels
from pytest_k8sgrade.reports.prose import prose
from pytest_k8sgrade.reports.text import number, visible

_TITLES_SHOWN = 4
_RESULTS = {
    True: ("passed", "bold green"),
    False: ("failed", "bold red"),
    None: ("undecided", "bold magenta"),
}


def summary(grade: Grade, label: Labels) -> Table:
    """Label and text, a line each."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for heading, text in _Summary(grade, label).lines():
        table.add_row(Text(heading, "bold"), text)
    return table


class _Summary:
    """The lines of one grade in one language; a line without a label continues the one before."""

    def __init__(self, grade: Grade, label: Labels) -> None:
        self._grade = grade
        self._label = label

    def lines(self) -> Iterator[tuple[str, Text]]:
        """All of them, in the order of reading: what there is, what is open, what it means."""
        yield from self._score()
        yield from self._open()
        yield from self._out()
        yield self._label("mark"), Text(self._mark())
        name, style = _RESULTS[self._grade.passed]
        yield self._label("result"), Text(self._label(f"result-{name}"), style)
        required = [item for item in self._grade.items if item.id in self._grade.missing_required]
        if required:
            yield "", Text(self._label("missing-required", items=self._titles(required)))
        yield from self._first()

    def _first(self) -> Iterator[tuple[str, Text]]:
        """Where to begin: the item that keeps the most points from being looked at."""
        waiting: Counter[str] = Counter()
        for item in self._grade.items:
            if item.verdict == "blocked" and item.blocked_by is not None:
                waiting[item.blocked_by] += int(item.max_points * 100)
        if waiting:
            (root, cents), *_ = waiting.most_common(1)
            titles = {item.id: visible(item.title) for item in self._grade.items}
            points = number(Decimal(cents) / 100)
            yield self._label("first"), Text(self._label("first-item", item=titles[root], points=points))

    def _score(self) -> Iterator[tuple[str, Text]]:
        grade = self._grade
        open_ = grade.score_range.min != grade.score_range.max
        points = {"points": number(grade.score), "max": number(grade.max_score)}
        text = Text(self._label("points-so-far" if open_ else "points-of", **points), "bold")
        if grade.percent is not None:
            text.append(" " + self._label("percent", percent=number(grade.percent)))
        if grade.bonus_points:
            text.append(", " + self._label("bonus-points", points=number(grade.bonus_points)))
        yield self._label("score"), text
        if open_:
            ends = {"min": number(grade.score_range.min), "max": number(grade.score_range.max)}
            yield "", Text(self._label("range", **ends))
        if all(item.verdict == "passed" for item in grade.items):
            yield "", Text(self._label("all-passed", count=len(grade.items)))

    def _open(self) -> Iterator[tuple[str, Text]]:
        """Each reason once, with the items it holds for: an unreachable cluster is one line, not thirty."""
        open_items = [item for item in self._grade.items if item.verdict == "ungraded"]
        if not open_items:
            return
        points = number(self._grade.ungraded_points)
        yield self._label("open"), Text(self._label("open-points", points=points), "magenta")
        for index, (reason, items) in enumerate(self._reasons(open_items).items()):
            if index:
                yield "", Text("")
            yield "", Text(visible(reason))
            if items[0].hint:
                yield "", prose(items[0].hint)
            yield "", Text(self._label("open-items", items=self._titles(items)), "dim")

    def _reasons(self, open_items: list[GradedItem]) -> dict[str, list[GradedItem]]:
        """The open items by the reason at the root, the item that has it of its own first."""
        by_id = {item.id: item for item in open_items}
        reasons: dict[str, list[GradedItem]] = {}
        for item in sorted(open_items, key=lambda item: item.blocked_by is not None):
            root = by_id.get(item.blocked_by or "", item)
            reasons.setdefault(root.reason.text if root.reason else "", []).append(item)
        return reasons

    def _out(self) -> Iterator[tuple[str, Text]]:
        label = self._label("out")
        for name, points in (("skipped", self._grade.skipped_points), ("waived", self._grade.waived_points)):
            if points:
                yield label, Text(self._label(f"out-{name}", points=number(points)))
                label = ""

    def _mark(self) -> str:
        points = number(self._grade.pass_points)
        if self._grade.pass_mark.endswith("%"):
            return self._label("mark-percent", mark=self._grade.pass_mark, points=points)
        return self._label("mark-points", points=points)

    def _titles(self, items: list[GradedItem]) -> str:
        if len(items) == len(self._grade.items):
            return self._label("all-items", count=len(items))
        titles = [f"“{visible(item.title)}”" for item in items[:_TITLES_SHOWN]]
        more = len(items) - len(titles)
        return ", ".join([*titles, *([self._label("more", count=more)] if more else [])])

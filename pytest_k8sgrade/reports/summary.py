"""The last lines of the terminal report: the score, what is open, and the decision."""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Table
from rich.text import Text

from pytest_k8sgrade.grade.model import Grade, GradedItem
from pytest_k8sgrade.reports.facts import (
    RESULTS,
    first_item,
    not_counted,
    open_reasons,
    pass_mark,
    score,
    score_range,
)
from pytest_k8sgrade.reports.labels import Labels
from pytest_k8sgrade.reports.prose import Prose
from pytest_k8sgrade.reports.text import number, visible

_TITLES_SHOWN = 4
_STYLES = {"passed": "bold green", "failed": "bold red", "undecided": "bold magenta"}


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

    def lines(self) -> Iterator[tuple[str, Text | Prose]]:
        """All of them, in the order of reading: what there is, what is open, what it means."""
        yield from self._score()
        yield from self._open()
        yield from self._out()
        yield self._label("mark"), Text(pass_mark(self._grade, self._label))
        name = RESULTS[self._grade.passed]
        yield self._label("result"), Text(self._label(f"result-{name}"), _STYLES[name])
        required = [item for item in self._grade.items if item.id in self._grade.missing_required]
        if required:
            yield "", Text(self._label("missing-required", items=self._titles(required)))
        yield from self._first()

    def _first(self) -> Iterator[tuple[str, Text]]:
        """Where to begin."""
        first = first_item(self._grade)
        if first is not None:
            words = {"item": visible(first.item.title), "points": number(first.points)}
            yield self._label("first"), Text(self._label("first-item", **words))

    def _score(self) -> Iterator[tuple[str, Text]]:
        grade = self._grade
        text = Text(score(grade, self._label), "bold")
        if grade.percent is not None:
            text.append(" " + self._label("percent", percent=number(grade.percent)))
        if grade.bonus_points:
            text.append(", " + self._label("bonus-points", points=number(grade.bonus_points)))
        yield self._label("score"), text
        open_range = score_range(grade, self._label)
        if open_range is not None:
            yield "", Text(open_range)
        if all(item.verdict == "passed" for item in grade.items):
            yield "", Text(self._label("all-passed", count=len(grade.items)))

    def _open(self) -> Iterator[tuple[str, Text | Prose]]:
        """Each reason once, with the items it holds for."""
        reasons = open_reasons(self._grade)
        if not reasons:
            return
        points = number(self._grade.ungraded_points)
        yield self._label("open"), Text(self._label("open-points", points=points), "magenta")
        for index, items in enumerate(reasons):
            if index:
                yield "", Text("")
            root = items[0].reason
            yield "", Text(visible(root.text) if root else "")
            if items[0].hint:
                yield "", Prose(items[0].hint)
            yield "", Text(self._label("open-items", items=self._titles(items)), "dim")

    def _out(self) -> Iterator[tuple[str, Text]]:
        label = self._label("out")
        for text in not_counted(self._grade, self._label):
            yield label, Text(text)
            label = ""

    def _titles(self, items: list[GradedItem]) -> str:
        if len(items) == len(self._grade.items):
            return self._label("all-items", count=len(items))
        titles = [f"“{visible(item.title)}”" for item in items[:_TITLES_SHOWN]]
        more = len(items) - len(titles)
        return ", ".join([*titles, *([self._label("more", count=more)] if more else [])])

"""The grade for a person at a terminal.

Short when everything is right, or nothing could be graded; otherwise below each lost
item stands why, what was seen, and the next thing to look at. Returns text: the
caller owns the terminal. Widths are those of the terminal's cells, so that Korean
lines up; colour only adds to what the words say already.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from pytest_k8sgrade.grade.model import Grade, GradedGroup, GradedItem, GradedPart, Verdict
from pytest_k8sgrade.locale.messages import Language
from pytest_k8sgrade.reports.facts import SIGNS, earned, group_points
from pytest_k8sgrade.reports.labels import Labels, labels
from pytest_k8sgrade.reports.page import page
from pytest_k8sgrade.reports.prose import Prose
from pytest_k8sgrade.reports.summary import summary
from pytest_k8sgrade.reports.text import number, value_text, visible

_STYLES: Mapping[Verdict, str] = {
    "passed": "green",
    "partial": "yellow",
    "failed": "red",
    "blocked": "dim",
    "ungraded": "magenta",
    "skipped": "dim",
    "waived": "dim",
}
MARKS: Mapping[Verdict, tuple[str, str]] = {verdict: (SIGNS[verdict], _STYLES[verdict]) for verdict in SIGNS}
"""A sign and a style for each verdict."""

_PARTS_SHOWN = 6
_INDENT = 4


def render(grade: Grade, *, width: int, colour: bool, language: Language) -> str:
    """The report, lines at most `width` cells wide, ending with a line break."""
    return page(_Page(grade, labels(language)).content(), width=width, colour=colour)


class _Page:
    """One grade in one language as renderables."""

    def __init__(self, grade: Grade, label: Labels) -> None:
        self._grade = grade
        self._label = label
        self._points_width = max(len(_points(item)) for item in grade.items)
        self._verdict_width = max(Text(label(verdict)).cell_len for verdict in MARKS)

    def content(self) -> Group:
        """The whole report."""
        return Group(*self._groups(), summary(self._grade, self._label))

    def _groups(self) -> Iterator[RenderableType]:
        verdicts = {item.verdict for item in self._grade.items}
        nothing_to_tell = verdicts <= {"passed", "skipped", "waived"} or verdicts == {"ungraded"}
        for group in self._grade.groups:
            yield self._group_line(group)
            if not nothing_to_tell:
                items = [item for item in self._grade.items if item.group == group.id]
                yield from (part for item in items for part in self._item(item))
                yield Text("")
        if nothing_to_tell:
            yield Text("")

    def _group_line(self, group: GradedGroup) -> RenderableType:
        line = Table.grid(padding=(0, 2, 0, 0), expand=True)
        line.add_column(ratio=1)
        line.add_column(justify="right", no_wrap=True)
        full = group.points >= group.max_points
        points = Text(group_points(group), "bold green" if full else "bold")
        if group.ungraded_points:
            open_points = self._label("group-open", points=number(group.ungraded_points))
            points = Text.assemble((open_points, "magenta"), " ", points)
        line.add_row(Text(visible(group.title), "bold"), points)
        return line

    def _item(self, item: GradedItem) -> Iterator[RenderableType]:
        yield self._item_line(item)
        for detail in self._details(item):
            yield Padding(detail, (0, 0, 0, _INDENT))

    def _item_line(self, item: GradedItem) -> RenderableType:
        sign, style = MARKS[item.verdict]
        line = Table.grid(padding=(0, 2, 0, 0), expand=True)
        line.add_column(width=1 + 2 + self._verdict_width, no_wrap=True)
        line.add_column(width=self._points_width, justify="right", no_wrap=True)
        line.add_column(ratio=1, overflow="fold")
        verdict = Text(f"{sign} {self._label(item.verdict)}", style)
        line.add_row(Padding(verdict, (0, 0, 0, 1)), Text(_points(item)), self._title(item))
        return line

    def _title(self, item: GradedItem) -> Text:
        extra = [self._label(name) for name in ("bonus", "required") if getattr(item, name)]
        return Text(" ".join([visible(item.title), *extra]))

    def _details(self, item: GradedItem) -> Iterator[RenderableType]:
        if item.verdict in ("passed", "ungraded") or item.reason is None:
            return
        if item.visibility == "hidden":
            yield Text(self._label("hidden"))
            return
        if len(item.parts) > 1:
            yield Text(self._label("parts", met=sum(part.met for part in item.parts), all=len(item.parts)))
            yield self._parts([part for part in item.parts if not part.met])
        else:
            yield Text(visible(item.reason.text))
        yield self._labelled(item)

    def _labelled(self, item: GradedItem) -> Table:
        table = _grid()
        values = {} if len(item.parts) > 1 else {"seen": item.seen, "wanted": item.wanted}
        for label, value in values.items():
            if value is not None:
                table.add_row(Text(self._label(label), "dim"), Text(value_text(value)))
        if item.hint:
            table.add_row(Text(self._label("next"), "dim"), Prose(item.hint))
        return table

    def _parts(self, missing: Sequence[GradedPart]) -> Table:
        table = _grid()
        for part in missing[:_PARTS_SHOWN]:
            text = Text(visible(part.reason.text if part.reason else part.id))
            for label, value in (("seen", part.seen), ("wanted", part.wanted)):
                if value is not None:
                    text.append(f"\n{self._label(f'part-{label}', value=value_text(value))}", "dim")
            table.add_row(Text("✗", "red"), text)
        if len(missing) > _PARTS_SHOWN:
            table.add_row("", Text(self._label("more", count=len(missing) - _PARTS_SHOWN)))
        return table


def _grid() -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    return table


def _points(item: GradedItem) -> str:
    return earned(item.verdict, item.points, item.max_points)

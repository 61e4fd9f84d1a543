"""The table of all files with both marks, and the line that sums it up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from pytest_k8sgrade.regrade.model import Direction, Mark, Regrade, Row
from pytest_k8sgrade.reports.text import number, visible

Label = Callable[..., str]

_STYLES: dict[Direction, str] = {"same": "", "higher": "green", "lower": "red", "undecided": "magenta"}

_SIGNS: dict[Direction, str] = {"same": "=", "higher": "↑", "lower": "↓", "undecided": "?"}


def marks(regrade: Regrade, label: Label) -> Iterator[Padding | Text]:
    """One line per file, then the numbers of files."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(ratio=1, overflow="fold")
    for justify in ("right", "right", "right"):
        table.add_column(justify=justify, no_wrap=True)
    table.add_column(overflow="fold")
    names = ("regrade-file", "regrade-was", "regrade-is", "regrade-change", "regrade-result")
    table.add_row(*(Text(label(name), "dim") for name in names))
    for row in regrade.files:
        table.add_row(Text(visible(row.file)), *_cells(row, label))
    yield Padding(table, (0, 0, 1, 2))
    yield Text(_summary(regrade, label), "bold")


def _cells(row: Row, label: Label) -> Iterator[Text]:
    style = _STYLES[row.direction]
    yield Text(_points(row.old))
    yield Text(_points(row.new))
    yield Text(_difference(row), style)
    yield Text(_result(row, label), style if row.new else "red")


def _points(mark: Mark | None) -> str:
    if mark is None:
        return "-"
    return f"{number(mark.score)}/{number(mark.max_score)}"


def _difference(row: Row) -> str:
    """In points, in per cent where the rubrics have other totals, a sign where points are open."""
    old, new = row.old, row.new
    if old is None or new is None:
        return ""
    if old.percent is None or new.percent is None:
        return _SIGNS[row.direction]
    if old.max_score == new.max_score:
        return _signed(new.score - old.score, "")
    return _signed(new.percent - old.percent, "%")


def _signed(difference: Decimal, unit: str) -> str:
    if not difference:
        return "="
    return f"{'+' if difference > 0 else ''}{number(difference)}{unit}"


def _result(row: Row, label: Label) -> str:
    if row.new is None:
        return label("regrade-unreadable")
    told = _passed(row.new, label)
    if row.old is not None and row.old.passed != row.new.passed:
        told = f"{_passed(row.old, label)} → {told}"
    if row.new.ungraded_items:
        told += ", " + label("regrade-open", points=number(row.new.ungraded_points))
    return told


def _passed(mark: Mark, label: Label) -> str:
    if mark.passed is None:
        return label("regrade-undecided")
    return label("report-result-passed" if mark.passed else "report-result-failed")


def _summary(regrade: Regrade, label: Label) -> str:
    summary = regrade.summary
    if summary.files == 1:
        row = regrade.files[0]
        told = label("regrade-unreadable" if row.new is None else f"regrade-{row.direction}")
        return label("regrade-summary-one", direction=told)
    return label("regrade-summary", **summary.model_dump())

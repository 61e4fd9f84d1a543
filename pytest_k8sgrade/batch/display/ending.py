"""What is said at the end of a batch: how many, who is ungraded and why, what looks like our fault."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from rich.table import Table
from rich.text import Text

from pytest_k8sgrade.grade.model import Told
from pytest_k8sgrade.gradebook.model import ClassBook, StudentMark
from pytest_k8sgrade.locale.messages import Catalogue
from pytest_k8sgrade.reports.text import number, visible

_NAMED: Final = 8
_REASONS: Final = 5

Line = tuple[str, str]
"""A heading and what it says."""


def exit_code(book: ClassBook, unfinished: int) -> int:
    """0 when everybody passed, 1 when somebody did not, 8 when something is not graded."""
    summary = book.summary
    if unfinished or summary.open or summary.undecided:
        return 8
    return int(bool(summary.failed or summary.absent))


def ending(book: ClassBook, unfinished: int, notes: Sequence[Told], catalogue: Catalogue) -> Table:
    """The lines as a table without borders; `notes` are about the files."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    last = None
    told = [(catalogue.label("batch-end-note"), note.text) for note in (*book.notes, *notes)]
    for heading, words in (*lines(book, unfinished, catalogue), *told):
        table.add_row("" if heading == last else heading, Text(visible(words)))
        last = heading
    return table


def lines(book: ClassBook, unfinished: int, catalogue: Catalogue) -> Iterator[Line]:
    """What there is to say, the most useful first."""
    label = catalogue.label
    yield label("batch-end-marks"), _counts(book, catalogue)
    if unfinished:
        yield label("batch-end-unfinished"), label("batch-end-unfinished-text", count=unfinished)
    for problem in book.problems[:_REASONS]:
        yield label("batch-end-problem"), f"{_names(problem.students, catalogue)}: {problem.text}"
    partly = [mark for mark in book.students if _partly(mark)]
    if partly:
        told = [
            label("batch-end-points", student=mark.student.id, points=number(mark.ungraded_points))
            for mark in partly
        ]
        yield label("batch-end-partly"), _names(told, catalogue)
    yield from _items(book, catalogue)
    for shared in book.shared[:_REASONS]:
        yield label(f"batch-end-same-{shared.kind}"), _names(shared.students, catalogue)


def _counts(book: ClassBook, catalogue: Catalogue) -> str:
    summary, label = book.summary, catalogue.label
    parts = [label("batch-end-passed", passed=summary.passed, count=summary.students)]
    others = {"failed": summary.failed, "undecided": summary.undecided, "absent": summary.absent}
    parts += [label(f"batch-end-{name}", count=count) for name, count in others.items() if count]
    if summary.mean is not None and summary.median is not None:
        mean, median, most = number(summary.mean), number(summary.median), number(book.max_score)
        parts.append(label("batch-end-mean", mean=mean, median=median, max=most))
    return ", ".join(parts)


def _items(book: ClassBook, catalogue: Catalogue) -> Iterator[Line]:
    doubtful = sorted((item for item in book.items if item.doubtful), key=lambda item: -item.ungraded)
    for item in doubtful[:_REASONS]:
        told = catalogue.label("batch-end-item", item=item.title, count=item.ungraded)
        yield catalogue.label("batch-end-doubtful"), told


def _partly(mark: StudentMark) -> bool:
    """Whether something of it is ungraded although it could be graded."""
    attempt = mark.attempt
    return not mark.absent and bool(mark.ungraded_items) and (attempt is None or attempt.problem is None)


def _names(names: Sequence[str], catalogue: Catalogue) -> str:
    shown = ", ".join(names[:_NAMED])
    more = len(names) - _NAMED
    return shown if more <= 0 else f"{shown}, {catalogue.label('batch-more', count=more)}"

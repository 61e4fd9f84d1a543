"""A running batch on a terminal: who is graded and what each awaits, what became of the others, how long yet.

It is drawn again a few times a second from a `Tally`. In a log `lines` says the same in lines.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Final

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, RenderResult
from rich.live import Live
from rich.padding import Padding
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from pytest_k8sgrade.batch.display.lines import clock, mark, outcome_word, person
from pytest_k8sgrade.batch.display.tally import OUTCOMES, Done, Outcome, Standing, Tally
from pytest_k8sgrade.locale.messages import Catalogue
from pytest_k8sgrade.reports.text import visible

PER_SECOND: Final = 4
_AROUND: Final = 11
"""Lines of the display that are not about somebody who is being graded."""
_NAME: Final = 30

STYLES: Final[dict[Outcome, str]] = {
    "passed": "green",
    "failed": "red",
    "open": "yellow",
    "problem": "yellow",
}


class LiveTable:
    """A context manager that shows a tally until it is left, and leaves nothing on the screen."""

    def __init__(self, tally: Tally, catalogue: Catalogue, title: str, console: Console) -> None:
        self._tally = tally
        self._catalogue = catalogue
        self._title = visible(title)
        self._live = Live(
            get_renderable=lambda: self,
            console=console,
            refresh_per_second=PER_SECOND,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def __enter__(self) -> LiveTable:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Made anew for each picture."""
        yield picture(self._tally.standing(), self._catalogue, self._title, console.width, console.height)


def picture(standing: Standing, catalogue: Catalogue, title: str, width: int, height: int) -> Group:
    """How a batch stands, in at most `height` lines of at most `width` cells."""
    parts = [
        _one_line(_heading(standing, catalogue, title)),
        Padding(ProgressBar(total=max(1, standing.total), completed=standing.done, width=width), 0),
        _one_line(_counts(standing, catalogue)),
        *_people(standing, catalogue, max(1, height - _AROUND)),
        *_finished(standing, catalogue),
    ]
    return Group(*parts)


def _one_line(text: Text) -> Text:
    text.no_wrap, text.overflow = True, "ellipsis"
    return text


def _heading(standing: Standing, catalogue: Catalogue, title: str) -> Text:
    parts = [catalogue.label("batch-done", done=standing.done, total=standing.total)]
    parts.append(catalogue.label("batch-elapsed", time=clock(standing.elapsed_s)))
    if standing.done < standing.total and standing.left_s is not None:
        parts.append(catalogue.label("batch-left", time=clock(standing.left_s)))
    return Text.assemble((title, "bold"), "  ", " · ".join(parts))


def _counts(standing: Standing, catalogue: Catalogue) -> Text:
    shown = [
        Text(f"{standing.outcomes[outcome]} {outcome_word(outcome, catalogue)}", STYLES[outcome])
        for outcome in OUTCOMES
        if standing.outcomes[outcome]
    ]
    if standing.there:
        shown.append(Text(catalogue.label("batch-there", count=standing.there), "dim"))
    return Text(" · ").join(shown)


def _people(standing: Standing, catalogue: Catalogue, room: int) -> Iterator[Table | Text]:
    """Those who are being graded, the longest first, as many as there is room for."""
    shown = standing.running[:room]
    if not shown:
        return
    table = Table(box=None, padding=(0, 2, 0, 0), expand=True, show_header=True, header_style="dim")
    table.add_column(catalogue.label("batch-student"), ratio=3, no_wrap=True, overflow="ellipsis")
    table.add_column(catalogue.label("batch-time"), justify="right", no_wrap=True, min_width=5)
    table.add_column(catalogue.label("batch-items"), justify="right", no_wrap=True, min_width=7)
    table.add_column(catalogue.label("batch-awaits"), ratio=5, no_wrap=True, overflow="ellipsis")
    for running, age in shown:
        student = running.entry.student
        items = f"{running.settled}/{running.total}" if running.total else ""
        awaited = visible(", ".join(running.names))
        table.add_row(
            Text(person(student.id, student.name, running.entry.number)), clock(age), items, Text(awaited)
        )
    yield table
    if len(standing.running) > room:
        yield Text(catalogue.label("batch-more", count=len(standing.running) - room), "dim")


def _finished(standing: Standing, catalogue: Catalogue) -> Iterator[Text]:
    if standing.latest:
        yield _one_line(Text(catalogue.label("batch-latest"), "dim"))
        yield from _last(standing.latest, catalogue)
    slowest = ", ".join(
        f"{person(done.student, None, done.number)} {clock(done.duration_s)}"
        for done in standing.slowest
        if done.duration_s >= 1
    )
    if slowest:
        yield _one_line(Text(catalogue.label("batch-slowest", students=slowest), "dim"))


def _last(latest: Sequence[Done], catalogue: Catalogue) -> Iterator[Text]:
    people = [person(done.student, done.name, done.number) for done in latest]
    cells = min(_NAME, max(map(cell_len, people)))
    for who, done in reversed(list(zip(people, latest, strict=True))):
        cut = Text(who)
        cut.truncate(cells, overflow="ellipsis", pad=True)
        yield _one_line(Text.assemble("  ", cut, "  ", (mark(done, catalogue), STYLES[done.outcome])))

"""A running batch in a log: a line for everybody who is finished, and a sign of life while nobody is.

The words that the live table and the log share are here, too.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Final

from pytest_k8sgrade.batch.display.tally import Done, Outcome, Standing, Tally
from pytest_k8sgrade.locale.messages import Catalogue
from pytest_k8sgrade.reports.text import number, visible

QUIET_S: Final = 15.0
"""Seconds without a finished hand-in after which a log says what is awaited."""

NAMED: Final = 3
_LONGEST_NAME: Final = 60


def clock(seconds: float) -> str:
    """Seconds as a stop watch shows them: `0:07`, `12:30`, `1:02:03`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def person(student: str, name: str | None, attempt: int) -> str:
    """Whose hand-in, with the number of the attempt from the second on; harmless to a terminal."""
    again = f" #{attempt}" if attempt > 1 else ""
    words = visible(f"{student}{again} {name or ''}")
    return words if len(words) <= _LONGEST_NAME else words[: _LONGEST_NAME - 1] + "…"


def outcome_word(outcome: Outcome, catalogue: Catalogue) -> str:
    """What became of a hand-in, in a word."""
    return catalogue.label(f"batch-{outcome}")


def mark(done: Done, catalogue: Catalogue) -> str:
    """A finished hand-in's mark, or why there is none."""
    if done.problem is not None:
        return f"{outcome_word(done.outcome, catalogue)}: {visible(done.problem)}"
    points = catalogue.label("report-points-of", points=number(done.score), max=number(done.max_score))
    left = catalogue.label("report-group-open", points=number(done.ungraded)) if done.ungraded else ""
    return ", ".join([points, outcome_word(done.outcome, catalogue)]) + (f" {left}" if left else "")


class Lines:
    """A context manager that writes lines while a tally is filled."""

    def __init__(self, tally: Tally, catalogue: Catalogue, write: Callable[[str], None]) -> None:
        self._tally = tally
        self._catalogue = catalogue
        self._write = write
        self._over = threading.Event()
        self._spoken = threading.Event()
        self._thread = threading.Thread(target=self._breathe, name="k8sgrade-lines", daemon=True)

    def __enter__(self) -> Lines:
        self._tally.tell = self.tell
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def tell(self, done: Done, count: int) -> None:
        """Write what became of a hand-in."""
        self._spoken.set()
        total = self._tally.total
        who = person(done.student, done.name, done.number)
        lasted = clock(done.duration_s)
        self._write(f"[{count:>{len(str(total))}}/{total}] {who}: {mark(done, self._catalogue)} ({lasted})")

    def _breathe(self) -> None:
        while not self._over.wait(QUIET_S):
            if not self._spoken.is_set():
                self._write(awaited(self._tally.standing(), self._catalogue))
            self._spoken.clear()


def awaited(standing: Standing, catalogue: Catalogue) -> str:
    """How far a batch is, and what the ones that run longest wait for."""
    parts = [catalogue.label("batch-done", done=standing.done, total=standing.total)]
    if standing.left_s is not None:
        parts.append(catalogue.label("batch-left", time=clock(standing.left_s)))
    for running, age in standing.running[:NAMED]:
        who = person(running.entry.student.id, None, running.entry.number)
        parts.append(f"{who} {clock(age)}: {visible(', '.join(running.names)) or '…'}")
    return " · ".join(parts)

"""What is still awaited, while the run waits.

One line that is rewritten on a terminal; now and then a plain line elsewhere, so
that a CI log shows life without control characters.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from pytest_k8sgrade.locale.messages import Catalogue
from pytest_k8sgrade.run.entry import Entry

LOG_EVERY = 15.0
"""Seconds between two progress lines where lines cannot be rewritten."""

SHOWN = 3
"""Awaited items that are named; the others are counted."""


class Screen(Protocol):
    """Where progress is shown; pytest's terminal reporter is one."""

    def rewrite(self, line: str, **markup: bool) -> None:
        """Put the line where the last one of this kind stands."""

    def write_line(self, line: str) -> None:
        """Write a line that stays."""


class TerminalProgress:
    """Shows what is awaited on a screen; only a terminal (`tty`) can rewrite lines."""

    def __init__(self, screen: Screen, catalogue: Catalogue, *, tty: bool) -> None:
        self._screen = screen
        self._catalogue = catalogue
        self._tty = tty
        self._shown = False
        self._written_at = 0.0

    def round(self, entries: Sequence[Entry], elapsed: float) -> None:
        """Show what is awaited; wipe the line once nothing is."""
        waiting = [entry for entry in entries if not entry.settled]
        if not waiting:
            self._wipe()
        elif self._tty:
            self._shown = True
            self._screen.rewrite(self._line(waiting, len(entries), elapsed), erase=True)
        elif elapsed - self._written_at >= LOG_EVERY:
            self._written_at = elapsed
            self._screen.write_line(self._line(waiting, len(entries), elapsed))

    def say(self, line: str) -> None:
        """Write the line where no other one can be rewritten over it."""
        self._wipe()
        self._screen.write_line(line)

    def _line(self, waiting: Sequence[Entry], total: int, elapsed: float) -> str:
        looked_at = [entry for entry in waiting if entry.observation.status != "waiting"] or waiting
        names = ", ".join(entry.id for entry in looked_at[:SHOWN])
        more = "" if len(looked_at) <= SHOWN else " …"
        return self._catalogue.label(
            "progress", settled=total - len(waiting), total=total, seconds=round(elapsed), names=names + more
        )

    def _wipe(self) -> None:
        if self._shown:
            self._screen.rewrite("", erase=True)
            self._shown = False


class NoProgress:
    """For `-q` and for runs without a terminal reporter, which have no screen either."""

    def __init__(self, screen: Screen | None = None) -> None:
        self._screen = screen

    def round(self, entries: Sequence[Entry], elapsed: float) -> None:
        """Say nothing."""

    def say(self, line: str) -> None:
        """What stays is said to the quiet as well."""
        if self._screen is not None:
            self._screen.write_line(line)

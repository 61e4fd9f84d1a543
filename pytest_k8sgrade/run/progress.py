"""What is still awaited, while the run waits.

One line that is rewritten on a terminal; now and then a plain line elsewhere, so
that a CI log shows life without control characters.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from pytest_k8sgrade.locale.messages import Catalogue
from pytest_k8sgrade.run.entry import Entry

LOG_EVERY = 15.0
"""Seconds between two progress lines where lines cannot be rewritten."""

SHOWN = 3
"""Awaited items that are named; the others are counted."""


class TerminalProgress:
    """Writes through pytest's own terminal reporter, so that capture and `-q` are respected."""

    def __init__(self, reporter: pytest.TerminalReporter, catalogue: Catalogue) -> None:
        self._reporter = reporter
        self._catalogue = catalogue
        self._tty = reporter.isatty
        self._shown = False
        self._written_at = 0.0

    def round(self, entries: Sequence[Entry], elapsed: float) -> None:
        """Show what is awaited; wipe the line once nothing is."""
        waiting = [entry for entry in entries if not entry.settled]
        if not waiting:
            self._wipe()
        elif self._tty:
            self._shown = True
            self._reporter.rewrite(self._line(waiting, len(entries), elapsed), erase=True)
        elif elapsed - self._written_at >= LOG_EVERY:
            self._written_at = elapsed
            self._reporter.write_line(self._line(waiting, len(entries), elapsed))

    def _line(self, waiting: Sequence[Entry], total: int, elapsed: float) -> str:
        looked_at = [entry for entry in waiting if entry.observation.status != "waiting"] or waiting
        names = ", ".join(entry.id for entry in looked_at[:SHOWN])
        more = "" if len(looked_at) <= SHOWN else " …"
        return self._catalogue.label(
            "progress", settled=total - len(waiting), total=total, seconds=round(elapsed), names=names + more
        )

    def _wipe(self) -> None:
        if self._shown:
            self._reporter.rewrite("", erase=True)
            self._shown = False


class NoProgress:
    """For `-q` and for runs without a terminal reporter."""

    def round(self, entries: Sequence[Entry], elapsed: float) -> None:
        """Say nothing."""

"""The terminal of the person who typed the command.

Reports go to standard output, wrapped to the terminal's width (80 cells where there is
none, at most 100, as in a grading run); progress goes to standard error, so that a
redirected report holds no trace of it.
"""

from __future__ import annotations

import sys

from rich.cells import set_cell_size
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from pytest_k8sgrade.reports.prose import Prose, unglued
from pytest_k8sgrade.reports.text import visible

WIDEST = 100

_MANY = 5
"""Files from which on it is worth saying how far the work is."""


def console() -> Console:
    """Standard output; colour only where it is a terminal and nobody objects."""
    found = Console(highlight=False, markup=False, emoji=False, soft_wrap=False)
    found.width = max(40, min(found.width, WIDEST)) if found.is_terminal else 80
    return found


def show(screen: Console, *parts: Padding | Table | Text | Prose | str) -> None:
    """Print parts; the spaces inside commands come back after the wrapping."""
    for part in parts:
        with screen.capture() as wrapped:
            screen.print(part)
        lines = unglued(wrapped.get()).splitlines()
        screen.out("\n".join(line.rstrip() for line in lines), highlight=False)


def show_whole(screen: Console, *lines: str) -> None:
    """Print lines without breaking them: paths and commands are copied."""
    for line in lines:
        screen.print(line, soft_wrap=True)


class Stderr:
    """A screen for progress on standard error."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)
        self.tty = self._console.is_terminal

    def rewrite(self, line: str, **markup: bool) -> None:
        """Replace the line; a longer one than the terminal is cut, or it could not be wiped."""
        shown = visible(line)
        cut = shown if not shown else set_cell_size(shown, self._console.width - 1).rstrip()
        sys.stderr.write(f"\r\x1b[2K{cut}")
        sys.stderr.flush()

    def wipe(self) -> None:
        """Clear the line that was rewritten."""
        if self.tty:
            self.rewrite("")

    def count(self, line: str, total: int) -> None:
        """How far work on several files is; nothing in a log, nothing for a few."""
        if self.tty and total >= _MANY:
            self.rewrite(line)

    def write_line(self, line: str) -> None:
        """A line of a log."""
        sys.stderr.write(visible(line) + "\n")
        sys.stderr.flush()

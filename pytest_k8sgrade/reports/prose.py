"""Hints as terminal text: commands stay whole when lines are wrapped."""

from __future__ import annotations

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.text import Text

from pytest_k8sgrade.reports.text import pieces

_GLUE = "\u2800"


class Prose:
    """A hint with its commands told apart by colour where there is any; see `unglued`.

    Its width is known only when it is laid out. A command that no line could hold is wrapped at its
    spaces like other words: whole, it would be cut anywhere.
    """

    def __init__(self, text: str) -> None:
        self._pieces = [(f"`{piece}`" if command else piece, command) for piece, command in pieces(text)]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The text for this width."""
        yield self._text(options.max_width)

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        """As wide as its text."""
        return Measurement.get(console, options, self._text(options.max_width))

    def _text(self, width: int) -> Text:
        result = Text()
        for piece, command in self._pieces:
            whole = command and cell_len(piece) <= width
            result.append(piece.replace(" ", _GLUE) if whole else piece, "cyan" if command else None)
        return result


def unglued(text: str) -> str:
    """Wrapped text with the spaces of its commands back in place."""
    return text.replace(_GLUE, " ")

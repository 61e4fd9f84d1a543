"""Rich's renderables as plain text of a given width: what every report for a terminal goes through.

The caller owns the terminal, so nothing is printed here.
"""

from __future__ import annotations

from io import StringIO
from typing import Final

from rich.console import Console, RenderableType

from pytest_k8sgrade.reports.prose import unglued

_NARROWEST: Final = 40


def page(content: RenderableType, *, width: int, colour: bool) -> str:
    """The lines, at most `width` cells wide and without trailing spaces, ending with a line break."""
    out = StringIO()
    console = Console(
        file=out,
        width=max(_NARROWEST, width),
        force_terminal=colour,
        color_system="standard" if colour else None,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )
    console.print(content)
    lines = unglued(out.getvalue()).splitlines()
    return "\n".join(line.rstrip() for line in lines).strip("\n") + "\n"

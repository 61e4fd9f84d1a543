"""Hints as terminal text: commands stay whole when lines are wrapped."""

from __future__ import annotations

from rich.text import Text

from pytest_k8sgrade.reports.text import pieces

_GLUE = "\u2800"


def prose(text: str) -> Text:
    """A hint with its commands told apart by colour where there is any; see `unglued`."""
    result = Text()
    for piece, command in pieces(text):
        if command:
            result.append(f"`{piece}`".replace(" ", _GLUE), "cyan")
        else:
            result.append(piece)
    return result


def unglued(text: str) -> str:
    """Wrapped text with the spaces of its commands back in place."""
    return text.replace(_GLUE, " ")

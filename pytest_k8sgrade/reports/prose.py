"""Hints as terminal text: commands stay whole when lines are wrapped."""

from __future__ import annotations

import re

from rich.text import Text

from pytest_k8sgrade.reports.text import visible

_COMMAND = re.compile(r"`([^`\n]+)`")
_GLUE = "\u2800"


def prose(text: str) -> Text:
    """A hint with its commands told apart by colour where there is any; see `unglued`."""
    result = Text()
    position = 0
    shown = visible(text, keep="\n")
    for match in _COMMAND.finditer(shown):
        result.append(shown[position : match.start()])
        result.append(match.group(0).replace(" ", _GLUE), "cyan")
        position = match.end()
    result.append(shown[position:])
    return result


def unglued(text: str) -> str:
    """Wrapped text with the spaces of its commands back in place."""
    return text.replace(_GLUE, " ")

"""Values and names of a cluster as one line of text that cannot play tricks on a reader."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from decimal import Decimal

from pydantic import JsonValue

from pytest_k8sgrade.grade.model import plain_number
from pytest_k8sgrade.locale.messages import show

ESCAPES = re.compile("\x1b\\[[0-9;?]*[ -/]*[@-~]")
"""Escape sequences of terminals: colours, cursor movements."""

_COMMAND = re.compile(r"`([^`\n]+)`")
_LONGEST = 400
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def visible(text: str, *, keep: str = "") -> str:
    """The text without control, direction and other invisible characters; white space is one space."""
    plain = ESCAPES.sub("", text)
    lines = plain.split("\n") if "\n" in keep else [plain]
    return "\n".join(" ".join(_visible(line).split()) for line in lines).strip()


def _visible(line: str) -> str:
    if line.isprintable():  # nearly all are, and a page has thousands
        return line
    return "".join(map(_shown, line))


def _shown(character: str) -> str:
    if character.isspace():
        return " "
    return "" if unicodedata.category(character) in _INVISIBLE else character


def pieces(text: str) -> Iterator[tuple[str, bool]]:
    """A hint in pieces; True for the commands, which stand between back ticks."""
    shown = visible(text, keep="\n")
    position = 0
    for match in _COMMAND.finditer(shown):
        yield shown[position : match.start()], False
        yield match.group(1), True
        position = match.end()
    yield shown[position:], False


def value_text(value: JsonValue) -> str:
    """What was seen or wanted, shortened."""
    text = visible(show(value))
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def number(value: Decimal) -> str:
    """Points as people write them: `10`, `2.5`."""
    return str(plain_number(value))

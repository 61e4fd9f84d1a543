"""Values and names of a cluster as one line of text that cannot play tricks on a reader."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal

from pydantic import JsonValue

from pytest_k8sgrade.grade.model import plain_number
from pytest_k8sgrade.locale.messages import show

ESCAPES = re.compile("\x1b\\[[0-9;?]*[ -/]*[@-~]")
"""Escape sequences of terminals: colours, cursor movements."""

_SHOWN = 400
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def visible(text: str, *, keep: str = "") -> str:
    """The text without control, direction and other invisible characters; white space is one space."""
    plain = ESCAPES.sub("", text)
    shown = (character if character in keep else _visible(character) for character in plain)
    lines = "".join(shown).split("\n") if "\n" in keep else ["".join(shown)]
    return "\n".join(" ".join(line.split()) for line in lines).strip()


def _visible(character: str) -> str:
    if character.isspace():
        return " "
    return "" if unicodedata.category(character) in _INVISIBLE else character


def value_text(value: JsonValue) -> str:
    """What was seen or wanted, shortened."""
    text = visible(show(value))
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def number(value: Decimal) -> str:
    """Points as people write them: `10`, `2.5`."""
    return str(plain_number(value))

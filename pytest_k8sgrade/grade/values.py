"""Values from a cluster as a grade may hold them: JSON, and text that UTF-8 can write."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import islice
from typing import Any, Final

from pytest_k8sgrade.outcome import JsonValue

LONGEST: Final = 4000
"""Characters of one text; a cluster may tell more than anybody will read."""
MOST: Final = 500
"""Entries of a list or a mapping."""
DEEPEST: Final = 20
_WHOLE: Final = 2**63


def clean(text: str, longest: int = LONGEST) -> str:
    """A text that UTF-8 can hold, shortened: lone surrogates come from escapes in others' JSON and YAML."""
    whole = text if len(text) <= longest else text[: longest - 1] + "…"
    return whole.encode("utf-8", "replace").decode("utf-8")


def json_safe(value: Any, deepest: int = DEEPEST) -> JsonValue:
    """A value that JSON can hold, cut where it goes on and on.

    NaN, infinities and integers of more than 64 bits become text, as does anything foreign.
    """
    if value is None or isinstance(value, bool) or (isinstance(value, int) and -_WHOLE <= value < _WHOLE):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, (Mapping, list, tuple, set, frozenset)):
        return "…" if deepest <= 0 else _parts(value, deepest - 1)
    try:
        return clean(str(value))
    except ValueError:  # an integer with more digits than Python writes
        return "…"


def _parts(value: Any, deepest: int) -> JsonValue:
    more = ["…"] if len(value) > MOST else []
    if isinstance(value, Mapping):
        first = islice(value.items(), MOST)
        found = {clean(str(key)): json_safe(part, deepest) for key, part in first}
        return found | dict.fromkeys(more, len(value))
    if isinstance(value, (set, frozenset)):
        return sorted((json_safe(part, deepest) for part in value), key=repr)[:MOST] + more
    return [json_safe(part, deepest) for part in value[:MOST]] + more

"""JSON of somebody else as the API server would write it: numbers that are numbers, text that is text.

Python reads `NaN` and numbers beyond a float, and takes half a character for a whole one. A
check would fall over them, or a report could not be written.
"""

from __future__ import annotations

import json
import math
from typing import Any, Final, NoReturn

_HALVES: Final = ("\\ud", "\\uD")
"""How halves of a character begin, in a document that may also be all right."""


def parse_json(content: bytes) -> Any:
    """The document; ValueError for what is none, RecursionError for what is nested too deep."""
    text = content.decode("utf-8-sig")
    document = _DECODER.decode(text)
    if not any(half in text for half in _HALVES):
        return document
    return json.loads(json.dumps(document, ensure_ascii=False).encode("utf-8", "replace"))


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("a number that is too large")
    return value


_DECODER: Final = json.JSONDecoder(parse_constant=_no_number, parse_float=_finite)

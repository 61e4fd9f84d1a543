"""What a parameter of a check takes, in a course author's words instead of Python's."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping, Sequence
from typing import Any, Final

_WORDS: Final[Mapping[Any, str]] = {
    str: "a text",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    types.NoneType: "nothing",
}
_LISTS: Final = (list, tuple, Sequence)
_MAPPINGS: Final = (dict, Mapping)


def words_of(annotation: Any, otherwise: str) -> str:
    """`a text`, `'a' or 'b'`, `a list (each a text)`; `otherwise` for what has no words here."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if annotation in _WORDS:
        return _WORDS[annotation]
    if origin is typing.Literal:
        return _or([repr(one) for one in arguments])
    if origin in (typing.Union, types.UnionType):
        return _or([words_of(one, otherwise) for one in arguments])
    if origin in _LISTS and arguments:
        return f"a list (each {words_of(arguments[0], otherwise)})"
    return "a mapping" if (origin or annotation) in _MAPPINGS else otherwise


def _or(words: Sequence[str]) -> str:
    """One number word is enough: whole numbers are numbers."""
    once = [word for word in dict.fromkeys(words) if word != _WORDS[int] or _WORDS[float] not in words]
    return " or ".join(([", ".join(once[:-1])] if once[1:] else []) + once[-1:])

"""Sets of values that an expression can have, and what becomes of them.

A set is a tuple of different values: texts, numbers, tuples and tables of them, and `ANY`
for what cannot be known from the code. A text of which only a part is known has a `HOLE`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, TypeAlias


class _Any:
    def __repr__(self) -> str:
        return "ANY"


ANY: Final = _Any()
"""A value that the code does not show."""

HOLE: Final = "\0"
"""Stands for such a value within a text."""

Values: TypeAlias = tuple[object, ...]

UNKNOWN: Final[Values] = (ANY,)
MANY: Final = 400
PLAIN: Final = frozenset({"lower", "upper", "strip", "rstrip", "lstrip", "title"})
"""Methods of texts whose result depends on the text alone."""


def distinct(values: Iterable[object]) -> Values:
    """Each value once; too many of them are as good as unknown."""
    found = {(type(value), repr(value)): value for value in values}
    return tuple(found.values()) if len(found) <= MANY else UNKNOWN


def texts(values: Values) -> tuple[frozenset[str], bool]:
    """The texts among values, and whether there is nothing else but None."""
    found = frozenset(value for value in values if isinstance(value, str) and HOLE not in value)
    return found, all(value is None or (isinstance(value, str) and value in found) for value in values)


def members(value: object) -> Values:
    """What a loop over a value meets."""
    if isinstance(value, Mapping):
        return tuple(value)
    if isinstance(value, (tuple, list, set, frozenset)):
        return tuple(value)
    return UNKNOWN


def at(value: object, index: int) -> object:
    """The element of a pair, or of any other tuple, that is taken apart."""
    if isinstance(value, (tuple, list)) and index < len(value):
        return value[index]
    return ANY


def looked_up(value: object, keys: Values) -> Iterator[object]:
    """The elements of a tuple or table under keys; all of them where a key is not known."""
    if not isinstance(value, (Mapping, tuple, list)) or isinstance(value, str):
        yield ANY
        return
    table = value if isinstance(value, Mapping) else dict(enumerate(value))
    for key in keys:
        if key is ANY:
            yield from table.values()
        elif isinstance(key, (str, int, bool)) and key in table:
            yield table[key]


def view(value: object, method: str) -> object:
    """What `items`, `keys` or `values` gives."""
    if not isinstance(value, Mapping):
        return ANY
    return tuple(getattr(value, method)())


def plainly(value: object, method: str) -> object:
    """What a method of `PLAIN` makes of a text."""
    return getattr(value, method)() if isinstance(value, str) else ANY


def shown(values: Values) -> list[str]:
    """Values as parts of a text, with a hole for what is unknown."""
    return [str(value) if isinstance(value, (str, int)) else HOLE for value in values]


def joined(options: Sequence[Sequence[str]]) -> Values:
    """All texts whose parts are taken from the options, one after the other."""
    found = ("".join(parts) for parts in itertools.product(*options))
    return distinct(itertools.islice(found, MANY + 1))


def combined(options: Sequence[Values]) -> Values:
    """All tuples whose elements are taken from the options."""
    return distinct(itertools.islice(itertools.product(*options), MANY + 1))


def frozen(value: object) -> object:
    """A value of a rubric: its lists become tuples."""
    if isinstance(value, Mapping):
        return {key: frozen(part) for key, part in value.items()}
    return tuple(frozen(part) for part in value) if isinstance(value, (list, tuple)) else value

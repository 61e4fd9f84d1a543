"""The part of a message that says what there is: the nearest word, and the list of choices."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_SHOWN = 20


def choices(wrong: str, there_is: Iterable[str], what: str = "there is") -> str:
    """`did you mean 'points'? there is: id, points, title` or `there is none`."""
    known = sorted(there_is)
    if not known:
        return f"{what}: none"
    near = difflib.get_close_matches(wrong, known, n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    more = f", … ({len(known)} in all)" if len(known) > _SHOWN else ""
    return f"{hint}{what}: {', '.join(known[:_SHOWN])}{more}"

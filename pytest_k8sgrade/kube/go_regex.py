"""Regular expressions as the programs of a cluster read them: Go's syntax, in linear time.

Students write them into routes and rules, so they may be wrong, or made to take for ever
in a matcher that tries every way. RE2 is what Go's own package was made after.
"""

from __future__ import annotations

import re
from typing import Any, Final

LONGEST: Final = 4096
"""Characters of an expression; matching takes its length times that of the text."""
_MAX_MEMORY: Final = 2 * 1024 * 1024
_COMPILED: Final = 64 * 1024 * 1024
"""Bytes of an expression that is only to be told from none: Go takes larger ones than we match."""
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)


def go_regex(pattern: str, memory: int = _MAX_MEMORY) -> Any:
    """The compiled expression, a `re2` object; ValueError for what Go would refuse or hardly could hold."""
    import re2  # noqa: PLC0415 - only where a student wrote an expression

    options = re2.Options()
    options.log_errors = False
    options.max_mem = memory
    if len(pattern) > LONGEST:
        raise ValueError(f"an expression of more than {LONGEST} characters")
    if "C" in _ESCAPE.findall(pattern):
        raise ValueError("\\C: a byte of a character")
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        raise ValueError(str(error)) from error


def is_expression(pattern: str) -> bool:
    """Whether Go takes it, as far as it is tried: one that is too long for us may be one."""
    try:
        go_regex(pattern, _COMPILED)
    except ValueError:
        return len(pattern) > LONGEST
    return True


def matches_all(pattern: str, text: str) -> bool:
    """Whether the anchored expression takes the whole text; ValueError as above."""
    return go_regex(pattern).fullmatch(text) is not None

"""Versions of the evidence file's index, and how an older one becomes the present one.

A version is raised when a reader that does not know the new one would grade it
differently. Each step is a function from one version to the next, so that a file of
any age is read by going through all of them; `evidence.unpack` is the caller.

1. exchanges, cluster, clock, and of the run: rubric, times, held looks
2. of the run also `set`, the rubric's variables that were set by hand, and `mark`, what
   the person was told then
3. also `asked`, the active checks that were asked for, and `outcomes`, what each of them found
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

FORMAT: Final = 3
"""The version that is written."""


class UnknownFormatError(Exception):
    """A version that cannot be read, as it is written, and whether a newer program wrote it."""

    def __init__(self, found: str, *, newer: bool) -> None:
        super().__init__(found)
        self.found = found
        self.newer = newer


def upgraded(index: object) -> Mapping[str, Any]:
    """The index as the present version has it; raises `UnknownFormatError`."""
    found = index.get("k8sgrade_evidence") if isinstance(index, dict) else None
    if not isinstance(index, dict) or type(found) is not int or found < 1:
        raise UnknownFormatError(ascii(found)[:80], newer=False)
    if found > FORMAT:
        raise UnknownFormatError(str(found), newer=True)
    for version in range(found, FORMAT):
        index = _STEPS[version](index)
    return index


def _with_set_and_mark(index: Mapping[str, Any]) -> dict[str, Any]:
    """Before 2 nobody noted what was set, nor the mark."""
    return {**index, "run": {"set": {}, "mark": None, **index["run"]}, "k8sgrade_evidence": 2}


def _with_active_checks(index: Mapping[str, Any]) -> dict[str, Any]:
    """Before 3 nobody acted."""
    return {**index, "run": {"asked": [], "outcomes": {}, **index["run"]}, "k8sgrade_evidence": 3}


_STEPS: Final[Mapping[int, Callable[[Mapping[str, Any]], dict[str, Any]]]] = {
    1: _with_set_and_mark,
    2: _with_active_checks,
}
"""By the version that they begin with."""

"""Output where an encoding lacks some signs: redirected on a Korean Windows it is cp949, without `✓`.

A sign that is missing becomes one that every encoding has; the words around it stay as they are, and
nothing ends in an exception.
"""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from typing import Final, TextIO

ERRORS: Final = "k8sgrade-signs"
"""The name by which codecs know how missing signs are replaced."""

_STAND_INS: Final[Mapping[str, str]] = {
    "✓": "v",
    "✗": "x",
    "…": "...",
    "“": '"',
    "”": '"',
    "\u2013": "-",
    "→": "->",
    "·": "-",
}


def be_tolerant(stream: TextIO | None) -> None:
    """Let a stream replace what its encoding lacks; one that is no text stream of Python's stays as it is."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors=ERRORS)


def _replaced(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    missing = error.object[error.start : error.end]
    return "".join(_STAND_INS.get(sign) or _escaped(sign) for sign in missing), error.end


def _escaped(sign: str) -> str:
    return sign.encode("ascii", "backslashreplace").decode("ascii")


codecs.register_error(ERRORS, _replaced)

"""Ids and names of students: what they may be, so that files, tables and spreadsheets hold them as they are.

An id becomes the name of a folder and a cell of a gradebook. One that a file system or a
spreadsheet would change is refused instead of being changed: marks are looked up by it.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from pytest_k8sgrade.gradebook.cells import is_formula
from pytest_k8sgrade.rubric.faults import quoted

MAX_ID: Final = 80
MAX_TEXT: Final = 300
LOOKED_UP: Final = ("email", "canvas_id", "sis_user_id", "sis_login_id", "username")
"""What other systems know a student by: exported as it is, or not at all."""

_FORBIDDEN: Final = frozenset('/\\:*?"<>|')
"""What file systems of one kind or another keep for themselves."""

_REFUSED: Final = (
    (re.compile(r"[\W_].*"), "must begin with a letter or a digit"),
    (re.compile(r".*\."), "may not end with a dot"),
    (
        re.compile(r"\d([.,]\d+)?E\+\d+", re.I | re.A),
        "is a number that a spreadsheet has rounded: make it text",
    ),
    (
        re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.I | re.A),
        "is a name that Windows keeps for itself",
    ),
)


def id_of(written: str) -> str:
    """The id in the one form that it is compared in."""
    return unicodedata.normalize("NFC", written.strip())


def fault_of_id(student: str) -> str | None:
    """What is wrong with an id."""
    wrong = sorted({char for char in student if char in _FORBIDDEN or not char.isprintable()})
    told = f"the id {quoted(student)}"
    if wrong:
        return f"{told} may not have {', '.join(map(repr, wrong))} in it"
    if len(student) > MAX_ID:
        return f"{told} has {len(student)} characters; it may have at most {MAX_ID}"
    return next((f"{told} {why}" for pattern, why in _REFUSED if pattern.fullmatch(student)), None)


def fault_of_text(text: str, column: str) -> str | None:
    """What is wrong with a name, an address or a group."""
    if len(text) > MAX_TEXT:
        return f"{column} has {len(text)} characters; it may have at most {MAX_TEXT}"
    if any(unicodedata.category(char) in ("Cc", "Cs") for char in text):
        return f"{column} {quoted(text)} has a line break or another control character in it"
    if column in LOOKED_UP and is_formula(text):
        return f"{column} {quoted(text)} is a formula to a spreadsheet; marks could not be looked up by it"
    return None

"""Texts of other people as cells of a CSV file that no spreadsheet takes for a formula.

As OWASP advises, a cell that begins with one of `= + - @`, their full-width forms, a
tab or a line end gets an apostrophe before it, and every cell is quoted by the rules
of CSV. Plain numbers, also negative ones, are no formulas and stay as they are. What cannot
be seen is left out. Ids and addresses have to match those of another system: a roster
refuses those that would be changed here.
"""

from __future__ import annotations

import re

from pytest_k8sgrade.reports.text import visible

_FORMULA = re.compile(r"[=+\-@＝＋－＠\t\r\n]")  # noqa: RUF001 - the full-width forms are meant
_NUMBER = re.compile(r"[+-]?\d{1,30}(\.\d{1,30})?", re.ASCII)
_LONGEST = 1000


def is_formula(text: str) -> bool:
    """Whether a spreadsheet may take a cell for a formula."""
    return _FORMULA.match(text) is not None and _NUMBER.fullmatch(text) is None


def exact(text: str | None) -> str:
    """A cell with an id or an address; changed only where it would be a formula."""
    if not text:
        return ""
    shown = text if text.isprintable() and text == text.strip() else visible(text)
    return f"'{shown}" if is_formula(shown) else shown


def free(text: str | None) -> str:
    """A cell with a name or a sentence: one line, of a length that people read."""
    shown = visible(text or "")
    return exact(shown if len(shown) <= _LONGEST else shown[: _LONGEST - 1] + "…")

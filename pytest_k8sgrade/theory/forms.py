"""What an answer may look like: a number, one of some words, a letter.

Each form says of a value whether it is right, wrong or nothing that it can read. Equal forms
are equal: `5`, `5.0`, `"5"` and, where a unit is asked, `5 min`, `300 s` and `5분`. Words are
compared as a whole with an explicit list, without regard to case, width and spaces.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal, Protocol, TypeAlias

from pytest_k8sgrade.theory.sheet import Value
from pytest_k8sgrade.theory.units import UNITS, factor

Read: TypeAlias = Literal["right", "wrong", "unreadable"]

_NUMBER: Final = re.compile(
    r"(?P<number>[-+]?(?:\d{1,3}(?:,\d{3})+|\d{1,15})(?:\.\d{0,15})?|[-+]?\.\d{1,15})\s*(?P<unit>[^\d\s.,].{0,20})?"
)
_SHOWN_DIGITS: Final = 3


class Form(Protocol):
    """The form of one blank. `unreadable` is the reason for a value that has none of its forms."""

    @property
    def unreadable(self) -> str:
        """The id of a reason."""

    @property
    def right(self) -> str:
        """The right answer, as a person writes it."""

    @property
    def wanted(self) -> str:
        """What can be written, in marks that need no language: `number [min]`, `a | b | c`."""

    def read(self, value: Value) -> Read:
        """What a value that was given is."""


@dataclass(frozen=True, slots=True)
class NumberForm:
    """A number, with `unit` in it or one like it.

    With `digits` it is only as exact as that many decimals, with `percent` it may be off by that much.
    """

    number: Fraction
    unit: str = ""
    digits: int | None = None
    percent: Fraction = Fraction(0)
    unreadable: str = "theory-no-number"

    def __post_init__(self) -> None:
        if self.unit and self.unit not in UNITS:
            raise ValueError(f"{self.unit!r} is no unit; there are {', '.join(sorted(UNITS))}")

    @property
    def right(self) -> str:
        """The number in the asked unit."""
        return f"{shown(self.number, self.digits)}{' ' if self.unit else ''}{self.unit}"

    @property
    def wanted(self) -> str:
        """A number, the decimals that count, and its unit."""
        decimals = f" (0.{'0' * self.digits})" if self.digits else ""
        return f"number{decimals}" + (f" [{self.unit}]" if self.unit else "")

    def read(self, value: Value) -> Read:
        """Compare as numbers, whatever they are written like."""
        number = self._number(value)
        if number is None:
            return "unreadable"
        rounded = Fraction(0) if self.digits is None else Fraction(1, 2 * 10**self.digits)
        allowed = max(rounded, abs(self.number) * self.percent / 100)
        return "right" if abs(number - self.number) <= allowed else "wrong"

    def _number(self, value: Value) -> Fraction | None:
        if isinstance(value, bool) or value is None:
            return None
        if isinstance(value, (int, float)):
            return Fraction(str(value)) if math.isfinite(value) else None
        match = _NUMBER.fullmatch(unicodedata.normalize("NFKC", value).strip())
        if match is None:
            return None
        number, unit = Fraction(match["number"].replace(",", "")), (match["unit"] or "").strip()
        times = factor(unit, self.unit) if unit else Fraction(1)
        return number * times if times is not None else None


@dataclass(frozen=True, slots=True)
class WordForm:
    """One of some words or short texts.

    `known` are the words to choose from, if that is a list, and `spellings` all that they may be
    written like.
    """

    accepted: tuple[str, ...]
    known: tuple[str, ...] = ()
    spellings: tuple[str, ...] = ()
    unreadable: str = "theory-no-word"

    @property
    def right(self) -> str:
        """The first of the accepted texts."""
        return self.accepted[0]

    @property
    def wanted(self) -> str:
        """The list to choose from, if there is one."""
        return " | ".join(self.known) or "text"

    def read(self, value: Value) -> Read:
        """Compare as a whole with each of them."""
        given = normal(value)
        if given in {normal(one) for one in self.accepted}:
            return "right"
        makes_sense = not self.known or given in {normal(one) for one in (*self.known, *self.spellings)}
        return "wrong" if makes_sense else "unreadable"


def letters(options: Sequence[object]) -> list[str]:
    """A letter for each of some options."""
    return [chr(ord("a") + at) for at in range(len(options))]


def letter_form(right: str, options: Sequence[object]) -> WordForm:
    """The letter of one of some options."""
    return WordForm((right,), tuple(letters(options)))


def normal(value: Value) -> str:
    """A text without regard to case, width of letters and number of spaces."""
    if isinstance(value, bool):
        value = "true" if value else "false"
    return " ".join(unicodedata.normalize("NFKC", str(value)).casefold().split())


def shown(number: Fraction, digits: int | None = None) -> str:
    """A number as a person writes it, with at most three decimals: `7`, `6.8`, `6.667`."""
    places = _SHOWN_DIGITS if digits is None else digits
    text = f"{float(round(number, places)):.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text

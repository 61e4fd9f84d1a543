"""The numbers of a question: drawn from lists, tried until they fit together, and computed from.

Names are those of the rubric; what was drawn or computed can be used in every later formula.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Final

from pytest_k8sgrade.theory.drawing import Draw
from pytest_k8sgrade.theory.forms import shown
from pytest_k8sgrade.theory.formula import FormulaError, compute, holds

ATTEMPTS: Final = 200
"""Draws until the condition must have been met; a condition that is so seldom true is a fault."""


def drawn(draw: Draw, options: Mapping[str, Sequence[int | float]], where: str = "") -> dict[str, Fraction]:
    """A number from each list, such that the condition holds; raises `FormulaError` if it never does."""
    for attempt in range(ATTEMPTS):
        found = {
            name: Fraction(str(draw.pick(f"{name}/{attempt}", numbers))) for name, numbers in options.items()
        }
        if not where or holds(where, found):
            return found
    raise FormulaError(f"{where!r} holds for none of {ATTEMPTS} draws")


def computed(values: Mapping[str, Fraction], formulas: Mapping[str, str]) -> dict[str, Fraction]:
    """The values with those of some formulas, each of which may use the ones before it."""
    found = dict(values)
    for name, formula in formulas.items():
        found[name] = compute(formula, found)
    return found


def texts(values: Mapping[str, Fraction]) -> dict[str, str]:
    """The numbers as a text shows them."""
    return {name: shown(value) for name, value in values.items()}

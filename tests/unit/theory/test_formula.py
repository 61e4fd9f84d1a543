"""Formulas are computed exactly, and reach nothing."""

from __future__ import annotations

from fractions import Fraction

import pytest

from pytest_k8sgrade.theory.formula import FormulaError, compute, holds

VALUES = {"current": Fraction(4), "metric": Fraction(85), "target": Fraction(50)}


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("ceil(current * metric / target)", 7),
        ("metric / target", Fraction(17, 10)),
        ("0.1 + 0.2", Fraction(3, 10)),
        ("3 if metric > target and not current == 1 else 5", 3),
        ("1 if 0.9 <= metric / target <= 1.1 else 2", 2),
        ("max(1, min(9, current), 2) - -1", 5),
        ("floor(7 / 2) + 7 // 2 + 7 % 4 + abs(1 - 2) + round(2.6)", 13),
        ("1 if current != 4 or metric >= 85 else 0", 1),
    ],
)
def test_values(formula: str, expected: Fraction | int) -> None:
    """No rounding of the machine."""
    assert compute(formula, VALUES) == expected


@pytest.mark.parametrize(
    "formula",
    [
        "__import__('os')",
        "current.real",
        "[current][0]",
        "'a' * 3",
        "9 ** 9 ** 9",
        "(lambda: 1)()",
        "unknown + 1",
        "current / 0",
        "current in (1, 2)",
        "max()",
        "ceil(x=1)",
        "1 +",
        "(" * 300 + "1" + ")" * 300,
        "*".join(["9999999999"] * 20),
        "+".join(["1"] * 400),
        "max(key=current)",
        "current if",
        "f'{current}'",
        "1j",
        "None",
    ],
)
def test_what_is_no_formula_is_a_fault(formula: str) -> None:
    """Told as one, whatever is tried."""
    with pytest.raises(FormulaError):
        compute(formula, VALUES)


def test_conditions() -> None:
    """True is what is not 0."""
    assert holds("abs(metric / target - 1) > 0.1", VALUES)
    assert not holds("metric < target", VALUES)

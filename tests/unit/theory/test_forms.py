"""Equal forms of an answer are equal; nothing is matched in part."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from pytest_k8sgrade.theory.forms import NumberForm, WordForm, shown

FIVE = NumberForm(Fraction(5))
MINUTES = NumberForm(Fraction("43.2"), "min", 1)
GIB = NumberForm(Fraction(3, 2), "GiB", 1)
CORES = NumberForm(Fraction(1, 2), "cores")
PILLAR = WordForm(("metrics", "메트릭"), ("metrics", "logs"), ("메트릭", "log", "로그"))


@pytest.mark.parametrize(
    ("form", "value", "expected"),
    [
        *((FIVE, value, "right") for value in (5, 5.0, "5", "5.0", " 5 ", "+5", "5.", "\uff15")),
        *((FIVE, value, "wrong") for value in (4, 5.01, "-5", "50", "0.5", "5,000")),
        *((FIVE, value, "unreadable") for value in ("five", "5 or 6", True, "5 5", "5 pods", "", "1e3")),
        *((FIVE, value, "unreadable") for value in (float("inf"), float("nan"), "5/1", "0x5", "9" * 99)),
        *((MINUTES, value, "right") for value in (43.2, "43.2", "43.2 min", "43.2m", "43.2분", "2592 s")),
        *((MINUTES, value, "right") for value in ("0.72 h", "2592초", 43.15, 43.24, "43.2  minutes")),
        *((MINUTES, value, "wrong") for value in ("43.2 s", 43.3, 43, "43.2 h")),
        *((MINUTES, value, "unreadable") for value in ("43.2 GiB", "43.2 furlongs", "43.2 min.")),
        (GIB, "1536 MiB", "right"),
        (GIB, "1.5Gi", "right"),
        (GIB, "1.5 GB", "wrong"),
        (CORES, "500m", "right"),
        (CORES, "0.5", "right"),
        (CORES, "500", "wrong"),
        (NumberForm(Fraction(1234567)), "1,234,567", "right"),
        (NumberForm(Fraction(1234567)), "12,34567", "unreadable"),
        (NumberForm(Fraction(73), "%"), "73 %", "right"),
        (NumberForm(Fraction(2, 3), digits=2), "0.67", "right"),
        (NumberForm(Fraction(2, 3), digits=2), "0.6667", "right"),
        (NumberForm(Fraction(2, 3), digits=2), "0.66", "wrong"),
        (NumberForm(Fraction(200), digits=1, percent=Fraction(2)), "196", "right"),
        (NumberForm(Fraction(200), digits=1, percent=Fraction(2)), "195.9", "wrong"),
    ],
)
def test_numbers(form: NumberForm, value: Any, expected: str) -> None:
    """As numbers, in the asked unit or one of its kind."""
    assert form.read(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        *((value, "right") for value in ("metrics", "Metrics", " METRICS ", "메트릭", "\uff4detrics")),
        *((value, "wrong") for value in ("logs", "로그", "log")),
        *((value, "unreadable") for value in ("metric", "metrics or logs", "not metrics", 7, True)),
    ],
)
def test_words(value: Any, expected: str) -> None:
    """As a whole, from the list, whatever their case and width."""
    assert PILLAR.read(value) == expected


def test_yes_may_be_a_truth_value() -> None:
    """YAML reads `true` as one."""
    assert WordForm(("yes", "true"), ("yes", "no")).read(value=True) == "right"
    assert WordForm(("yes", "true"), ("yes", "no"), ("false",)).read(value=False) == "wrong"


def test_how_numbers_are_shown() -> None:
    """Short, and rounded where they do not end."""
    numbers = [Fraction(7), Fraction("6.8"), Fraction(20, 3), Fraction(-1, 4), Fraction(100)]
    assert [shown(number) for number in numbers] == ["7", "6.8", "6.667", "-0.25", "100"]
    assert shown(Fraction(20, 3), 1) == "6.7"


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        ("0.25 cores", "m", "right"),
        ("250m", "m", "right"),
        ("250 min", "m", "unreadable"),
        ("250m", "cores", "right"),
        ("15m", "min", "right"),
        ("15m", "s", "right"),
    ],
)
def test_the_asked_unit_says_what_m_means(value: str, unit: str, expected: str) -> None:
    """A thousandth of a core where cores are asked, in thousandths too, and a minute where times are."""
    numbers = {"m": Fraction(250), "cores": Fraction(1, 4), "min": Fraction(15), "s": Fraction(900)}
    assert NumberForm(numbers[unit], unit).read(value) == expected

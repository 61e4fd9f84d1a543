"""Units that an answer may carry, with every way of writing them that is accepted.

A unit is only compared with those of its own dimension: `m` is a minute where minutes are
asked, and a thousandth of a core where cores are.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Final

_Spellings = tuple[str, ...]

_DIMENSIONS: Final[tuple[Mapping[_Spellings, Fraction], ...]] = (
    {
        ("ms", "millisecond", "milliseconds", "밀리초"): Fraction(1, 1000),
        ("s", "sec", "second", "seconds", "초"): Fraction(1),
        ("min", "m", "minute", "minutes", "분"): Fraction(60),
        ("h", "hour", "hours", "시간"): Fraction(3600),
        ("d", "day", "days", "일"): Fraction(86400),
    },
    {
        ("B", "byte", "bytes", "바이트"): Fraction(1),
        ("kB", "KB"): Fraction(10**3),
        ("MB",): Fraction(10**6),
        ("GB",): Fraction(10**9),
        ("KiB", "Ki"): Fraction(2**10),
        ("MiB", "Mi"): Fraction(2**20),
        ("GiB", "Gi"): Fraction(2**30),
    },
    {
        ("cores", "core", "cpu", "CPU", "코어"): Fraction(1),
        ("m", "millicores", "mCPU", "밀리코어"): Fraction(1, 1000),
    },
    {("%", "percent", "퍼센트"): Fraction(1)},
    {("/s", "per second", "requests/s", "req/s", "rps", "요청/초", "회/초"): Fraction(1)},
    {("pods", "pod", "replicas", "replica", "Pods", "Pod", "개", "레플리카"): Fraction(1)},
)
UNITS: Final = frozenset(spellings[0] for dimension in _DIMENSIONS for spellings in dimension)
"""What a rubric may ask for."""


def factor(unit: str, asked: str) -> Fraction | None:
    """How many of the asked unit one of this unit is; None when it is no unit of that dimension.

    What is asked is one of `UNITS`, which names its dimension; a spelling may be one of several.
    """
    for dimension in _DIMENSIONS:
        known = {spellings[0]: value for spellings, value in dimension.items()}
        if asked in known:
            factors = {spelling: value for spellings, value in dimension.items() for spelling in spellings}
            return factors[unit] / known[asked] if unit in factors else None
    return None

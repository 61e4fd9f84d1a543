"""Kubernetes quantities as exact decimals: `500m` and `0.5` are one value.

The API server normalises quantities only in part (536870912 stays, 32768Ki becomes
32Mi), so two of them may be compared only after parsing.
"""

from __future__ import annotations

import re
from decimal import Context, Decimal

_SUFFIXES: dict[str, Decimal] = {
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    "": Decimal(1),
    "k": Decimal("1e3"),
    "M": Decimal("1e6"),
    "G": Decimal("1e9"),
    "T": Decimal("1e12"),
    "P": Decimal("1e15"),
    "E": Decimal("1e18"),
    "Ki": Decimal(1024),
    "Mi": Decimal(1024**2),
    "Gi": Decimal(1024**3),
    "Ti": Decimal(1024**4),
    "Pi": Decimal(1024**5),
    "Ei": Decimal(1024**6),
}
_EXACT = Context(prec=200)
"""More digits than a number that is read here can have: the usual 28 would round."""

_QUANTITY = re.compile(
    r"(?P<number>[+-]?(?:\d{1,64}(?:\.\d{0,64})?|\.\d{1,64}))(?P<suffix>[eE][+-]?\d{1,3}|[A-Za-z]{0,2})",
    re.ASCII,
)


def parse_quantity(text: str | int | float) -> Decimal:
    """The exact value, in base units (cores, bytes); ValueError when it is no quantity."""
    if isinstance(text, bool):
        raise ValueError(f"not a quantity: {text!r}")
    match = _QUANTITY.fullmatch(str(text).strip())
    if match is None:
        raise ValueError(f"not a quantity: {text!r}")
    number, suffix = match["number"], match["suffix"]
    if suffix[:1] in ("e", "E") and suffix[-1].isdigit():
        return Decimal(f"{number}{suffix}")
    if suffix not in _SUFFIXES:
        raise ValueError(f"not a quantity: {text!r} (unknown suffix {suffix!r})")
    return _EXACT.multiply(Decimal(number), _SUFFIXES[suffix])

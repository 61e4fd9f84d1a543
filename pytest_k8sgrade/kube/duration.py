"""Durations as seconds, in the ways Kubernetes, Go and Prometheus write them.

Go knows fractions and no unit above hours (`1m30s`, `1.5h`), Prometheus knows days,
weeks and years and no fractions (`2m`, `1d`). Here both are read; a bare number is
seconds, as in most fields of the API.
"""

from __future__ import annotations

import re
from datetime import timedelta

_UNITS: dict[str, float] = {
    "ns": 1e-9,
    "us": 1e-6,
    "µs": 1e-6,
    "μs": 1e-6,
    "ms": 1e-3,
    "s": 1.0,
    "m": 60.0,
    "h": 3600.0,
    "d": 86400.0,
    "w": 604800.0,
    "y": 31536000.0,
}
_PART = re.compile(r"(\d{1,18}(?:\.\d{0,18})?|\.\d{1,18})(ns|us|µs|μs|ms|s|m|h|d|w|y)", re.ASCII)
_NUMBER = re.compile(r"\d{1,18}(?:\.\d{1,18})?", re.ASCII)


def parse_duration(text: str | int | float) -> float:
    """The duration in seconds, never negative; ValueError when it is none."""
    if isinstance(text, bool):
        raise ValueError(f"not a duration: {text!r}")
    written = str(text).strip()
    if _NUMBER.fullmatch(written):
        return float(written)
    parts = list(_PART.finditer(written))
    if not parts or "".join(part.group(0) for part in parts) != written:
        raise ValueError(f"not a duration: {text!r}")
    return sum(float(part[1]) * _UNITS[part[2]] for part in parts)


def format_duration(span: timedelta) -> str:
    """A duration in its largest whole unit, as people say it: `4d`, `2h`, `12m`, `30s`."""
    seconds = max(0, int(span.total_seconds()))
    unit = next((unit for unit in ("d", "h", "m") if seconds >= _UNITS[unit]), "s")
    return f"{seconds // int(_UNITS[unit])}{unit}"

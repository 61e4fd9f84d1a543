"""The text format in which programs expose metrics, as Prometheus scrapes it.

Both Prometheus' own format and OpenMetrics are read as far as they agree: one sample a
line, `name{label="value"} number`, with an optional time behind it. What else a line may
be is a comment; a page with any other line is none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_QUOTED = r'"(?:\\.|[^"\\])*"'
_LABEL = re.compile(rf"\s*(?P<name>[A-Za-z_]\w*|{_QUOTED})\s*=\s*(?P<value>{_QUOTED})\s*(?:,|$)", re.ASCII)
_SAMPLE = re.compile(
    rf"(?P<name>[A-Za-z_:][\w:]*)(?:\s*\{{(?P<labels>(?:{_QUOTED}|[^\"}}])*)\}})?\s+"
    r"(?P<value>[-+.\w]+)(?:\s+[-+.\d]+)?(?:\s+#.*)?",
    re.ASCII,
)
_TYPE = re.compile(r"#\s*TYPE\s+(?P<name>\S+)\s+(?P<type>\w+)", re.ASCII)
_ESCAPED = {"n": "\n"}


@dataclass(frozen=True, slots=True)
class Exposed:
    """One sample; the value may be NaN or infinite."""

    name: str
    labels: dict[str, str]
    value: float


def parse(text: str) -> list[Exposed]:
    """The samples of a page; ValueError, naming the line, for a page that is none."""
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        match = _SAMPLE.fullmatch(stripped)
        if match is None:
            raise ValueError(f"line {number} is no sample")
        found.append(
            Exposed(match["name"], _labels(match["labels"] or "", number), _number(match["value"], number))
        )
    return found


def types(text: str) -> dict[str, str]:
    """The type of each metric that declares one."""
    declared = (_TYPE.fullmatch(line.strip()) for line in text.splitlines())
    return {one["name"]: one["type"] for one in declared if one is not None}


def type_of(text: str, metric: str) -> str:
    """The type of a metric; OpenMetrics declares a counter without the ending of its sample."""
    declared = types(text)
    family = metric.removesuffix("_total")
    if metric not in declared and declared.get(family) == "counter":
        return "counter"
    return {"unknown": "untyped"}.get(declared.get(metric, ""), declared.get(metric, "untyped"))


def _labels(text: str, number: int) -> dict[str, str]:
    found: dict[str, str] = {}
    text, at = text.strip(), 0
    while at < len(text):
        match = _LABEL.match(text, at)
        if match is None:
            raise ValueError(f"line {number} has labels that are none")
        found[match["name"].strip('"')] = _unescaped(match["value"][1:-1])
        at = match.end()
    return found


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda one: _ESCAPED.get(one[1], one[1]), text)


def _number(text: str, number: int) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise ValueError(f"line {number} has a value that is no number") from error

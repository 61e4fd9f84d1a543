"""Samples of the kube-state-metrics stand-in, and what all object kinds share.

`Lines` collects samples and writes them in the exposition format; the functions read parts of objects
as the API returns them.
"""

from __future__ import annotations

import datetime
import re
from collections import defaultdict
from typing import Any

TRUTHS = ("true", "false", "unknown")
UNITS = {
    "n": 1e-9, "u": 1e-6, "m": 1e-3, "": 1.0, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12,
    "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40,
}  # fmt: skip

Object = dict[str, Any]


class Lines:
    """Samples grouped by family, so that each family is written in one block as the format asks."""

    def __init__(self) -> None:
        self.samples: dict[str, list[str]] = defaultdict(list)

    def add(self, family: str, value: float | int | bool | None, **labels: str | None) -> None:
        """One sample; a missing value is no sample."""
        if value is None:
            return
        pairs = ",".join(f'{name}="{escape(text or "")}"' for name, text in labels.items())
        number = f"{float(value):g}" if abs(value) < 1e6 else repr(value)
        self.samples[family].append(f"{family}{{{pairs}}} {number}")

    def text(self) -> str:
        """The exposition format."""
        blocks = []
        for family in sorted(self.samples):
            kind = "counter" if family.endswith("_total") else "gauge"
            blocks.append(f"# TYPE {family} {kind}\n" + "\n".join(self.samples[family]))
        return "\n".join(blocks) + "\n"


def escape(text: str) -> str:
    """A label value as the exposition format writes it."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def quantity(text: str) -> float:
    """A Kubernetes quantity as a number."""
    match = re.fullmatch(r"([0-9.eE+-]+?)([numkKMGT]?i?)", text)
    return float(match[1]) * UNITS.get(match[2], 1.0) if match else float("nan")


def seconds(stamp: str | None) -> float | None:
    """An RFC 3339 time as Unix seconds."""
    if not stamp:
        return None
    return datetime.datetime.fromisoformat(stamp.replace("Z", "+00:00")).timestamp()


def condition_lines(lines: Lines, family: str, item: Object, **labels: str | None) -> None:
    """Three samples per condition, one of them 1."""
    for found in item.get("status", {}).get("conditions") or []:
        for truth in TRUTHS:
            lines.add(
                family, found["status"].lower() == truth, **labels, condition=found["type"], status=truth
            )


def meta(item: Object, label: str) -> dict[str, str]:
    """The namespace label and the object's own name label."""
    return {"namespace": item["metadata"].get("namespace", ""), label: item["metadata"]["name"]}


def common(prefix: str, item: Object, lines: Lines, name: dict[str, str]) -> None:
    """Families that every workload has."""
    lines.add(f"{prefix}_created", seconds(item["metadata"].get("creationTimestamp")), **name)
    lines.add(f"{prefix}_metadata_generation", item["metadata"].get("generation"), **name)
    lines.add(
        f"{prefix}_status_observed_generation", item.get("status", {}).get("observedGeneration"), **name
    )

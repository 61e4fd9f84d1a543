"""Stamps: what was built, from which inputs, how long it took.

A component is up to date when its stamp holds the digest of today's inputs and its
output is still there. Stamps are JSON files in the cache, written after the output.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from .files import write_text


@dataclass(frozen=True)
class Stamp:
    """The record of one finished build."""

    inputs: str
    version: str
    seconds: float
    size: int


def read(folder: Path, name: str) -> Stamp | None:
    """Return the stamp of a component, or None if there is none that can be read."""
    try:
        fields = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        return Stamp(**fields)
    except (OSError, ValueError, TypeError):
        return None


def write(folder: Path, name: str, stamp: Stamp) -> None:
    """Record a finished build."""
    write_text(folder / f"{name}.json", json.dumps(asdict(stamp), indent=2) + "\n")


def fresh(folder: Path, name: str, inputs: str, output: Path) -> Stamp | None:
    """Return the stamp if it was made from ``inputs`` and ``output`` exists, else None."""
    stamp = read(folder, name)
    if stamp is None or stamp.inputs != inputs or not output.exists():
        return None
    return stamp

"""The lines of a roster, whatever its form: what `csv_rows`, `yaml_rows` and `folder_rows` make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cell:
    """A value that is not empty, as it is written, and its line."""

    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a roster: cells by column, none of them empty."""

    line: int
    cells: Mapping[str, Cell]
    allow: frozenset[str] = frozenset()

"""The lower bounds that are declared are the ones that `make lowest` tests."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
NOT_RUN = {"import-linter", "mypy", "ruff"}
"""Tools that look at the code and are no part of a test run."""


def test_every_lower_bound_is_tested() -> None:
    """`>=` in pyproject.toml is `==` in tests/lowest.txt."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = [
        *project["dependencies"],
        *(r for rs in project["optional-dependencies"].values() for r in rs),
    ]
    bounds = {m[1]: m[2] for m in (re.match(r"([\w-]+)>=([\d.]+)", line) for line in declared) if m}
    lines = (ROOT / "tests" / "lowest.txt").read_text(encoding="utf-8").splitlines()
    pinned = dict(line.split("==") for line in lines if line and not line.startswith("#"))
    wanted = {name: _padded(bound) for name, bound in bounds.items() if name not in NOT_RUN}
    assert {name: _padded(version) for name, version in pinned.items()} == wanted
    assert len(wanted) > 5


def _padded(version: str) -> tuple[int, ...]:
    parts = [int(part) for part in version.split(".")]
    return tuple(parts + [0] * (3 - len(parts)))

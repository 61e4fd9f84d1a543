"""Live tests need a real cluster: every test below is marked `e2e` and fails when none comes up."""

from __future__ import annotations

import pytest

from tests.testbed.fixtures import beds, empty_bed, half_bed, lab1_bed

__all__ = ["beds", "empty_bed", "half_bed", "lab1_bed"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what lies in this folder; the rest of the tests must never need a cluster."""
    for item in items:
        if __name__.rpartition(".")[0] in item.module.__name__:  # type: ignore[attr-defined]
            item.add_marker(pytest.mark.e2e)

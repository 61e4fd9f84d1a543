"""A lab in a folder of its own for every test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.batch.labs import Lab


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """Whose check does what hand-ins say."""
    return Lab(tmp_path / "lab")

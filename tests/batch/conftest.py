"""A lab in a folder of its own for every test, and Dask clusters."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.batch.dask import DaskCluster
from tests.batch.labs import Lab

WAITS_ONCE = '''

def do_wait_once(cluster) -> None:
    """Wait for ever, but not a second time."""
    try:
        LEDGER.with_name("waited").touch(exist_ok=False)
    except FileExistsError:
        return
    time.sleep(600)
'''


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """Whose check does what hand-ins say."""
    return Lab(tmp_path / "lab")


@pytest.fixture(scope="module")
def dask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskCluster]:
    """Three workers; those that a test kills are started anew by their nannies."""
    with DaskCluster(tmp_path_factory.mktemp("dask"), 3) as cluster:
        yield cluster


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[DaskCluster]:
    """One worker for a test that ends all of it."""
    folder = tmp_path / "dask"
    folder.mkdir()
    with DaskCluster(folder, 1) as cluster:
        yield cluster


@pytest.fixture
def far(lab: Lab) -> Lab:
    """The lab whose checks note their deeds here, wherever they are sent."""
    file = lab.folder / "checks" / "deeds.py"
    told = file.read_text(encoding="utf-8").replace(
        'Path(__file__).parents[1] / "ledger.jsonl"', f"Path({str(lab.ledger)!r})"
    )
    file.write_text(told + WAITS_ONCE, encoding="utf-8")
    return lab

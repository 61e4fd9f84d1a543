"""One server of audited workers, and certificates, for all hostile hand-ins."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_k8sgrade.batch.options import WorkOptions
from tests.security.audited import Auditor
from tests.unit.cluster.certificates import Authority, make_authority


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Certificates for the whole run."""
    return make_authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="session")
def auditor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Auditor]:
    """Workers for lab 1 with a single look."""
    running = Auditor(WorkOptions(rubric="lab1", wait=0.0), tmp_path_factory.mktemp("auditor"))
    yield running
    running.close()


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """The folder of one attempt."""
    folder = tmp_path / "out"
    folder.mkdir()
    return folder

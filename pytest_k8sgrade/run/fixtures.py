"""The fixtures that checks get."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_k8sgrade.run.looks import Looker

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster

LOOKER_KEY = pytest.StashKey[Looker]()


@pytest.fixture
def cluster(request: pytest.FixtureRequest) -> Cluster:
    """The cluster as this round sees it, read-only."""
    return request.config.stash[LOOKER_KEY].current()

"""The fixtures that checks get; `actor` is for active checks only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_k8sgrade.run.collect import CheckItem
from pytest_k8sgrade.run.looks import Looker

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster
    from pytest_k8sgrade.cluster.acting import Actor
    from pytest_k8sgrade.theory.question import Answer

LOOKER_KEY = pytest.StashKey[Looker]()


@pytest.fixture
def cluster(request: pytest.FixtureRequest) -> Cluster:
    """The cluster as this round sees it, read-only."""
    return request.config.stash[LOOKER_KEY].current()


@pytest.fixture
def answer(request: pytest.FixtureRequest) -> Answer:
    """What the student answered to the question that the item is."""
    assert isinstance(request.node, CheckItem)
    return request.config.stash[LOOKER_KEY].answer(request.node.rubric_item.id)


@pytest.fixture
def actor(request: pytest.FixtureRequest) -> Actor:
    """The cluster to change for a while and to watch; what is done is taken back afterwards."""
    return request.config.stash[LOOKER_KEY].acting()

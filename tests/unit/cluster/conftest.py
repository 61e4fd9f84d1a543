"""The fake API server as a fixture; its certificates are made once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_k8sgrade.cluster import Cluster, LiveSource, connect
from pytest_k8sgrade.cluster.connection import connect as open_connection
from pytest_k8sgrade.cluster.kubeconfig import choose
from pytest_k8sgrade.cluster.transport import Transport
from tests.unit.cluster.certificates import Authority, make_authority
from tests.unit.cluster.fake import FakeApi, fake_api


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Certificates for the whole run."""
    return make_authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def api(authority: Authority, tmp_path: Path) -> Iterator[FakeApi]:
    """A fake API server."""
    with fake_api(authority, tmp_path) as running:
        yield running


@pytest.fixture
def source(api: FakeApi) -> Iterator[LiveSource]:
    """A source that reads the fake."""
    opened = connect(api.kubeconfig())
    yield opened
    opened.close()


@pytest.fixture
def cluster(source: LiveSource) -> Cluster:
    """The facade on a fresh view of the fake."""
    return Cluster(source.view())


@pytest.fixture
def transport(api: FakeApi) -> Transport:
    """A transport to the fake."""
    connection, workers = open_connection(choose(api.kubeconfig()))
    return Transport(connection, workers)

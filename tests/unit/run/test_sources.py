"""A cluster as the source of a run: what is read before anybody has asked for it."""

from __future__ import annotations

import threading
from pathlib import Path

from pytest_k8sgrade.cluster import connect
from pytest_k8sgrade.run.sources import LiveCluster
from tests.unit.cluster.certificates import make_authority
from tests.unit.cluster.fake import Answer, FakeApi, Handler, fake_api

NAMESPACE = "/api/v1/namespaces/kube-system"
NODES = "/api/v1/nodes?limit=500"


def test_what_is_expected_is_read_ahead_and_once(tmp_path: Path) -> None:
    """The rubric's reads, and which cluster it is, which the grade asks for when all else is done."""
    with fake_api(make_authority(tmp_path), tmp_path) as api:
        came = {path: _noticed(api, path) for path in (NODES, NAMESPACE)}
        source = LiveCluster(connect(api.kubeconfig()))
        source.expect([NODES])
        assert all(event.wait(10) for event in came.values())
        source.view()
        assert source.subject().cluster_uid == "the-uid"
        assert api.paths().count(NAMESPACE) == 1
        source.close()


def _noticed(api: FakeApi, path: str) -> threading.Event:
    """Set when somebody asks for the path."""
    came = threading.Event()

    def route(_handler: Handler) -> Answer:
        came.set()
        return Answer({"kind": "Namespace", "metadata": {"name": "kube-system", "uid": "the-uid"}})

    api.routes[path] = route
    return came

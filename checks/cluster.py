"""What every lab may ask of the cluster itself: an object, an API, the right cluster.

For kinds that have no checks of their own. That an object is there says nothing of
whether it works: items on top of these ask for that.
"""

from __future__ import annotations

from pytest_k8sgrade.cluster import Cluster
from pytest_k8sgrade.outcome import cannot_tell
from pytest_k8sgrade.services.diagnosis import require_lasting
from pytest_k8sgrade.services.metrics import api_services


def test_has(cluster: Cluster, kind: str, name: str, namespace: str = "", api_version: str = "v1") -> None:
    """The {kind} {name} exists."""
    found = cluster.get(api_version, kind, name, namespace or None)
    require_lasting({**found, "kind": kind})
    cluster.held_since(found["metadata"].get("creationTimestamp"))


def test_serves(cluster: Cluster, api_version: str) -> None:
    """The API {api_version} is registered, and what stands behind it answers."""
    api_services.require_served(cluster, api_version)


def test_is(cluster: Cluster, uid: str) -> None:
    """The cluster is the lab's own: its namespace kube-system has the UID {uid}."""
    if cluster.uid != uid:
        cannot_tell("other-cluster", seen=cluster.uid, wanted=uid, found=cluster.uid, asked=uid)

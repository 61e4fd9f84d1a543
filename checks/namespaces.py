"""Namespaces: there, and not being deleted."""

from __future__ import annotations

from pytest_k8sgrade.cluster import Cluster
from pytest_k8sgrade.outcome import unmet


def test_exists(cluster: Cluster, name: str) -> None:
    """The namespace {name} exists."""
    namespace = cluster.get("v1", "Namespace", name)
    if (namespace.get("status") or {}).get("phase") == "Terminating":
        unmet("namespace-terminating", seen="Terminating", wanted="Active", name=name)

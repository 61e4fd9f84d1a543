"""Namespaces: there, and not being deleted."""

from __future__ import annotations

from pytest_k8sgrade.cluster import Cluster
from pytest_k8sgrade.kube.conditions import conditions
from pytest_k8sgrade.outcome import unmet


def test_exists(cluster: Cluster, name: str) -> None:
    """The namespace {name} exists."""
    namespace = cluster.get("v1", "Namespace", name)
    if (namespace.get("status") or {}).get("phase") == "Terminating":
        held = sorted(one.reason for one in conditions(namespace).values() if one.true)
        if held:
            unmet("namespace-held", seen=held, wanted="Active", name=name, why=held)
        unmet("namespace-terminating", seen="Terminating", wanted="Active", name=name)

"""Pods by name or label, whoever made them: running and ready.

A phase says little: a pod that crashes or that is being deleted may show Running. What
has finished its work (Jobs, hooks) and what its controller has replaced does not count.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_k8sgrade.cluster import Cluster
from pytest_k8sgrade.kube.conditions import condition
from pytest_k8sgrade.kube.rollout import living, pod_ready, pods_shortfall
from pytest_k8sgrade.outcome import absent, unmet
from pytest_k8sgrade.services.diagnosis import require_namespace
from pytest_k8sgrade.services.running import pod_causes, workloads

_ANY = {"en": "any label", "ko": "모든 label"}


def test_ready(
    cluster: Cluster,
    namespace: str,
    *,
    name: str = "",
    labels: dict[str, str] | None = None,
    at_least: int = 1,
) -> None:
    """The pods that were asked for in namespace {namespace} are ready."""
    found = _found(cluster, namespace, name, labels or {})
    pods = living(found)
    trouble = pods_shortfall(pods)
    if trouble is not None:
        workloads.raise_shortfall(pod_causes.explained(cluster, trouble, pods))
    ready = [pod for pod in pods if pod_ready(pod)]
    if len(ready) < at_least:
        gone = sorted(
            str(pod["metadata"]["name"]) for pod in found if pod["metadata"].get("deletionTimestamp")
        )
        counted = {"ready": len(ready), "replicas": at_least, "terminating": gone, "namespace": namespace}
        asked = labels or name or _ANY
        unmet("pods-too-few", seen=len(ready), wanted=at_least, labels=asked, **counted)
    cluster.held_since(*(known.since if (known := condition(pod, "Ready")) else None for pod in ready))


def _found(cluster: Cluster, namespace: str, name: str, labels: Mapping[str, str]) -> list[Mapping[str, Any]]:
    if name:
        return [cluster.get("v1", "Pod", name, namespace)]
    found: list[Mapping[str, Any]] = [*cluster.list("v1", "Pod", namespace, labels=labels)]
    if not found:
        require_namespace(cluster, namespace)
        if not labels:
            absent("pods-none", seen=0, wanted=1, namespace=namespace)
        absent("pods-absent", seen=0, wanted=1, namespace=namespace, labels=labels)
    return found

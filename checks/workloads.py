"""Deployments, StatefulSets and DaemonSets: configured as asked, and rolled out.

Replica counts of a workload that an autoscaler manages are asked as a range.
Quantities and image references are compared by value, not as text.
"""

from __future__ import annotations

from typing import Literal

from pytest_k8sgrade.cluster import Cluster
from pytest_k8sgrade.kube.conditions import condition
from pytest_k8sgrade.kube.rollout import named
from pytest_k8sgrade.outcome import Findings, unmet
from pytest_k8sgrade.services.diagnosis import if_readable
from pytest_k8sgrade.services.running import configured, workloads
from pytest_k8sgrade.services.running.configured import (
    Written,
    require_amounts,
    require_image,
    require_port,
    require_replicas,
)


def test_ready(
    cluster: Cluster,
    name: str,
    namespace: str,
    kind: Literal["Deployment", "StatefulSet", "DaemonSet"] = "Deployment",
    at_least: int = 1,
) -> None:
    """The {kind} {name} is rolled out and its pods are ready."""
    workload = workloads.get(cluster, kind, name, namespace)
    workloads.require_rolled_out(cluster, workload)
    status = workload.get("status") or {}
    ready = status.get("numberReady" if kind == "DaemonSet" else "readyReplicas", 0)
    if ready < at_least:
        counted = {"ready": ready, "replicas": at_least}
        unmet("workload-not-ready", seen=ready, wanted=at_least, **counted, **named(workload))
    pods = if_readable(lambda: workloads.own_pods(workload, workloads.selected_pods(cluster, workload)))
    if pods is not None and len(pods) >= ready:
        cluster.held_since(*(found.since if (found := condition(pod, "Ready")) else None for pod in pods))


def test_configured(
    cluster: Cluster,
    name: str,
    namespace: str,
    *,
    kind: Literal["Deployment", "StatefulSet", "DaemonSet"] = "Deployment",
    container: str = "",
    image: str = "",
    port: int | None = None,
    port_name: str = "",
    min_replicas: int | None = None,
    max_replicas: int | None = None,
    labels: dict[str, str] | None = None,
    requests: dict[str, str] | None = None,
    limits: dict[str, str] | None = None,
) -> None:
    """The {kind} {name} has the image, port, resources and labels that were asked for."""
    workload = workloads.get(cluster, kind, name, namespace)
    found = Findings()
    written = Written(workload, named(workload), found)
    require_replicas(written, min_replicas, max_replicas)
    own_labels = workload["metadata"].get("labels") or {}
    for key, value in (labels or {}).items():
        written.compare(f"metadata.labels[{key}]", own_labels.get(key), value)
    chosen = configured.container(written, container, image)
    if chosen is not None:
        require_image(written, chosen, image)
        require_port(written, chosen, port, port_name)
        require_amounts(written, chosen, "requests", requests or {})
        require_amounts(written, chosen, "limits", limits or {})
    found.close()

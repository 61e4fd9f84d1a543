"""Deployments, StatefulSets and DaemonSets: configured as asked, and rolled out.

Replica counts of a workload that an autoscaler manages are asked as a range.
Quantities and image references are compared by value, not as text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pytest_k8sgrade.cluster import Cluster
from pytest_k8sgrade.kube.conditions import condition
from pytest_k8sgrade.kube.images import same
from pytest_k8sgrade.kube.quantity import parse_quantity
from pytest_k8sgrade.kube.rollout import named
from pytest_k8sgrade.outcome import Findings, unmet
from pytest_k8sgrade.services.diagnosis import if_readable
from pytest_k8sgrade.services.fields import require_equal, require_that
from pytest_k8sgrade.services.running import workloads


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
    found, subject = Findings(), named(workload)
    _require_replicas(found, workload, subject, min_replicas, max_replicas)
    own_labels = workload["metadata"].get("labels") or {}
    for key, value in (labels or {}).items():
        require_equal(found, subject, f"metadata.labels[{key}]", own_labels.get(key), value)
    chosen = _container(workload, container, image)
    if not found.require(
        chosen is not None,
        "container-absent",
        part="container",
        seen=[one["name"] for one in _containers(workload)],
        wanted=container or image,
        container=container or image,
        **subject,
    ):
        found.close()
    assert chosen is not None
    _require_container(found, chosen, subject, image, port, port_name)
    for side, amounts in (("requests", requests), ("limits", limits)):
        _require_amounts(found, chosen, subject, side, amounts or {})
    found.close()


def _containers(workload: workloads.Object) -> list[Mapping[str, Any]]:
    return list(workload["spec"]["template"]["spec"].get("containers") or [])


def _container(workload: workloads.Object, name: str, image: str) -> Mapping[str, Any] | None:
    containers = _containers(workload)
    by_name = [one for one in containers if name and one["name"] == name]
    by_image = [one for one in containers if image and same(one.get("image", ""), image)]
    only = containers if len(containers) == 1 else []
    return next(iter(by_name or by_image or only), None)


def _require_replicas(
    found: Findings,
    workload: workloads.Object,
    subject: Mapping[str, str],
    least: int | None,
    most: int | None,
) -> None:
    if least is None and most is None:
        return
    replicas = workload["spec"].get("replicas", 1)
    inside = (least is None or replicas >= least) and (most is None or replicas <= most)
    asked = str(least) if least == most else f"{least or 0}..{most if most is not None else ''}"
    require_that(found, subject, "spec.replicas", replicas, asked, met=inside)


def _require_container(
    found: Findings,
    container: Mapping[str, Any],
    subject: Mapping[str, str],
    image: str,
    port: int | None,
    port_name: str,
) -> None:
    where = f"spec.template.spec.containers[{container['name']}]"
    if image:
        has = container.get("image", "")
        require_that(found, subject, f"{where}.image", has, image, met=same(has, image))
    if port is None:
        return
    ports = {one["containerPort"]: one.get("name", "") for one in container.get("ports") or []}
    declared = require_equal(
        found, subject, f"{where}.ports.containerPort", port if port in ports else sorted(ports), port
    )
    if port_name and declared:
        require_equal(found, subject, f"{where}.ports[{port}].name", ports[port], port_name)


def _require_amounts(
    found: Findings,
    container: Mapping[str, Any],
    subject: Mapping[str, str],
    side: str,
    asked: Mapping[str, str],
) -> None:
    has = (container.get("resources") or {}).get(side) or {}
    for resource, amount in asked.items():
        value = has.get(resource)
        same_amount = value is not None and parse_quantity(value) == parse_quantity(amount)
        field = f"spec.template.spec.containers[{container['name']}].resources.{side}.{resource}"
        require_that(found, subject, field, value, amount, met=same_amount)

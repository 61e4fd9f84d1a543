"""Cluster Autoscaler: alive, healthy, its node groups, nodes added for pods and given back.

Judged by the status ConfigMap, events and pods, because on managed clusters the program
itself runs out of sight. Where no cloud could add a machine nothing is graded.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from pytest_k8sgrade.cluster import Cluster
from pytest_k8sgrade.kube.duration import parse_duration
from pytest_k8sgrade.kube.node_groups import Area, AutoscalerStatus
from pytest_k8sgrade.outcome import Findings, unmet
from pytest_k8sgrade.services.autoscalers import node_holders, node_scaling
from pytest_k8sgrade.services.autoscalers.node_scaling import Where
from pytest_k8sgrade.services.diagnosis import require_namespace

SYSTEM, CONFIGMAP, FRESH = "kube-system", "cluster-autoscaler-status", "5m"
UNNEEDED = timedelta(minutes=15)
"""A node must be unneeded for 10 minutes by default before it goes; its end takes some more."""


def _status(cluster: Cluster, where: Where, max_age: str) -> AutoscalerStatus:
    status = node_scaling.read(cluster, where)
    limit = timedelta(seconds=parse_duration(max_age))
    node_scaling.require_running(cluster, where, status, limit)
    return status


def test_healthy(
    cluster: Cluster, namespace: str = SYSTEM, configmap: str = CONFIGMAP, max_age: str = FRESH
) -> None:
    """Cluster Autoscaler runs, and says of now that the cluster and its node groups are healthy."""
    where = Where(namespace, configmap)
    status, found = _status(cluster, where, max_age), Findings()
    for area in (status.cluster, *status.groups):
        _require_healthy(found, area, where)
    found.close()


def _require_healthy(found: Findings, area: Area, where: Where) -> None:
    found.require(
        area.health == "Healthy",
        "ca-unhealthy",
        part=f"health/{area.name}" if area.name else "health",
        seen=area.health,
        wanted="Healthy",
        group=area.name or "-",
        health=area.health or "-",
        ready=area.ready,
        registered=area.registered,
        **where.params,
    )


def test_node_group(
    cluster: Cluster,
    name: str,
    *,
    min_size: int | None = None,
    max_size: int | None = None,
    namespace: str = SYSTEM,
    configmap: str = CONFIGMAP,
    max_age: str = FRESH,
) -> None:
    """Cluster Autoscaler manages the node group {name} in the limits that were asked for, and can use it."""
    where = Where(namespace, configmap)
    status = _status(cluster, where, max_age)
    own = [area for area in status.groups if area.name == name]
    if not own:
        names = [area.name for area in status.groups]
        unmet("ca-group-absent", seen=names, wanted=name, group=name, groups=names, **where.params)
    area, found = own[0], Findings()
    _require_healthy(found, area, where)
    for field, asked, has in (("minSize", min_size, area.min_size), ("maxSize", max_size, area.max_size)):
        if asked is not None:
            limits: dict[str, Any] = {"field": field, "has": has, "asked": asked, "group": name}
            found.require(has == asked, "ca-group-size", part=field, **limits, **where.params)
    found.require(
        area.scale_up != "Backoff",
        "ca-backoff",
        part="scaleUp",
        seen=area.scale_up,
        wanted="NoActivity",
        groups=[name],
        code=[area.error_code] if area.error_code else [],
        pod="-",
    )
    found.close()


def test_scaled_up(
    cluster: Cluster, namespace: str, *, system: str = SYSTEM, configmap: str = CONFIGMAP
) -> None:
    """Cluster Autoscaler has added a node for a pod of namespace {namespace}, and none waits for one."""
    events, where = node_scaling.pod_events(cluster, namespace), Where(system, configmap)
    pods = [pod for pod in cluster.list("v1", "Pod", namespace) if node_scaling.unschedulable(pod)]
    pods.sort(key=lambda one: str(one["metadata"]["name"]))
    for pod in pods:
        if not (node_scaling.expendable(pod) or node_scaling.preempting(pod)):
            about = node_scaling.last_about(events, pod["metadata"]["name"])
            node_scaling.explain_pending(cluster, where, pod, about)
    triggered = [event for event in events if event.reason == node_scaling.TRIGGERED]
    if not triggered:
        require_namespace(cluster, namespace)
        node_scaling.require_cloud(cluster)
        expendable = [pod for pod in pods if node_scaling.expendable(pod)]
        node_scaling.explain_never(cluster, where, namespace, expendable)
    cluster.held_since(*(event.at for event in triggered))


def test_scaled_down(
    cluster: Cluster,
    *,
    group: str = "",
    namespace: str = SYSTEM,
    configmap: str = CONFIGMAP,
    max_age: str = FRESH,
) -> None:
    """The node groups are back at their minimum; with {group}, that one."""
    where, found = Where(namespace, configmap), Findings()
    status = _status(cluster, where, max_age)
    areas = [area for area in status.groups if not group or area.name == group]
    if not areas:
        names = [area.name for area in status.groups]
        unmet("ca-group-absent", seen=names, wanted=group, group=group or "-", groups=names, **where.params)
    _require_healthy(found, status.cluster, where)
    for area in areas:
        _require_small(cluster, found, area, where)
    found.close()


def _require_small(cluster: Cluster, found: Findings, area: Area, where: Where) -> None:
    small = area.target is not None and area.min_size is not None and area.target <= area.min_size
    reason, early, facts = _why_large(cluster, area) if not small else ("ca-nodes-leaving", True, {})
    found.require(
        small and not area.leaving,
        reason,
        part=f"group/{area.name}",
        seen=area.registered if small else area.target,
        wanted=area.min_size,
        early=early,
        group=area.name,
        target=area.target,
        registered=area.registered,
        least=area.min_size,
        **facts,
        **where.params,
    )


def _why_large(cluster: Cluster, area: Area) -> tuple[str, bool, dict[str, Any]]:
    """The reason, whether it is only early, and its facts."""
    since = area.scale_down_since
    if area.scale_down == "CandidatesPresent" and (since is None or cluster.now - since < UNNEEDED):
        return "ca-scale-down-waiting", True, {}
    kept = node_holders.kept_nodes(cluster)
    if kept:
        return "ca-node-kept", False, {"nodes": kept, "annotation": node_holders.STAYS}
    held = node_holders.holding_pods(cluster)
    facts = {
        "pods": [name for _, name, _ in held],
        "nodes": list(dict.fromkeys(node for node, _, _ in held)),
        "why": list(dict.fromkeys(why for _, _, why in held)),
    }
    return ("ca-scale-down-held" if held else "ca-not-scaled-down"), False, facts

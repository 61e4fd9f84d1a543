"""What keeps a node from being given back: its pods by Cluster Autoscaler's rules, or its own annotation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pytest_k8sgrade.kube import budgets as disruption
from pytest_k8sgrade.kube.rollout import living
from pytest_k8sgrade.kube.selectors import controller
from pytest_k8sgrade.services.autoscalers.node_scaling import expendable
from pytest_k8sgrade.services.diagnosis import if_readable

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster

Object = Mapping[str, Any]

SAFE = "cluster-autoscaler.kubernetes.io/safe-to-evict"
SAFE_VOLUMES = "cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes"
STAYS = "cluster-autoscaler.kubernetes.io/scale-down-disabled"
_MASTERS = ("node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master")


def kept_nodes(cluster: Cluster) -> list[str]:
    """Nodes that nobody may remove because they say so; those of the control plane are in no group."""
    nodes = if_readable(lambda: cluster.list("v1", "Node")) or []
    return sorted(str(node["metadata"]["name"]) for node in nodes if _stays(node["metadata"]))


def _stays(metadata: Object) -> bool:
    labels = metadata.get("labels") or {}
    return (metadata.get("annotations") or {}).get(STAYS) == "true" and not any(
        one in labels for one in _MASTERS
    )


def holding_pods(cluster: Cluster) -> list[tuple[str, str, str]]:
    """Pods that keep their node from being removed: node, namespace/name, and the message part why.

    The emptiest nodes come first: they are the ones that could go.
    """
    pods = [pod for pod in living(cluster.list("v1", "Pod")) if (pod.get("spec") or {}).get("nodeName")]
    moving = [pod for pod in pods if not _stays_with_node(pod) and not expendable(pod)]
    budgets = if_readable(lambda: cluster.list("policy/v1", "PodDisruptionBudget")) or []
    crowd = Counter(pod["spec"]["nodeName"] for pod in moving)
    found = [(pod["spec"]["nodeName"], _full_name(pod), _why_held(pod, budgets)) for pod in moving]
    held = [(node, name, why) for node, name, why in found if why]
    return sorted(held, key=lambda one: (crowd[one[0]], one))


def _full_name(pod: Object) -> str:
    return f"{pod['metadata'].get('namespace', '')}/{pod['metadata']['name']}"


def _stays_with_node(pod: Object) -> bool:
    """Pods of DaemonSets and the kubelet's own are no reason to keep a node."""
    mirror = "kubernetes.io/config.mirror" in (pod["metadata"].get("annotations") or {})
    owners = pod["metadata"].get("ownerReferences") or []
    return mirror or any(owner.get("kind") in ("DaemonSet", "Node") for owner in owners)


def _why_held(pod: Object, budgets: Sequence[Object]) -> str:
    metadata = pod["metadata"]
    annotations = metadata.get("annotations") or {}
    if annotations.get(SAFE) == "true":
        return ""
    if annotations.get(SAFE) == "false":
        return "safe-to-evict=false"
    if not metadata.get("ownerReferences") and controller(pod) is None:
        return "no controller"
    given_up = annotations.get(SAFE_VOLUMES, "").split(",")
    local = [one for one in pod["spec"].get("volumes") or [] if "hostPath" in one or _on_disk(one)]
    if any(volume.get("name") not in given_up for volume in local):
        return "local storage"
    if disruption.forbidding(budgets, pod):
        return "PodDisruptionBudget"
    alone = metadata.get("namespace") == "kube-system" and not disruption.covering(budgets, pod)
    return "kube-system" if alone else ""


def _on_disk(volume: Object) -> bool:
    """Whether an emptyDir is on the node's disk; those in memory hold nothing since 1.27."""
    return "emptyDir" in volume and (volume["emptyDir"] or {}).get("medium") != "Memory"

"""Why the scheduler finds no node for a pod: gates, claims without a volume, labels, taints, requests.

Told from the objects themselves: the pod's spec against the labels, taints and room of the nodes, and
its claims against the classes and volumes that there are. What the scheduler writes is for people.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from pytest_k8sgrade.kube.placement import taint_barriers, unmet_labels
from pytest_k8sgrade.kube.pod_spec import RESOURCES, amount, pod_request
from pytest_k8sgrade.kube.rollout import Shortfall
from pytest_k8sgrade.services.diagnosis import if_readable

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster

Object: TypeAlias = Mapping[str, Any]

_STORAGE = "storage.k8s.io/v1"
_DEFAULT_CLASS = (
    "storageclass.kubernetes.io/is-default-class",
    "storageclass.beta.kubernetes.io/is-default-class",
)
_SELECTED_NODE = "volume.kubernetes.io/selected-node"


def unscheduled(cluster: Cluster, pod: Object, found: Shortfall) -> Shortfall | None:
    """The cause of a pod's shortfall `pod-unschedulable`; None where the objects do not tell it."""
    return _held_back(pod, found) or _unbound(cluster, pod, found) or _without_node(cluster, pod, found)


def _held_back(pod: Object, found: Shortfall) -> Shortfall | None:
    gates = [str(one["name"]) for one in pod["spec"].get("schedulingGates") or []]
    if not gates:
        return None
    params = {**found.params, "gates": gates}
    return Shortfall("pod-scheduling-gated", params, seen=gates, wanted=[])


def _unbound(cluster: Cluster, pod: Object, found: Shortfall) -> Shortfall | None:
    namespace = pod["metadata"]["namespace"]
    for field, name in claims(pod):
        there = if_readable(lambda: [cluster.find("v1", "PersistentVolumeClaim", name, namespace)])  # noqa: B023 - called at once
        if not there:
            continue
        (claim,) = there
        if claim is None:
            what = {**found.params, "field": field, "kind": "PersistentVolumeClaim", "name": name}
            return Shortfall("pod-reference-missing", what, seen=None, wanted=name)
        phase = str((claim.get("status") or {}).get("phase", "Pending"))
        cause = _not_bound(cluster, claim, phase, found) if phase != "Bound" else None
        if cause is not None:
            return cause
    return None


def claims(pod: Object) -> Iterator[tuple[str, str]]:
    """The claims that a pod mounts, its own ephemeral ones too: the field that names it, and the name."""
    for volume in pod["spec"].get("volumes") or []:
        field = f"spec.volumes[{volume['name']}]"
        if (claim := volume.get("persistentVolumeClaim")) is not None:
            yield f"{field}.persistentVolumeClaim", str(claim["claimName"])
        elif volume.get("ephemeral") is not None:
            yield f"{field}.ephemeral", f"{pod['metadata']['name']}-{volume['name']}"


def _not_bound(cluster: Cluster, claim: Object, phase: str, found: Shortfall) -> Shortfall | None:
    """Why a claim has no volume; None where it only waits for its pod to be scheduled."""
    spec, name = claim.get("spec") or {}, claim["metadata"]["name"]
    wanted = spec.get("storageClassName")
    params = {**found.params, "claim": name, "phase": phase, "storage_class": wanted or "-"}
    unbound = Shortfall("pod-claim-unbound", params, seen=phase, wanted="Bound")
    classes = if_readable(lambda: cluster.list(_STORAGE, "StorageClass"))
    if classes is None or wanted == "" or phase != "Pending":
        return unbound
    known = sorted(str(one["metadata"]["name"]) for one in classes)
    if wanted is None:
        none = not any(_is_default(one) for one in classes)
        given = {**params, "classes": known}
        return Shortfall("pod-claim-without-class", given, seen=known, wanted="default") if none else unbound
    own = next((one for one in classes if one["metadata"]["name"] == wanted), None)
    if own is None:
        if _has_volume(cluster, wanted):
            return unbound
        return Shortfall("pod-claim-class-missing", {**params, "classes": known}, seen=known, wanted=wanted)
    waits = own.get("volumeBindingMode") == "WaitForFirstConsumer"
    chosen = _SELECTED_NODE in (claim["metadata"].get("annotations") or {})
    return None if waits and not chosen else unbound


def _is_default(storage_class: Object) -> bool:
    annotations = storage_class["metadata"].get("annotations") or {}
    return any(annotations.get(key) == "true" for key in _DEFAULT_CLASS)


def _has_volume(cluster: Cluster, storage_class: str) -> bool:
    """Whether volumes of that class exist, which need no object of the class; also when nobody may look."""
    volumes = if_readable(lambda: cluster.list("v1", "PersistentVolume"))
    if volumes is None:
        return True
    return any((one.get("spec") or {}).get("storageClassName") == storage_class for one in volumes)


def _without_node(cluster: Cluster, pod: Object, found: Shortfall) -> Shortfall | None:
    nodes = if_readable(lambda: cluster.list("v1", "Node"))
    if not nodes:
        return None
    unmet = {str(node["metadata"]["name"]): unmet_labels(pod["spec"], node) for node in nodes}
    chosen = [node for node in nodes if not unmet[str(node["metadata"]["name"])]]
    if not chosen:
        asked = sorted({text for texts in unmet.values() for text in texts})
        labels = {**found.params, "asked": asked, "nodes": sorted(unmet)}
        return Shortfall("pod-node-not-chosen", labels, seen=sorted(unmet), wanted=asked)
    taints = [taint_barriers(pod["spec"], node) for node in chosen]
    if all(taints):
        kept_out = sorted({text for texts in taints for text in texts})
        what = {
            **found.params,
            "taints": kept_out,
            "nodes": sorted(str(n["metadata"]["name"]) for n in chosen),
        }
        return Shortfall("pod-nodes-tainted", what, seen=kept_out, wanted=[])
    free = [node for node, barriers in zip(chosen, taints, strict=True) if not barriers]
    return _too_large(pod, free, found)


def _too_large(pod: Object, nodes: Sequence[Object], found: Shortfall) -> Shortfall | None:
    for resource in RESOURCES:
        asked = pod_request(pod["spec"], resource)
        rooms = [
            amount(((node.get("status") or {}).get("allocatable") or {}).get(resource)) for node in nodes
        ]
        known = [room for room in rooms if room is not None]
        if known and asked > max(known):
            seen, most = f"{asked.normalize():f}", f"{max(known).normalize():f}"
            params = {**found.params, "field": f"resources.requests.{resource}", "asked": seen, "most": most}
            return Shortfall("pod-too-large", params, terminal=True, seen=seen, wanted=f"<= {most}")
    return None

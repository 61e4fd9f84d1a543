"""What keeps a pod from starting, where the pod's status only names the step that fails.

A ConfigMap or Secret that is not there or lacks a key, a node that is not found (see
`scheduling`), a quota that is used up: each is found by comparing objects, never by reading an event's text.
Called by `workloads` with a shortfall that is already known; what cannot be read
leaves it as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeAlias

from pytest_k8sgrade.kube.conditions import condition
from pytest_k8sgrade.kube.pod_spec import RESOURCES, amount
from pytest_k8sgrade.kube.quantity import parse_quantity
from pytest_k8sgrade.kube.rollout import Shortfall
from pytest_k8sgrade.services.diagnosis import if_readable
from pytest_k8sgrade.services.running.scheduling import unscheduled

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster

Object: TypeAlias = Mapping[str, Any]
Reference: TypeAlias = tuple[str, str, str, tuple[str, ...]]
"""The field of a pod's spec that names an object, its kind and name, and the keys taken out of it."""

_VOLUMES = "spec.volumes["
_KINDS = {"configMap": "ConfigMap", "secret": "Secret"}


def explained(cluster: Cluster, found: Shortfall, pods: Sequence[Object]) -> Shortfall:
    """The cause of a pod's shortfall, or the shortfall itself."""
    pod = next((one for one in pods if one["metadata"]["name"] == found.params.get("pod")), None)
    if pod is None:
        return found
    if found.reason in ("container-cannot-start", "pod-starting"):
        return _missing_reference(cluster, pod, found) or found
    if found.reason == "pod-unschedulable":
        return unscheduled(cluster, pod, found) or found
    if found.reason == "pod-not-ready":
        return _gated(pod, found) or _on_dead_node(cluster, pod, found) or found
    return found


def _on_dead_node(cluster: Cluster, pod: Object, found: Shortfall) -> Shortfall | None:
    """A node that has stopped reporting: its pods count as not ready, whatever their containers do."""
    name = (pod.get("spec") or {}).get("nodeName")
    nodes = (if_readable(lambda: cluster.list("v1", "Node")) or []) if name else []
    ready = next((condition(one, "Ready") for one in nodes if one["metadata"]["name"] == name), None)
    if ready is None or ready.true:
        return None
    params = {**found.params, "node": name, "why": ready.reason}
    return Shortfall("pod-node-not-ready", params, seen=ready.status, wanted="True")


def _gated(pod: Object, found: Shortfall) -> Shortfall | None:
    """Readiness gates that nobody has met, where the containers themselves are ready."""
    ready = condition(pod, "ContainersReady")
    if ready is None or not ready.true:
        return None
    gates = [str(one["conditionType"]) for one in (pod.get("spec") or {}).get("readinessGates") or []]
    unmet = [gate for gate in gates if (known := condition(pod, gate)) is None or not known.true]
    params = {**found.params, "gates": unmet}
    return Shortfall("pod-readiness-gate", params, seen=unmet, wanted=[]) if unmet else None


def _missing_reference(cluster: Cluster, pod: Object, found: Shortfall) -> Shortfall | None:
    """The first ConfigMap or Secret that is not there or lacks a key; what nobody may read is passed over."""
    namespace = pod["metadata"]["namespace"]
    for field, kind, name, wanted in references(pod["spec"]):
        there = if_readable(lambda: [cluster.find("v1", kind, name, namespace)])  # noqa: B023 - called at once
        if not there:
            continue
        params = {**found.params, "field": field, "kind": kind, "name": name}
        if there == [None]:
            return Shortfall("pod-reference-missing", params, found.terminal, seen=None, wanted=name)
        keys = _keys(there[0] or {}, field)
        lacking = next((key for key in wanted if key not in keys), None)
        if lacking is not None:
            told = {**params, "key": lacking, "keys": keys}
            return Shortfall("pod-key-missing", told, found.terminal, seen=keys, wanted=lacking)
    return None


def _keys(found: Object, field: str) -> list[str]:
    """The keys of an object that a field can mean: what is binary fits a file, not a variable."""
    binary = found.get("binaryData") or {} if field.startswith(_VOLUMES) else {}
    return sorted({*(found.get("data") or {}), *binary})


def references(spec: Object) -> Iterator[Reference]:
    """The ConfigMaps and Secrets that a pod cannot start without, and the keys that they must have."""
    for where in ("initContainers", "containers"):
        for container in spec.get(where) or []:
            field = f"spec.{where}[{container['name']}]"
            sources = [("envFrom", one) for one in container.get("envFrom") or []]
            yield from _named(field, sources)
            for one in container.get("env") or []:
                source = one.get("valueFrom") or {}
                yield from _named(f"{field}.env[{one.get('name', '')}]", [("valueFrom", source)])
    for volume in spec.get("volumes") or []:
        projected = (volume.get("projected") or {}).get("sources") or []
        yield from _named("spec", [(f"volumes[{volume['name']}]", one) for one in [volume, *projected]])


def _named(where: str, sources: Sequence[tuple[str, Object]]) -> Iterator[Reference]:
    for field, source in sources:
        for stem, kind in _KINDS.items():
            for how in (stem, f"{stem}Ref", f"{stem}KeyRef"):
                reference = source.get(how) or {}
                name = reference.get("name") or reference.get("secretName")
                if name and not reference.get("optional"):
                    keys = [reference["key"]] if "key" in reference else []
                    keys += [one["key"] for one in reference.get("items") or []]
                    yield f"{where}.{field}.{how}", kind, name, tuple(map(str, keys))


def requested(spec: Object, side: str, resource: str) -> Decimal | None:
    """The sum over a pod's containers; None where one of them says nothing."""
    amounts = [amount(_said(container, side, resource)) for container in spec.get("containers") or []]
    known = [one for one in amounts if one is not None]
    return sum(known, Decimal(0)) if known and len(known) == len(amounts) else None


def _said(container: Object, side: str, resource: str) -> Any:
    """What a container says of a resource; who only says a limit requests as much."""
    own = container.get("resources") or {}
    value = (own.get(side) or {}).get(resource)
    return (own.get("limits") or {}).get(resource) if value is None and side == "requests" else value


def refused(cluster: Cluster, workload: Object, found: Shortfall) -> Shortfall:
    """The quota that leaves no room for one more pod of the workload's template, or the shortfall itself."""
    namespace, spec = workload["metadata"]["namespace"], workload["spec"]["template"]["spec"]
    quotas = if_readable(lambda: cluster.list("v1", "ResourceQuota", namespace)) or []
    for quota in sorted(quotas, key=lambda one: str(one["metadata"]["name"])):
        status = quota.get("status") or {}
        used = status.get("used") or {}
        for resource, hard in sorted((status.get("hard") or {}).items()):
            if _no_room(spec, resource, used.get(resource), hard):
                params = {
                    **found.params,
                    "quota": quota["metadata"]["name"],
                    "resource": resource,
                    "used": used.get(resource),
                    "hard": hard,
                }
                return Shortfall("workload-quota-reached", params, seen=used.get(resource), wanted=hard)
    return found


def _no_room(spec: Object, resource: str, used: Any, hard: Any) -> bool:
    """Whether a quota's resource has no room for one more pod; resources that pods do not use always have."""
    if resource in ("pods", "count/pods"):
        need: Decimal | None = Decimal(1)
    else:
        side, _, name = resource.rpartition(".")
        if name not in RESOURCES or side not in ("", "requests", "limits"):
            return False
        need = requested(spec, side or "requests", name)
    if need is None:
        return True  # a quota of a resource refuses pods that do not say how much of it they need
    return (amount(used) or Decimal(0)) + need > parse_quantity(hard)

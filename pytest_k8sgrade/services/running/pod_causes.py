"""What keeps a pod from starting, where the pod's status only names the step that fails.

A ConfigMap or Secret that is not there, a request that no node can ever hold, a quota
that is used up: each is found by comparing objects, never by reading an event's text.
Called by `workloads` with a shortfall that is already known; what cannot be read
leaves it as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeAlias

from pytest_k8sgrade.kube.conditions import condition
from pytest_k8sgrade.kube.quantity import parse_quantity
from pytest_k8sgrade.kube.rollout import Shortfall
from pytest_k8sgrade.services.diagnosis import if_readable

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster

Object: TypeAlias = Mapping[str, Any]
Reference: TypeAlias = tuple[str, str, str]
"""The field of the pod's spec that names an object, the object's kind and its name."""

RESOURCES = ("cpu", "memory")
_KINDS = {"configMap": "ConfigMap", "secret": "Secret"}


def explained(cluster: Cluster, found: Shortfall, pods: Sequence[Object]) -> Shortfall:
    """The cause of a pod's shortfall, or the shortfall itself."""
    pod = next((one for one in pods if one["metadata"]["name"] == found.params.get("pod")), None)
    if pod is None:
        return found
    if found.reason in ("container-cannot-start", "pod-starting"):
        return _missing_reference(cluster, pod, found) or found
    if found.reason == "pod-unschedulable":
        return _held_back(pod, found) or _too_large(cluster, pod, found) or found
    return (_gated(pod, found) or found) if found.reason == "pod-not-ready" else found


def _held_back(pod: Object, found: Shortfall) -> Shortfall | None:
    gates = [str(one["name"]) for one in pod["spec"].get("schedulingGates") or []]
    if not gates:
        return None
    params = {**found.params, "gates": gates}
    return Shortfall("pod-scheduling-gated", params, seen=gates, wanted=[])


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
    namespace = pod["metadata"]["namespace"]
    for field, kind, name in references(pod["spec"]):
        there = if_readable(lambda: [cluster.find("v1", kind, name, namespace)])  # noqa: B023 - called at once
        if there == [None]:
            params = {**found.params, "field": field, "kind": kind, "name": name}
            return Shortfall("pod-reference-missing", params, found.terminal, seen=None, wanted=name)
    return None


def references(spec: Object) -> Iterator[Reference]:
    """The ConfigMaps and Secrets that a pod cannot start without."""
    for where in ("initContainers", "containers"):
        for container in spec.get(where) or []:
            field = f"spec.{where}[{container['name']}]"
            sources = [("envFrom", one) for one in container.get("envFrom") or []]
            sources += [("env", one.get("valueFrom") or {}) for one in container.get("env") or []]
            yield from _named(field, sources)
    for volume in spec.get("volumes") or []:
        projected = (volume.get("projected") or {}).get("sources") or []
        yield from _named("spec", [(f"volumes[{volume['name']}]", one) for one in [volume, *projected]])


def _named(where: str, sources: Sequence[tuple[str, Object]]) -> Iterator[Reference]:
    for field, source in sources:
        for stem, kind in _KINDS.items():
            for key in (stem, f"{stem}Ref", f"{stem}KeyRef"):
                reference = source.get(key) or {}
                name = reference.get("name") or reference.get("secretName")
                if name and not reference.get("optional"):
                    yield f"{where}.{field}.{key}", kind, name


def _too_large(cluster: Cluster, pod: Object, found: Shortfall) -> Shortfall | None:
    nodes = if_readable(lambda: cluster.list("v1", "Node")) or []
    for resource in RESOURCES:
        asked = requested(pod["spec"], "requests", resource)
        rooms = [
            _amount(((node.get("status") or {}).get("allocatable") or {}).get(resource)) for node in nodes
        ]
        known = [room for room in rooms if room is not None]
        if asked is not None and known and asked > max(known):
            seen, most = f"{asked.normalize():f}", f"{max(known).normalize():f}"
            params = {**found.params, "field": f"resources.requests.{resource}", "asked": seen, "most": most}
            return Shortfall("pod-too-large", params, terminal=True, seen=seen, wanted=f"<= {most}")
    return None


def requested(spec: Object, side: str, resource: str) -> Decimal | None:
    """The sum over a pod's containers; None where one of them says nothing."""
    amounts = [
        _amount(((container.get("resources") or {}).get(side) or {}).get(resource))
        for container in spec.get("containers") or []
    ]
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if known and len(known) == len(amounts) else None


def _amount(value: Any) -> Decimal | None:
    return parse_quantity(value) if value is not None else None


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
    return (_amount(used) or Decimal(0)) + need > parse_quantity(hard)

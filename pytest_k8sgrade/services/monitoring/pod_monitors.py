"""Why a PodMonitor that is loaded has no target: its selector, its namespaces, its port, or the pods.

It looks for pods by their labels and takes the ports that their containers declare.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from pytest_k8sgrade.kube.rollout import living, pods_shortfall
from pytest_k8sgrade.kube.selectors import matches, selector_text
from pytest_k8sgrade.outcome import hopeless, unmet
from pytest_k8sgrade.services.diagnosis import if_readable
from pytest_k8sgrade.services.monitoring import sources
from pytest_k8sgrade.services.running import pod_causes, workloads

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster

Object = Mapping[str, Any]


def explain_no_target(
    cluster: Cluster, monitor: Object, dropped: int, monitoring: str, resource: Object | None
) -> NoReturn:
    """Tell what it does not match; a wrong selector or port does not mend itself."""
    sources.require_endpoints(monitor)
    where: dict[str, Any] = {**sources.subject(monitor), "dropped": dropped, "monitoring": monitoring}
    there = if_readable(lambda: watched_pods(cluster, monitor, resource))
    if there is None:
        unmet("monitor-without-targets", seen=0, wanted=1, **where)
    chosen = [pod for pod in living(there) if selected(monitor, pod)]
    if not chosen:
        watched = sources.namespaces(monitor, resource)
        _explain_no_pod(cluster, monitor, there, watched, where)
    names = sorted(str(pod["metadata"]["name"]) for pod in chosen)
    explain_port(monitor, chosen, ("port", "portNumber", "targetPort"), where)
    missing = pods_shortfall(chosen)
    if missing is not None and not any((pod.get("status") or {}).get("podIP") for pod in chosen):
        workloads.raise_shortfall(pod_causes.explained(cluster, missing, chosen))
    fits = f"Pod {', '.join(names)}"
    sources.explain_relabelings(monitor, {**where, "fits": fits})
    unmet("monitor-not-reloaded", seen=0, wanted=1, fits=fits, **where)


def selected(monitor: Object, pod: Object) -> bool:
    """Whether the selector of a PodMonitor fits a pod."""
    return matches(monitor["spec"].get("selector") or {}, pod["metadata"].get("labels"))


def watched_pods(cluster: Cluster, monitor: Object, resource: Object | None) -> list[Object]:
    """The pods of the namespaces that a PodMonitor looks into."""
    names = sources.namespaces(monitor, resource)
    if names is None:
        return list(cluster.list("v1", "Pod"))
    return [pod for name in names for pod in cluster.list("v1", "Pod", name)]


def _explain_no_pod(
    cluster: Cluster,
    monitor: Object,
    there: Sequence[Object],
    watched: Sequence[str] | None,
    where: Mapping[str, Any],
) -> NoReturn:
    """Pods elsewhere, a workload that has none, or labels that no pod has."""
    selector = monitor["spec"].get("selector") or {}
    text = selector_text(selector)
    asked = text or "-"
    found = if_readable(lambda: cluster.list("v1", "Pod", labels=text)) if text and watched else None
    elsewhere = sorted({str(pod["metadata"]["namespace"]) for pod in found or []})
    if elsewhere:
        told = {"asked": asked, "found": elsewhere, "what": "Pod", **where}
        hopeless("monitor-other-namespace", seen=elsewhere, wanted=asked, **told)
    for namespace in watched or []:
        _explain_workload(cluster, selector, namespace)
    labels = {pod["metadata"]["name"]: pod["metadata"].get("labels") or {} for pod in there}
    own = sorted({f"{key}={value}" for each in labels.values() for key, value in each.items()})
    hopeless("monitor-selects-no-pod", seen=labels, wanted=asked, asked=asked, found=own, **where)


def _explain_workload(cluster: Cluster, selector: Object, namespace: str) -> None:
    """Raise what keeps a workload from having the pods that would fit."""
    for one in if_readable(lambda: workloads.list_all(cluster, namespace, workloads.KINDS)) or []:
        labels = (one["spec"]["template"].get("metadata") or {}).get("labels")
        missing = workloads.shortfall(cluster, one) if matches(selector, labels) else None
        if missing is not None:
            workloads.raise_shortfall(missing)


def explain_port(
    monitor: Object, chosen: Sequence[Object], fields: Sequence[str], where: Mapping[str, Any]
) -> None:
    """Raise a port that no container of the pods declares; of the fields that name one the first counts."""
    declared = [port for pod in chosen for port in _declared(pod)]
    has = {one for port in declared for one in (port.get("name"), port.get("containerPort")) if one}
    for path, endpoint in sources.endpoints(monitor):
        field = next((one for one in fields if endpoint.get(one)), None)
        port = endpoint[field] if field is not None else None
        if port is not None and port not in has:
            found = sorted({f"{one.get('name') or '-'}={one.get('containerPort')}" for one in declared})
            names = sorted(str(pod["metadata"]["name"]) for pod in chosen)
            told = {"field": f"{path}.{field}", "port": port, "found": found, "pods": names, **where}
            hopeless("monitor-pod-port-unknown", seen=found, wanted=port, **told)


def _declared(pod: Object) -> list[Object]:
    spec = pod.get("spec") or {}
    containers = [*(spec.get("containers") or []), *(spec.get("initContainers") or [])]
    return [port for one in containers for port in one.get("ports") or []]

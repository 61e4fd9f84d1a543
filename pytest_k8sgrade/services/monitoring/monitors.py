"""Why a ServiceMonitor has no target: its label, its namespace, its selector or its port.

Prometheus itself tells whether it loaded the monitor (a scrape pool) and whether it
dropped everything the pool found; the objects tell why. Three ways to be wrong look
alike in Prometheus: no Service with the labels, no port of the name, no pods.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from pytest_k8sgrade.kube.duration import parse_duration
from pytest_k8sgrade.kube.selectors import matches, selector_text
from pytest_k8sgrade.outcome import hopeless, too_early, unmet
from pytest_k8sgrade.services.diagnosis import if_readable
from pytest_k8sgrade.services.monitoring.operated import API_VERSION, is_new, left_out, operated, rejected
from pytest_k8sgrade.services.running.backends import ready_addresses, without_endpoints
from pytest_k8sgrade.services.running.workloads import raise_shortfall

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster

Object = Mapping[str, Any]

KIND = "ServiceMonitor"
_DROPPING = frozenset({"drop", "keep", "dropequal", "keepequal"})
"""Actions of relabelings that leave targets out."""


def get(cluster: Cluster, name: str, namespace: str) -> Object:
    """The ServiceMonitor; Absent when it or its kind is not there."""
    return cluster.get(API_VERSION, KIND, name, namespace)


def subject(monitor: Object) -> dict[str, str]:
    """Namespace and name for messages."""
    metadata = monitor["metadata"]
    return {"namespace": metadata["namespace"], "name": metadata["name"]}


def pools(monitor: Object) -> list[str]:
    """The scrape pools that the operator makes of it, one per endpoint."""
    metadata, endpoints = monitor["metadata"], monitor["spec"].get("endpoints") or []
    return [f"serviceMonitor/{metadata['namespace']}/{metadata['name']}/{i}" for i in range(len(endpoints))]


def scraped(endpoint: Object) -> dict[str, str | None]:
    """What an endpoint says of its scrapes, with the default of the path."""
    return {"path": endpoint.get("path") or "/metrics", "interval": endpoint.get("interval")}


def same(field: str, has: str | None, wanted: str) -> bool:
    """Whether a field of `scraped` is as wanted; durations compare by their length."""
    if field == "interval" and has is not None:
        return parse_duration(has) == parse_duration(wanted)
    return has == wanted


def closest(endpoints: Sequence[Object], port: str, wanted: Mapping[str, str]) -> Object | None:
    """The endpoint of a port that has most of what is wanted; None without one of the port."""

    def met(endpoint: Object) -> int:
        has = scraped(endpoint)
        return sum(same(field, has[field], value) for field, value in wanted.items())

    return max((one for one in endpoints if one.get("port") == port), key=met, default=None)


def explain_not_loaded(cluster: Cluster, monitor: Object, monitoring: str, name: str) -> NoReturn:
    """Tell the selector of the Prometheus resource that leaves the monitor out: only a hand changes that."""
    where = subject(monitor)
    resource = if_readable(lambda: operated(cluster, "Prometheus", monitoring, name))
    left = left_out(cluster, resource, "serviceMonitor", monitor) if resource is not None else None
    if left is not None and left.by == "label":
        labels = monitor["metadata"].get("labels") or {}
        asked = left.asked
        hopeless("monitor-label-not-selected", seen=labels, wanted=asked, asked=asked, labels=labels, **where)
    if left is not None:
        seen = monitor["metadata"]["namespace"]
        hopeless("monitor-namespace-not-selected", seen=seen, wanted=left.asked, asked=left.asked, **where)
    if rejected(cluster, monitor):
        unmet("monitor-rejected", seen="InvalidConfiguration", wanted=pools(monitor), **where)
    say = too_early if is_new(cluster, monitor) else unmet
    say("monitor-not-loaded", seen=None, wanted=pools(monitor), **where)


def explain_no_target(cluster: Cluster, monitor: Object, dropped: int, monitoring: str) -> NoReturn:
    """Tell what a loaded monitor does not match; a wrong selector or port does not mend itself."""
    where: dict[str, Any] = {**subject(monitor), "dropped": dropped, "monitoring": monitoring}
    selector = monitor["spec"].get("selector") or {}
    asked = selector_text(selector) or "-"
    there = if_readable(lambda: services(cluster, monitor))
    if there is None:
        unmet("monitor-without-targets", seen=0, wanted=1, **where)
    chosen = [one for one in there if matches(selector, one["metadata"].get("labels") or {})]
    if not chosen:
        elsewhere = _same_labels_elsewhere(cluster, monitor, selector)
        if elsewhere:
            hopeless(
                "monitor-other-namespace", seen=elsewhere, wanted=asked, asked=asked, found=elsewhere, **where
            )
        labels = {one["metadata"]["name"]: one["metadata"].get("labels") or {} for one in there}
        own = sorted({f"{k}={v}" for each in labels.values() for k, v in each.items()})
        hopeless("monitor-selects-no-service", seen=labels, wanted=asked, asked=asked, found=own, **where)
    _explain_port(monitor, chosen, where)
    names = sorted(one["metadata"]["name"] for one in chosen)
    if _has_pods(cluster, chosen):
        _explain_relabelings(monitor, {**where, "services": names})
        unmet("monitor-not-reloaded", seen=0, wanted=1, services=names, **where)
    trouble = next((told for one in chosen if (told := without_endpoints(cluster, one))), None)
    if trouble is not None:
        raise_shortfall(trouble)
    unmet("monitor-service-without-pods", seen=0, wanted=1, services=names, **where)


def _has_pods(cluster: Cluster, services: list[Object]) -> bool:
    """Whether ready pods stand behind one of the Services: then Prometheus runs an older configuration."""
    return any(if_readable(lambda: ready_addresses(cluster, one)) for one in services)  # noqa: B023 - called at once


def _explain_relabelings(monitor: Object, where: Mapping[str, Any]) -> None:
    """A monitor that fits may still drop by its own rules what it has found."""
    for index, endpoint in enumerate(monitor["spec"].get("endpoints") or []):
        actions = {str(one.get("action")).lower() for one in endpoint.get("relabelings") or []}
        found = sorted(actions & _DROPPING)
        if found:
            field = f"spec.endpoints[{index}].relabelings"
            hopeless("monitor-relabelings-drop", seen=found, wanted=[], field=field, actions=found, **where)


def _explain_port(monitor: Object, chosen: list[Object], where: Mapping[str, Any]) -> None:
    has = sorted({port.get("name") or "-" for one in chosen for port in one["spec"].get("ports") or []})
    for index, endpoint in enumerate(monitor["spec"].get("endpoints") or []):
        port = endpoint.get("port")
        if port is not None and port not in has:
            names = sorted(one["metadata"]["name"] for one in chosen)
            field = f"spec.endpoints[{index}].port"
            hopeless(
                "monitor-port-unknown",
                seen=has,
                wanted=port,
                field=field,
                port=port,
                found=has,
                services=names,
                **where,
            )


def services(cluster: Cluster, monitor: Object) -> list[Object]:
    """The Services of the namespaces that the monitor looks into."""
    chosen = monitor["spec"].get("namespaceSelector") or {}
    if chosen.get("any"):
        return list(cluster.list("v1", "Service"))
    names = chosen.get("matchNames") or [monitor["metadata"]["namespace"]]
    return [service for name in names for service in cluster.list("v1", "Service", name)]


def _same_labels_elsewhere(cluster: Cluster, monitor: Object, selector: Object) -> list[str]:
    """Namespaces that have a Service with the labels, though the monitor does not look there."""
    text = selector_text(selector)
    if not text or (monitor["spec"].get("namespaceSelector") or {}).get("any"):
        return []
    found = if_readable(lambda: cluster.list("v1", "Service", labels=text)) or []
    return sorted({one["metadata"]["namespace"] for one in found})

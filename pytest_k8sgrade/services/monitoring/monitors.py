"""Why a ServiceMonitor that is loaded has no target: its selector, its namespaces, its port, or no pods.

These ways to be wrong look alike in Prometheus; the objects tell which it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from pytest_k8sgrade.kube.duration import parse_duration
from pytest_k8sgrade.kube.selectors import matches, selector_text
from pytest_k8sgrade.outcome import hopeless, unmet
from pytest_k8sgrade.services.diagnosis import if_readable
from pytest_k8sgrade.services.monitoring import pod_monitors, sources
from pytest_k8sgrade.services.monitoring.operated import API_VERSION
from pytest_k8sgrade.services.running.backends import ready_addresses, selected_pods, without_endpoints
from pytest_k8sgrade.services.running.workloads import raise_shortfall

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster

Object = Mapping[str, Any]


def get(cluster: Cluster, name: str, namespace: str) -> Object:
    """The ServiceMonitor; Absent when it or its kind is not there."""
    return cluster.get(API_VERSION, sources.SERVICE_MONITOR, name, namespace)


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


def explain_no_target(
    cluster: Cluster, monitor: Object, dropped: int, monitoring: str, resource: Object | None
) -> NoReturn:
    """Tell what a loaded monitor does not match; a wrong selector or port does not mend itself."""
    sources.require_endpoints(monitor)
    where: dict[str, Any] = {**sources.subject(monitor), "dropped": dropped, "monitoring": monitoring}
    selector = monitor["spec"].get("selector") or {}
    asked = selector_text(selector) or "-"
    there = if_readable(lambda: services(cluster, monitor, resource))
    if there is None:
        unmet("monitor-without-targets", seen=0, wanted=1, **where)
    chosen = [one for one in there if selected(monitor, one)]
    if not chosen:
        elsewhere = _same_labels_elsewhere(cluster, monitor, selector, resource)
        if elsewhere:
            found = {"asked": asked, "found": elsewhere, "what": "Service", **where}
            hopeless("monitor-other-namespace", seen=elsewhere, wanted=asked, **found)
        labels = {one["metadata"]["name"]: one["metadata"].get("labels") or {} for one in there}
        own = sorted({f"{k}={v}" for each in labels.values() for k, v in each.items()})
        hopeless("monitor-selects-no-service", seen=labels, wanted=asked, asked=asked, found=own, **where)
    _explain_port(monitor, chosen, where)
    names = sorted(one["metadata"]["name"] for one in chosen)
    if _has_pods(cluster, chosen):
        pods = [pod for one in chosen for pod in selected_pods(cluster, one) or []]
        if pods and not any(endpoint.get("port") for _, endpoint in sources.endpoints(monitor)):
            pod_monitors.explain_port(monitor, pods, ("targetPort",), where)
        fits = f"Service {', '.join(names)}"
        sources.explain_relabelings(monitor, {**where, "fits": fits})
        unmet("monitor-not-reloaded", seen=0, wanted=1, fits=fits, **where)
    trouble = next((told for one in chosen if (told := without_endpoints(cluster, one))), None)
    if trouble is not None:
        raise_shortfall(trouble)
    unmet("monitor-service-without-pods", seen=0, wanted=1, services=names, **where)


def _has_pods(cluster: Cluster, services: list[Object]) -> bool:
    """Whether ready pods stand behind one of the Services: then Prometheus runs an older configuration."""
    return any(if_readable(lambda: ready_addresses(cluster, one)) for one in services)  # noqa: B023 - called at once


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


def selected(monitor: Object, service: Object) -> bool:
    """Whether the selector of a ServiceMonitor fits a Service."""
    return matches(monitor["spec"].get("selector") or {}, service["metadata"].get("labels"))


def services(cluster: Cluster, monitor: Object, resource: Object | None) -> list[Object]:
    """The Services of the namespaces that the monitor looks into."""
    names = sources.namespaces(monitor, resource)
    if names is None:
        return list(cluster.list("v1", "Service"))
    return [service for name in names for service in cluster.list("v1", "Service", name)]


def _same_labels_elsewhere(
    cluster: Cluster, monitor: Object, selector: Object, resource: Object | None
) -> list[str]:
    """Namespaces that have a Service with the labels, though the monitor does not look there."""
    text = selector_text(selector)
    if not text or sources.namespaces(monitor, resource) is None:
        return []
    found = if_readable(lambda: cluster.list("v1", "Service", labels=text)) or []
    return sorted({one["metadata"]["namespace"] for one in found})

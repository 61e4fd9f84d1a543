"""What the operator makes scrape configurations of, and why Prometheus has not loaded one of these objects.

ServiceMonitor, PodMonitor, Probe and ScrapeConfig are chosen in the same way, each by
selectors of its own. Prometheus itself tells whether it has loaded one (a scrape pool)
and whether it dropped everything that the pool found.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from pytest_k8sgrade.outcome import hopeless, too_early, unmet
from pytest_k8sgrade.services.diagnosis import if_readable
from pytest_k8sgrade.services.monitoring.operated import (
    API_VERSION,
    LeftOut,
    is_new,
    left_out,
    operated,
    rejected,
)

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster

Object = Mapping[str, Any]

SERVICE_MONITOR, POD_MONITOR, PROBE, SCRAPE_CONFIG = "ServiceMonitor", "PodMonitor", "Probe", "ScrapeConfig"
_OTHERS = {POD_MONITOR: API_VERSION, PROBE: API_VERSION, SCRAPE_CONFIG: "monitoring.coreos.com/v1alpha1"}
_PREFIXES = {
    SERVICE_MONITOR: "serviceMonitor",
    POD_MONITOR: "podMonitor",
    PROBE: "probe",
    SCRAPE_CONFIG: "scrapeConfig",
}
"""How the fields of a Prometheus begin that select a kind, and the names of its scrape pools."""
_ENDPOINTS = {SERVICE_MONITOR: "endpoints", POD_MONITOR: "podMetricsEndpoints"}
_DROPPING = frozenset({"drop", "keep", "dropequal", "keepequal"})
"""Actions of relabelings that leave targets out."""


def others(cluster: Cluster) -> Iterator[Object]:
    """The objects that are no ServiceMonitors, of the kinds that are there and can be read."""
    for kind, version in _OTHERS.items():
        yield from if_readable(lambda: cluster.list(version, kind)) or []  # noqa: B023 - called at once


def subject(item: Object) -> dict[str, str]:
    """Kind, namespace and name for messages."""
    metadata = item["metadata"]
    return {"kind": item["kind"], "namespace": metadata["namespace"], "name": metadata["name"]}


def named(pool: str) -> str | None:
    """The object that a scrape pool was made of, by kind, namespace and name; None for any other pool."""
    prefix, *rest = pool.split("/")
    kind = next((kind for kind, own in _PREFIXES.items() if own == prefix), None)
    return f"{kind} {'/'.join(rest[:2])}" if kind is not None and len(rest) > 1 else None


def endpoints(item: Object) -> list[tuple[str, Object]]:
    """The endpoints of a monitor with their fields; what makes one scrape pool is one as a whole."""
    field = _ENDPOINTS.get(item["kind"])
    if field is None:
        return [("spec", item["spec"])]
    return [(f"spec.{field}[{at}]", one) for at, one in enumerate(item["spec"].get(field) or [])]


def pools(item: Object) -> list[str]:
    """The scrape pools that the operator makes of it."""
    metadata = item["metadata"]
    own = f"{_PREFIXES[item['kind']]}/{metadata['namespace']}/{metadata['name']}"
    several = item["kind"] in _ENDPOINTS
    return [f"{own}/{at}" if several else own for at in range(len(endpoints(item)))]


def not_taken(cluster: Cluster, resource: Object | None, item: Object) -> LeftOut | None:
    """Which selector of a Prometheus resource leaves it out; None where that cannot be known."""
    return left_out(cluster, resource, _PREFIXES[item["kind"]], item) if resource is not None else None


def namespaces(item: Object, resource: Object | None) -> list[str] | None:
    """The namespaces that a monitor looks into, None for all of them.

    A Prometheus may be told to look into the monitor's own only.
    """
    own = [item["metadata"]["namespace"]]
    if resource is not None and resource["spec"].get("ignoreNamespaceSelectors"):
        return own
    chosen = item["spec"].get("namespaceSelector") or {}
    return None if chosen.get("any") else chosen.get("matchNames") or own


def explain_not_loaded(cluster: Cluster, item: Object, monitoring: str, name: str) -> NoReturn:
    """Tell the selector of the Prometheus resource that leaves it out: only a hand changes that."""
    prefix = _PREFIXES[item["kind"]]
    where = {**subject(item), "selector": f"{prefix}Selector", "namespaces": f"{prefix}NamespaceSelector"}
    resource = if_readable(lambda: operated(cluster, "Prometheus", monitoring, name))
    left = not_taken(cluster, resource, item)
    if left is not None and left.by == "label":
        labels = item["metadata"].get("labels") or {}
        asked = left.asked
        hopeless("monitor-label-not-selected", seen=labels, wanted=asked, asked=asked, labels=labels, **where)
    if left is not None:
        seen = item["metadata"]["namespace"]
        hopeless("monitor-namespace-not-selected", seen=seen, wanted=left.asked, asked=left.asked, **where)
    if rejected(cluster, item):
        unmet("monitor-rejected", seen="InvalidConfiguration", wanted=pools(item), **where)
    say = too_early if is_new(cluster, item) else unmet
    say("monitor-not-loaded", seen=None, wanted=pools(item), **where)


def require_endpoints(item: Object) -> None:
    """Unmet for a monitor that names no endpoint."""
    if not endpoints(item):
        field = f"spec.{_ENDPOINTS[item['kind']]}"
        unmet("monitor-without-endpoints", seen=0, wanted=1, field=field, **subject(item))


def explain_relabelings(item: Object, where: Mapping[str, Any]) -> None:
    """What fits may still be dropped by rules of its own; `where` says what it fits."""
    for path, endpoint in endpoints(item):
        actions = {str(one.get("action")).lower() for one in endpoint.get("relabelings") or []}
        found = sorted(actions & _DROPPING)
        if found:
            field = f"{path}.relabelings"
            hopeless("monitor-relabelings-drop", seen=found, wanted=[], field=field, actions=found, **where)

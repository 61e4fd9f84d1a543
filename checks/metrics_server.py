"""The resource metrics API: registered and available, and values for nodes and pods.

The backend is found through the APIService, never by an assumed name. An answer of
prometheus-adapter is a working API, but not the metrics-server that was asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from pytest_k8sgrade.cluster import Cluster
from pytest_k8sgrade.kube.conditions import condition
from pytest_k8sgrade.kube.rollout import living, named, pod_ready, pods_shortfall
from pytest_k8sgrade.kube.times import format_time, parse_time
from pytest_k8sgrade.outcome import Findings, absent, cannot_tell, too_early, unmet
from pytest_k8sgrade.services.diagnosis import if_readable
from pytest_k8sgrade.services.metrics import adapter, metrics_api
from pytest_k8sgrade.services.metrics.metrics_api import MetricsApi
from pytest_k8sgrade.services.running import backends, workloads
from pytest_k8sgrade.services.running.startup import is_starting

METRICS = f"{metrics_api.RESOURCE}/v1beta1"
ADAPTER = "prometheus-adapter"
YOUNG = timedelta(seconds=90)
"""Two scrapes of metrics-server after a start; before that a pod has no values."""
STALE = timedelta(minutes=5)
"""The resolution is 15 s, or 60 s in old versions: values older than this are of no scrape that works."""
FIRST_LOOK = timedelta(seconds=30)
_WHY = {
    "ServiceNotFound": "metrics-api-leftover",
    "ServicePortError": "api-service-port",
    "MissingEndpoints": "metrics-api-without-endpoints",
    "EndpointsNotFound": "metrics-api-without-endpoints",
    "FailedDiscoveryCheck": "metrics-api-unreachable",
}
"""What the aggregator's reasons mean for metrics-server."""


def test_available(cluster: Cluster) -> None:
    """The resource metrics API is available, answered by metrics-server."""
    api = _available(cluster)
    found = Findings()
    found.require(True, "metrics-api-unavailable", part="available")
    found.require(
        not _is_adapter(cluster, api),
        "metrics-api-by-adapter",
        part="metrics-server",
        seen=api.service,
        wanted="metrics-server",
        service=api.service,
        namespace=api.namespace,
        api=api.name,
    )
    found.close()


def _available(cluster: Cluster) -> MetricsApi:
    api = metrics_api.registered(cluster, metrics_api.RESOURCE)
    if api is None:
        absent("metrics-api-absent", group=metrics_api.RESOURCE)
    if not api.available:
        _explain_unavailable(cluster, api)
    return api


def _explain_unavailable(cluster: Cluster, api: MetricsApi) -> None:
    details = {"api": api.name, "service": api.service, "namespace": api.namespace, "why": api.why}
    service = if_readable(lambda: cluster.get("v1", "Service", api.service, api.namespace))
    trouble = backends.trouble(cluster, service) if service is not None else None
    if trouble is not None and trouble.reason != "pod-not-ready":
        workloads.raise_shortfall(trouble)
    if service is not None and trouble is None and backends.selected_pods(cluster, service) == []:
        selector = service["spec"].get("selector") or {}
        reason = "service-selects-nothing" if selector else "service-has-no-selector"
        unmet(reason, seen=api.why, wanted="True", selector=selector, **named(service))
    reason = _WHY.get(api.why, "metrics-api-unavailable")
    if trouble is not None and reason == "metrics-api-without-endpoints":
        reason = "metrics-server-not-ready"
        details["pod"] = trouble.params["pod"]
    now = if_readable(lambda: cluster.now)
    pods = backends.selected_pods(cluster, service) if service is not None and trouble is not None else []
    starting = now is not None and is_starting(pods or [], now)
    say = too_early if starting or _registered_now(api, now) else unmet
    say(reason, seen=api.why, wanted="True", **details)


def _registered_now(api: MetricsApi, now: datetime | None) -> bool:
    """Whether the aggregator has not said anything yet about an API that was registered a moment ago."""
    if api.why != "-" or api.created is None or now is None:
        return False
    return now - api.created < FIRST_LOOK


def _is_adapter(cluster: Cluster, api: MetricsApi) -> bool:
    if api.service == ADAPTER:
        return True
    service = if_readable(lambda: cluster.get("v1", "Service", api.service, api.namespace))
    labels = {**((service or {}).get("metadata", {}).get("labels") or {})}
    if ADAPTER in (labels.get("app.kubernetes.io/name"), labels.get("app"), labels.get("k8s-app")):
        return True
    backend = if_readable(lambda: adapter.adapter_of(cluster, api))
    return backend is not None and ADAPTER in adapter.programs(backend)


def test_nodes(cluster: Cluster) -> None:
    """Every ready node has CPU and memory values."""
    values = {item["metadata"]["name"]: item for item in _metrics(cluster, "nodes")}
    nodes = {node["metadata"]["name"]: node for node in cluster.list("v1", "Node") if _node_ready(node)}
    if not nodes:
        unmet("no-ready-node", seen=0, wanted=1)
    found = Findings()
    for name in sorted(nodes):
        measured = values.get(name) or {}
        usage, taken = measured.get("usage") or {}, _outdated(cluster, measured)
        complete = {"cpu", "memory"} <= usage.keys()
        found.require(
            complete and not taken,
            "node-metrics-stale" if complete else "node-without-metrics",
            part=f"node/{name}",
            seen=taken or sorted(usage),
            wanted=["cpu", "memory"],
            early=_young(cluster, nodes[name]),
            node=name,
            taken=taken,
        )
    found.close()


def _outdated(cluster: Cluster, measured: Mapping[str, Any]) -> str:
    """When the values were taken, if that is too long ago to be the state of now; else empty."""
    taken = parse_time(measured.get("timestamp"))
    return format_time(taken) if taken is not None and cluster.now - taken > STALE else ""


def _node_ready(node: Mapping[str, Any]) -> bool:
    ready = condition(node, "Ready")
    return ready is None or ready.status == "True"


def test_pods(
    cluster: Cluster,
    name: str,
    namespace: str,
    kind: Literal["Deployment", "StatefulSet", "DaemonSet", "Pod"] = "Deployment",
) -> None:
    """The pods of the {kind} {name} have CPU and memory values."""
    if kind == "Pod":
        own: list[Mapping[str, Any]] = [cluster.get("v1", "Pod", name, namespace)]
        listed = _metrics(cluster, f"namespaces/{namespace}/pods/{name}")
    else:
        listed = _metrics(cluster, f"namespaces/{namespace}/pods")
        workload = workloads.get(cluster, kind, name, namespace)
        own = workloads.own_pods(workload, workloads.selected_pods(cluster, workload))
        if not own:
            workloads.require_rolled_out(cluster, workload)
    pods = [pod for pod in living(own) if pod_ready(pod)]
    trouble = pods_shortfall(own) if not pods else None
    if trouble is not None:
        workloads.raise_shortfall(trouble)
    if not pods:
        unmet("workload-without-pods", seen=0, wanted=1, kind=kind, name=name, namespace=namespace)
    _require_values(cluster, pods, {item["metadata"]["name"]: item for item in listed})


def _require_values(
    cluster: Cluster, pods: Sequence[Mapping[str, Any]], values: Mapping[str, Mapping[str, Any]]
) -> None:
    found = Findings()
    for pod in sorted(pods, key=lambda one: str(one["metadata"]["name"])):
        name, young = pod["metadata"]["name"], _young(cluster, pod)
        measured = values.get(name) or {}
        usages = [one.get("usage") or {} for one in measured.get("containers") or []]
        complete = bool(usages) and all({"cpu", "memory"} <= usage.keys() for usage in usages)
        taken = _outdated(cluster, measured)
        missing = "pod-metrics-too-early" if young else "pod-without-metrics"
        found.require(
            complete and not taken,
            "pod-metrics-stale" if complete else missing,
            part=f"pod/{name}",
            seen=len(usages),
            wanted=len((pod.get("spec") or {}).get("containers") or []),
            early=young,
            pod=name,
            taken=taken,
            namespace=pod["metadata"]["namespace"],
        )
    found.close()


def _young(cluster: Cluster, item: Mapping[str, Any]) -> bool:
    """Whether a pod, one of its containers, or a node has started too short ago to be measured."""
    status, ready = item.get("status") or {}, condition(item, "Ready")
    moments = [parse_time(status.get("startTime") or item["metadata"].get("creationTimestamp"))]
    states = [one.get("state") or {} for one in status.get("containerStatuses") or []]
    moments += [parse_time((state.get("running") or {}).get("startedAt")) for state in states]
    if item.get("kind") == "Node" and ready is not None:
        moments.append(ready.since)
    started = max((one for one in moments if one is not None), default=None)
    return started is not None and cluster.now - started < YOUNG


def _metrics(cluster: Cluster, what: str) -> list[Mapping[str, Any]]:
    """The metrics of a list or of one pod, none where it has none; explains an API that is not there."""
    path = f"/apis/{METRICS}/{what}"
    response = cluster.raw(path)
    if response.status == 404 and response.api_status is not None:
        return []
    if response.status != 200:
        _available(cluster)
        unmet("metrics-api-refuses", seen=response.status, wanted=200, status=response.status, path=path)
    document = response.json()
    if not isinstance(document, dict) or not document.keys() & {"items", "metadata"}:
        cannot_tell("bad-response", path=path, code=response.status)
    return list(document["items"] or []) if "items" in document else [document]

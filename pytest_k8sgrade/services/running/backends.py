"""What stands behind a Service: ready addresses, or the workload that should give it pods.

A Service without pods looks the same whether its selector is wrong or the right workload
runs none: the workloads of its namespace tell which of the two it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pytest_k8sgrade.kube.rollout import Shortfall, living, named, pods_shortfall
from pytest_k8sgrade.kube.selectors import selects
from pytest_k8sgrade.outcome import Unmet
from pytest_k8sgrade.services.diagnosis import if_readable
from pytest_k8sgrade.services.running import pod_causes, workloads

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster

Object = Mapping[str, Any]


def ready_addresses(cluster: Cluster, service: Object) -> set[str]:
    """The ready addresses behind any port of a Service."""
    return {address for one in slices(cluster, service) for address in addresses(one)}


def slices(cluster: Cluster, service: Object) -> list[dict[str, Any]]:
    """The EndpointSlices of a Service."""
    metadata = service["metadata"]
    return cluster.list(
        "discovery.k8s.io/v1",
        "EndpointSlice",
        metadata["namespace"],
        labels={"kubernetes.io/service-name": metadata["name"]},
    )


def addresses(endpoint_slice: Object) -> Iterator[str]:
    """The ready addresses of one EndpointSlice; a condition that is unknown counts as ready."""
    for endpoint in endpoint_slice.get("endpoints") or []:
        if (endpoint.get("conditions") or {}).get("ready") is not False:
            yield from endpoint.get("addresses") or []


def selected_pods(cluster: Cluster, service: Object) -> list[Object] | None:
    """The living pods that a Service selects; None when they cannot be read."""
    selector, namespace = service["spec"].get("selector") or {}, service["metadata"]["namespace"]
    if not selector:
        return []
    pods = if_readable(lambda: cluster.list("v1", "Pod", namespace, labels=selector))
    return living(pods) if pods is not None else None


def without_endpoints(cluster: Cluster, service: Object) -> Shortfall | None:
    """Why a Service has no endpoint: the trouble of its pods, or its selector; None when it is neither."""
    found = trouble(cluster, service)
    selector = service["spec"].get("selector")
    if found is not None or not selector or selected_pods(cluster, service) != []:
        return found
    params = {**named(service), "selector": selector}
    return Shortfall("service-selects-nothing", params, seen=0, wanted=1)


@contextmanager
def explained(cluster: Cluster, name: str, namespace: str) -> Iterator[None]:
    """Within it, a Service that leads nowhere is told by its cause, where that can be found."""
    try:
        yield
    except Unmet as finding:
        if finding.reason.id != "service-no-endpoints":
            raise
        service = if_readable(lambda: cluster.get("v1", "Service", name, namespace))
        cause = without_endpoints(cluster, service) if service is not None else None
        if cause is None:
            raise
        workloads.raise_shortfall(cause)


def trouble(cluster: Cluster, service: Object) -> Shortfall | None:
    """Why the pods that a Service selects are not ready, or why the workload that fits it has none."""
    pods = selected_pods(cluster, service)
    if pods:
        found = pods_shortfall(pods)
        return pod_causes.explained(cluster, found, pods) if found is not None else None
    return _without_pods(cluster, service) if pods is not None else None


def _without_pods(cluster: Cluster, service: Object) -> Shortfall | None:
    selector, namespace = service["spec"].get("selector"), service["metadata"]["namespace"]
    for kind in workloads.KINDS:
        for one in if_readable(lambda: cluster.list("apps/v1", kind, namespace)) or []:  # noqa: B023 - called at once
            labels = (one["spec"]["template"].get("metadata") or {}).get("labels")
            found = workloads.shortfall(cluster, one) if selects(selector, labels) else None
            if found is not None:
                return found
    return None

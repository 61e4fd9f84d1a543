"""What stands behind a Service, from its EndpointSlices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

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

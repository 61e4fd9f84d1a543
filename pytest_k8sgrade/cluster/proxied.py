"""Why the service proxy could not pass a request on, read from the objects behind it.

The proxy says "no endpoints available" for a wrong port name too, and "not found"
for a Service without a selector. So the Service and its EndpointSlices are looked
at; what the proxy's text says is not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pytest_k8sgrade.cluster.exchange import Response
from pytest_k8sgrade.cluster.places import Service
from pytest_k8sgrade.outcome import absent, unmet

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster.facade import Cluster


def require_backend(cluster: Cluster, service: Service, response: Response) -> None:
    """Raise when the proxy answered instead of the backend; say why, from the objects."""
    status = response.api_status
    if status is None or response.status not in (404, 503):
        return
    if response.status == 404 and (status.get("details") or {}).get("kind") != "services":
        return
    where = {"service": service.name, "namespace": service.namespace, "port": service.port}
    found = cluster.get("v1", "Service", service.name, service.namespace)
    ports = found.get("spec", {}).get("ports") or []
    if not found.get("spec", {}).get("selector") and response.status == 404:
        absent("service-without-selector", **where)
    if not _has_port(ports, service.port):
        names = [str(port.get("name") or port.get("port")) for port in ports]
        absent("service-port-absent", seen=names, wanted=service.port, ports=names, **where)
    ready = _ready_endpoints(cluster, service)
    if ready == 0:
        unmet("service-no-endpoints", seen=0, wanted=1, **where)
    unmet("service-unreachable", seen=response.status, wanted=200, **where)


def _has_port(ports: list[Mapping[str, Any]], wanted: str) -> bool:
    if not wanted:
        return len(ports) == 1 and not ports[0].get("name")
    return any(wanted in (port.get("name"), str(port.get("port"))) for port in ports)


def _ready_endpoints(cluster: Cluster, service: Service) -> int:
    slices = cluster.list(
        "discovery.k8s.io/v1",
        "EndpointSlice",
        service.namespace,
        labels={"kubernetes.io/service-name": service.name},
    )
    endpoints = [endpoint for one in slices for endpoint in one.get("endpoints") or []]
    return sum((endpoint.get("conditions") or {}).get("ready") is not False for endpoint in endpoints)

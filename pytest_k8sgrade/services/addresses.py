"""Addresses of the cluster's DNS in configurations: which Service they name, and whether it exists."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pytest_k8sgrade.services.diagnosis import if_readable
from pytest_k8sgrade.services.monitoring.operated import Address, Scheme

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster

_IN_CLUSTER: tuple[list[str], ...] = ([], ["svc"], ["svc", "cluster", "local"])
_PORTS = {"http": 80, "https": 443}


def service_address(url: str) -> Address | None:
    """The Service that an address of the cluster's DNS names, None for any other host."""
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        return None
    name, *rest = (parts.hostname or "").rstrip(".").split(".")
    if not name or not rest or rest[1:] not in _IN_CLUSTER:
        return None
    scheme: Scheme = "https" if parts.scheme == "https" else "http"
    return Address(name, rest[0], str(port), scheme, parts.path)


def missing_service(cluster: Cluster, url: str) -> Address | None:
    """The Service that an address names when it is known not to exist.

    `a.b` may as well be a host of the internet: it is taken for a Service only where `b` is a namespace.
    """
    place = service_address(url)
    if place is None:
        return None
    sure = ".svc" in (urlsplit(url).hostname or "")
    if not sure and if_readable(lambda: cluster.find("v1", "Namespace", place.namespace)) is None:
        return None
    found = if_readable(lambda: [cluster.find("v1", "Service", place.service, place.namespace)])
    return place if found == [None] else None


def closed_port(cluster: Cluster, url: str) -> Address | None:
    """The Service and port that an address names when the Service is known not to have that port.

    One without an address of its own leads to its pods, whose ports it does not name.
    """
    place = service_address(url)
    if place is None:
        return None
    service = if_readable(lambda: cluster.find("v1", "Service", place.service, place.namespace))
    spec = service["spec"] if service is not None else {}
    ports = [str(one.get("port")) for one in spec.get("ports") or []]
    own = spec.get("clusterIP") != "None" and spec.get("type") != "ExternalName"
    return place if own and ports and place.port not in ("0", *ports) else None

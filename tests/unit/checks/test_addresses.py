"""Addresses of the cluster's DNS: the Service they name, and nothing for any other host."""

from __future__ import annotations

import pytest

from pytest_k8sgrade.services.addresses import closed_port, missing_service, service_address
from pytest_k8sgrade.services.monitoring.operated import Address
from tests.unit.checks.api import MemoryApi
from tests.unit.checks.objects import namespace, service


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("http://prom.monitoring:9090", Address("prom", "monitoring", "9090")),
        ("http://prom.monitoring.svc/prefix", Address("prom", "monitoring", "80", prefix="/prefix")),
        ("https://prom.monitoring.svc.cluster.local.", Address("prom", "monitoring", "443", "https")),
        ("http://prom:9090", None),
        ("http://prom.example.org:9090", None),
        ("http://10.0.0.1:9090", None),
        ("http://prom.monitoring:port", None),
        ("", None),
    ],
)
def test_only_names_of_the_cluster_name_a_service(url: str, place: Address | None) -> None:
    """A short name means another namespace for each who asks it, so nothing is said about it."""
    assert service_address(url) == place


def test_only_what_is_known_to_be_missing_is_missing() -> None:
    """A Service that cannot be read may be there, and `a.b` may be a host outside of the cluster."""
    url = "http://prom.monitoring:9090"
    place, space = Address("prom", "monitoring", "9090"), namespace("monitoring")
    assert missing_service(MemoryApi(space).cluster(), url) == place
    assert missing_service(MemoryApi(space, service("prom", "monitoring")).cluster(), url) is None
    assert missing_service(MemoryApi().cluster(), url) is None
    assert missing_service(MemoryApi().cluster(), "http://prom.monitoring.svc:9090") == place
    unreadable = MemoryApi(space)
    unreadable.broken.add("/api/v1/namespaces/monitoring/services")
    assert missing_service(unreadable.cluster(), url) is None


@pytest.mark.parametrize(
    ("url", "spec", "closed"),
    [
        ("http://prom.monitoring.svc", {}, "80"),
        ("http://prom.monitoring.svc:9090", {}, None),
        ("http://prom.monitoring.svc", {"clusterIP": "None"}, None),
        ("http://prom.monitoring.svc", {"type": "ExternalName"}, None),
        ("http://other.monitoring.svc", {}, None),
        ("amqp://prom.monitoring.svc", {}, None),
    ],
)
def test_a_port_that_the_service_does_not_have(url: str, spec: dict[str, str], closed: str | None) -> None:
    """A Service without an address of its own leads to its pods, on any port."""
    own = service("prom", "monitoring", spec={"ports": [{"name": "web", "port": 9090}], **spec})
    found = closed_port(MemoryApi(namespace("monitoring"), own).cluster(), url)
    assert (found.port if found is not None else None) == closed

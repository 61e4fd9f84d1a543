"""Services: the port mapping, the ready pods behind it, and an answer through it.

Endpoints are read from EndpointSlices; a Service whose selector matches no pod is
told apart from one whose pods are not ready.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pytest_k8sgrade.cluster import Cluster
from pytest_k8sgrade.kube.rollout import named
from pytest_k8sgrade.outcome import Findings, unmet
from pytest_k8sgrade.services.diagnosis import require_lasting
from pytest_k8sgrade.services.fields import require_equal
from pytest_k8sgrade.services.running import backends, workloads
from pytest_k8sgrade.services.web import answered


def test_routes(
    cluster: Cluster,
    name: str,
    namespace: str,
    *,
    port: int,
    target_port: int,
    port_name: str = "",
    protocol: Literal["TCP", "UDP", "SCTP"] = "TCP",
    at_least: int = 1,
) -> None:
    """The Service {name} leads from port {port} to port {target_port} of ready pods."""
    service = cluster.get("v1", "Service", name, namespace)
    require_lasting(service)
    subject, found = named(service), Findings()
    if service["spec"].get("type") == "ExternalName":
        host = service["spec"].get("externalName", "")
        unmet("service-external-name", seen="ExternalName", wanted="ClusterIP", host=host, **subject)
    ports = [one for one in service["spec"].get("ports") or [] if one["port"] == port]
    numbers = sorted({one["port"] for one in service["spec"].get("ports") or []})
    require_equal(found, subject, "spec.ports.port", port if ports else numbers, port)
    if ports:
        chosen = _of_protocol(found, subject, ports, protocol)
        if port_name:
            require_equal(found, subject, f"spec.ports[{port}].name", chosen.get("name"), port_name)
        _require_endpoints(cluster, found, service, chosen, target_port, at_least)
        if service["spec"].get("clusterIP") == "None":
            _require_no_mapping(found, subject, port, target_port)
    found.close()


def _require_no_mapping(found: Findings, subject: Mapping[str, Any], port: int, target_port: int) -> None:
    """Record whether a Service without an address asks for no mapping: its name stands for its pods."""
    met = port == target_port
    told: dict[str, Any] = {"seen": "None", "wanted": "<address>", "port": port, "target": target_port}
    found.require(met, "service-headless", part="spec.clusterIP", weight=2, **told, **subject)


def _of_protocol(
    found: Findings, subject: Mapping[str, Any], ports: list[dict[str, Any]], protocol: str
) -> Mapping[str, Any]:
    """The port of that protocol among those of one number; a number alone names no port."""
    spoken: dict[str, Mapping[str, Any]] = {one.get("protocol", "TCP"): one for one in ports}
    if protocol not in spoken:
        require_equal(found, subject, f"spec.ports[{ports[0]['port']}].protocol", sorted(spoken), protocol)
    return spoken.get(protocol, ports[0])


def _require_endpoints(
    cluster: Cluster,
    found: Findings,
    service: Mapping[str, Any],
    port: Mapping[str, Any],
    target_port: int,
    at_least: int,
) -> None:
    ready, numbers = _endpoints(cluster, service, port)
    subject = named(service)
    if ready < at_least:
        _explain(cluster, found, service, port, ready=ready, at_least=at_least)
        return
    found.require(True, "service-without-endpoints", part="endpoints", seen=ready, wanted=at_least, weight=2)
    field = f"spec.ports[{port['port']}].targetPort"
    require_equal(
        found, subject, field, target_port if target_port in numbers else sorted(numbers), target_port
    )


def _endpoints(cluster: Cluster, service: Mapping[str, Any], port: Mapping[str, Any]) -> tuple[int, set[int]]:
    """How many ready addresses there are behind a port, and which numbers it has there."""
    ready: set[str] = set()
    numbers: set[int] = set()
    for one in backends.slices(cluster, service):
        matching = {
            p["port"]
            for p in one.get("ports") or []
            if (p.get("name") or "") == port.get("name", "") and p.get("port") is not None
        }
        own = set(backends.addresses(one))
        if matching and own:
            ready |= own
            numbers |= matching
    return len(ready), numbers


def _explain(
    cluster: Cluster,
    found: Findings,
    service: Mapping[str, Any],
    port: Mapping[str, Any],
    *,
    ready: int,
    at_least: int,
) -> None:
    subject = named(service)
    selector = service["spec"].get("selector") or {}
    details: dict[str, Any] = {**subject, "selector": selector, "ready": ready, "replicas": at_least}
    reason = "service-without-endpoints"
    if not selector:
        reason = "service-has-no-selector"
    elif (trouble := backends.trouble(cluster, service)) is not None:
        workloads.require(found, trouble, "endpoints", weight=2)
        return
    elif gone := backends.only_terminating(cluster, service):
        reason, details["pods"] = "service-pods-terminating", gone
    elif (pods := backends.selected_pods(cluster, service)) == []:
        reason = "service-selects-nothing"
    elif pods and all(backends.lacks_port(pod, port) for pod in pods):
        reason, details["target"] = "service-target-port-unknown", port.get("targetPort")
    found.require(False, reason, part="endpoints", seen=ready, wanted=at_least, weight=2, **details)


def test_answers(
    cluster: Cluster, name: str, namespace: str, port: str, path: str = "/", status: int = 200
) -> None:
    """The Service {name} answers {path} over HTTP."""
    answered(cluster, name, namespace, port, path, status)

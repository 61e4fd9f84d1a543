"""Where a Prometheus or Alertmanager can be asked that no operator runs: behind a Service with a given name.

Below a sub-path (`--web.route-prefix`, or the path of `--web.external-url`) either program
answers at the root only with a redirect to it, however it was told: its own word is taken.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pytest_k8sgrade.outcome import CannotTell
from pytest_k8sgrade.services.diagnosis import if_readable
from pytest_k8sgrade.services.monitoring.operated import PORTS, Address, OperatedKind, web_port

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster

TIMEOUT_S = 10
_READY = "/-/ready"
_MOVED = (301, 302, 307, 308)


def direct(cluster: Cluster, kind: OperatedKind, service: str, namespace: str) -> Address:
    """The Service, its web port, and the sub-path below which it answers.

    Where the Service itself may not be read, the program's usual port is asked.
    """
    try:
        found = cluster.get("v1", "Service", service, namespace)
    except CannotTell:
        return Address(service, namespace, str(PORTS[kind]))
    ports = found["spec"].get("ports") or [{"port": PORTS[kind]}]
    port = web_port(found, kind) or ports[0]["port"]
    place = Address(service, namespace, str(port))
    return if_readable(lambda: _below(cluster, place)) or place


def _below(cluster: Cluster, place: Address) -> Address | None:
    """The same place below the sub-path to which it sends the root; None where that leads to nothing."""
    session = cluster.http(place.service, place.namespace, place.port, scheme=place.scheme)
    root = session.base_url.rstrip("/")
    if session.get(root + _READY, timeout=TIMEOUT_S).status_code != 404:
        return None
    answer = session.get(f"{root}/", timeout=TIMEOUT_S)
    if answer.status_code not in _MOVED:
        return None
    path = urlsplit(answer.headers.get("Location", "")).path.removeprefix(urlsplit(root).path)
    there = replace(place, prefix=path)
    found = session.get(there.base(root) + _READY, timeout=TIMEOUT_S).status_code
    return there if found in (200, 503) else None

"""The metrics APIs that autoscalers read, and who answers them.

An aggregated API without a backend answers 503 as plain text, one that is not
registered 404 as plain text: the APIService object tells which of the two it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_k8sgrade.kube.conditions import condition

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster

API_VERSION = "apiregistration.k8s.io/v1"
RESOURCE, CUSTOM, EXTERNAL = "metrics.k8s.io", "custom.metrics.k8s.io", "external.metrics.k8s.io"
_VERSIONS = {RESOURCE: ("v1beta1",), CUSTOM: ("v1beta2", "v1beta1"), EXTERNAL: ("v1beta1",)}


@dataclass(frozen=True, slots=True)
class MetricsApi:
    """One registered version of a metrics group."""

    name: str
    service: str
    namespace: str
    available: bool
    why: str


def registered(cluster: Cluster, group: str) -> MetricsApi | None:
    """The group's API, an available version before others; None when it is not registered."""
    names = (f"{version}.{group}" for version in _VERSIONS[group])
    found = [_parse(item) for name in names if (item := cluster.find(API_VERSION, "APIService", name))]
    return min(found, key=lambda api: (not api.available, api.name), default=None)


def _parse(item: Mapping[str, Any]) -> MetricsApi:
    service = item["spec"].get("service") or {}
    available = condition(item, "Available")
    return MetricsApi(
        name=item["metadata"]["name"],
        service=service.get("name", ""),
        namespace=service.get("namespace", ""),
        available=available is not None and available.status == "True",
        why=available.reason if available is not None else "Unknown",
    )

"""Group versions of the API, and what the aggregator says of those that another program serves.

An APIService exists for every group version, also for the server's own and for those of
CustomResourceDefinitions. The aggregator's reasons tell why a backend does not answer;
a reason that it is not known to give is a doubt, whatever the status.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, NoReturn

from pytest_k8sgrade.cluster.resources import provider
from pytest_k8sgrade.kube.conditions import condition
from pytest_k8sgrade.kube.objects import spec_of
from pytest_k8sgrade.kube.times import parse_time
from pytest_k8sgrade.outcome import absent, cannot_tell, unmet
from pytest_k8sgrade.services.diagnosis import if_readable, require_known
from pytest_k8sgrade.services.running import backends, workloads

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster

API_VERSION = "apiregistration.k8s.io/v1"
AVAILABLE = frozenset({"Passed", "Local"})
_REASONS = {
    "ServiceNotFound": "api-service-missing",
    "ServicePortError": "api-service-port",
    "MissingEndpoints": "api-without-endpoints",
    "EndpointsNotFound": "api-without-endpoints",
    "FailedDiscoveryCheck": "api-unreachable",
}


@dataclass(frozen=True, slots=True)
class ApiService:
    """One group version. `service` and `namespace` are empty where the API server itself serves it."""

    name: str
    service: str
    namespace: str
    available: bool
    why: str
    created: datetime | None = None
    since: datetime | None = None


def find(cluster: Cluster, api_version: str) -> ApiService | None:
    """A group version's APIService, None when it is not registered; CannotTell when its state is unknown."""
    group, _, version = api_version.rpartition("/")
    item = cluster.find(API_VERSION, "APIService", f"{version}.{group}")
    return parse(item) if item is not None else None


def parse(item: Mapping[str, Any]) -> ApiService:
    """An APIService as an object; one that was not looked at yet is not available."""
    service, available = spec_of(item).get("service") or {}, condition(item, "Available")
    if available is not None and available.true:
        require_known(item, available, AVAILABLE)
    if available is not None and available.status == "Unknown":
        name = item["metadata"]["name"]
        cannot_tell("api-state-unknown", seen=available.reason, wanted="True", api=name, why=available.reason)
    return ApiService(
        name=item["metadata"]["name"],
        service=service.get("name", ""),
        namespace=service.get("namespace", ""),
        available=available is not None and available.true,
        why=available.reason if available is not None else "-",
        created=parse_time(item["metadata"].get("creationTimestamp")),
        since=available.since if available is not None else None,
    )


def require_served(cluster: Cluster, api_version: str) -> None:
    """Absent, or unmet with the true cause, unless a group version is registered and available."""
    api = find(cluster, api_version)
    if api is None:
        say_absent(api_version)
    if not api.available:
        explain(cluster, api)


def say_absent(api_version: str) -> NoReturn:
    """Absent, naming what usually brings the group."""
    absent("api-absent", wanted=api_version, api_version=api_version, provider=provider(api_version))


def explain(cluster: Cluster, api: ApiService) -> None:
    """Raise why a registered API is not available: its backend's trouble, else what the aggregator says."""
    service = if_readable(lambda: cluster.get("v1", "Service", api.service, api.namespace))
    trouble = backends.trouble(cluster, service) if service is not None else None
    if trouble is not None and _REASONS.get(api.why) == "api-without-endpoints":
        workloads.raise_shortfall(trouble)
    details = {"api": api.name, "service": api.service, "namespace": api.namespace, "why": api.why}
    unmet(_REASONS.get(api.why, "api-unavailable"), seen=api.why, wanted="True", **details)

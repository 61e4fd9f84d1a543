"""Elastic's operator (ECK): what its resources say of health and phase.

Readable without Elasticsearch's password. A phase or health that is not known here
is never taken for a good one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from pytest_k8sgrade.kube.rollout import named
from pytest_k8sgrade.outcome import cannot_tell, hopeless, unmet
from pytest_k8sgrade.services.diagnosis import if_readable

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster

Object = Mapping[str, Any]
Kind = Literal["Elasticsearch", "Kibana"]
API: Mapping[Kind, str] = {
    "Elasticsearch": "elasticsearch.k8s.elastic.co/v1",
    "Kibana": "kibana.k8s.elastic.co/v1",
}
_MOVING = frozenset({"ApplyingChanges", "MigratingData"})
_UNMANAGED = {"eck.k8s.elastic.co/managed": "false", "common.k8s.elastic.co/pause": "true"}
"""Annotations, of now and of before, that make the operator leave a resource as it is."""
_STUCK = frozenset({"Stalled", "Invalid"})


def get(cluster: Cluster, kind: Kind, name: str, namespace: str) -> Object:
    """The resource; Absent when it or its kind is not there."""
    return cluster.get(API[kind], kind, name, namespace)


def of_service(cluster: Cluster, kind: Kind, service: str, namespace: str) -> Object | None:
    """The resource whose HTTP Service it is, or that has its name."""
    suffix = {"Elasticsearch": "-es-http", "Kibana": "-kb-http"}[kind]
    name = service.removesuffix(suffix)
    return if_readable(lambda: get(cluster, kind, name, namespace))


def data_nodes(resource: Object) -> int:
    """The nodes for data that the resource asks for; one of them alone cannot place replicas."""
    sets = (resource.get("spec") or {}).get("nodeSets") or []
    return sum(int(one.get("count") or 0) for one in sets if _holds_data(one.get("config") or {}))


def _holds_data(config: Object) -> bool:
    """Whether a set's nodes take data, as they do where nothing is said."""
    roles = config.get("node.roles", (config.get("node") or {}).get("roles"))
    if roles is None:
        return config.get("node.data") is not False and (config.get("node") or {}).get("data") is not False
    return any(str(one).partition("_")[0] == "data" for one in roles)


def require_nodes(resource: Object, nodes: int, where: Mapping[str, Any]) -> None:
    """Unmet unless the operator counts so many nodes that are available."""
    status = resource.get("status") or {}
    count = int(status.get("availableNodes") or 0)
    told: dict[str, Any] = {"status": status.get("health"), "unassigned": "-", "nodes": count, "asked": nodes}
    if nodes > 1 and count < nodes:
        unmet("elasticsearch-few-nodes", seen=count, wanted=nodes, **told, **where)


def require_healthy(resource: Object) -> None:
    """Unmet, or hopeless, unless the operator has taken the newest version and calls it healthy."""
    notes = resource["metadata"].get("annotations") or {}
    if any(notes.get(key) == value for key, value in _UNMANAGED.items()):
        cannot_tell("eck-unmanaged", seen="unmanaged", wanted="managed", **named(resource))
    status, params = resource.get("status") or {}, named(resource)
    generation, observed = resource["metadata"].get("generation"), status.get("observedGeneration")
    if generation is not None and observed is not None and observed < generation:
        unmet("eck-not-observed", seen=observed, wanted=generation, observed=observed, **params)
    phase, health = status.get("phase"), status.get("health")
    told = {"phase": phase, "health": health, **params}
    if phase in _STUCK:
        hopeless("eck-stuck", seen=phase, wanted="Ready", **told)
    if phase in _MOVING:
        unmet("eck-changing", seen=phase, wanted="Ready", **told)
    alone = resource["kind"] == "Elasticsearch" and health == "yellow" and data_nodes(resource) == 1
    ready = phase == "Ready" or resource["kind"] == "Kibana"
    if not ready or not (health == "green" or alone):
        unmet("eck-unhealthy", seen=health, wanted="green", **told)

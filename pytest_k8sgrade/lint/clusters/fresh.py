"""A cluster on which nobody has done anything: its own namespaces, a node, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pytest_k8sgrade.cluster import Request, Response
from pytest_k8sgrade.cluster.places import service_of
from pytest_k8sgrade.cluster.reader import Login
from pytest_k8sgrade.lint.clusters.answers import (
    BUILT_IN,
    VERSION,
    Place,
    answer,
    group_list,
    listed,
    no_such_path,
    not_found,
    place_of,
    resource_list,
)

_NAMESPACES: Final = ("default", "kube-node-lease", "kube-public", "kube-system")
_CREATED: Final = "2026-01-01T00:00:00Z"


class FreshCluster:
    """Reads nothing and answers as an API server without a single object of a student."""

    def read(self, request: Request, seconds: float) -> Response:
        """The answer to a GET."""
        path = request.path
        service = service_of(path)
        if service is not None:
            return not_found(service.name, "services")
        if path == "/version":
            return answer(VERSION)
        if path == "/apis":
            return group_list(BUILT_IN)
        place = place_of(path)
        if place is None or not place.built_in:
            return no_such_path()
        return resource_list(place.api_version) if not place.plural else _objects(place)

    def login(self, login: Login, seconds: float) -> Response:
        """There is no service to log in to."""
        return not_found(login.service.name, "services")


def _objects(place: Place) -> Response:
    there = _OBJECTS.get((place.api_version, place.plural), ())
    if place.name is None:
        return listed(place, there)
    found = next((item for item in there if item["metadata"]["name"] == place.name), None)
    return answer(found) if found else not_found(place.name, place.plural)


def _object(kind: str, name: str, **fields: Any) -> Mapping[str, Any]:
    metadata = {"name": name, "uid": f"{kind}-{name}", "creationTimestamp": _CREATED}
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata, **fields}


_READY: Final = {"type": "Ready", "status": "True", "reason": "KubeletReady", "lastTransitionTime": _CREATED}
_NODE: Final = {
    "capacity": {"cpu": "4", "memory": "8Gi", "pods": "110"},
    "allocatable": {"cpu": "4", "memory": "8Gi", "pods": "110"},
    "conditions": [_READY],
}
_OBJECTS: Final[Mapping[tuple[str, str], tuple[Mapping[str, Any], ...]]] = {
    ("v1", "namespaces"): tuple(
        _object("Namespace", name, status={"phase": "Active"}) for name in _NAMESPACES
    ),
    ("v1", "nodes"): (_object("Node", "node-1", spec={}, status=_NODE),),
}

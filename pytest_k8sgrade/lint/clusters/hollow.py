"""A cluster that has whatever is asked for by name, looking well, and nothing in any list.

On it a check that forgets to ask whether it found anything at all says that all is well.
`selected` collects the requests whose answer was such an emptiness.
"""

from __future__ import annotations

import re
from typing import Any, Final

from pytest_k8sgrade.cluster import Request, Response
from pytest_k8sgrade.cluster.places import service_of
from pytest_k8sgrade.cluster.reader import Login
from pytest_k8sgrade.cluster.resources import KNOWN
from pytest_k8sgrade.lint.clusters.answers import (
    BUILT_IN,
    VERSION,
    Place,
    answer,
    group_list,
    listed,
    place_of,
    resource_list,
)

_SINCE: Final = "2026-01-01T00:00:00Z"
_TRUE: Final = (
    "AbleToScale",
    "Active",
    "Available",
    "Complete",
    "Established",
    "Healthy",
    "Initialized",
    "Progressing",
    "Ready",
    "RecommendationProvided",
    "Reconciled",
    "ScalingActive",
)
"""Conditions that say that all is well."""

_PAGES: Final[tuple[tuple[str, Any], ...]] = (
    (r"/api/v1/query(_range)?", {"status": "success", "data": {"resultType": "vector", "result": []}}),
    (r"/api/v1/targets", {"status": "success", "data": {"activeTargets": [], "droppedTargets": []}}),
    (r"/api/v1/rules", {"status": "success", "data": {"groups": []}}),
    (r"/api/v1/alerts", {"status": "success", "data": {"alerts": []}}),
    (r"/api/v1/alertmanagers", {"status": "success", "data": {"activeAlertmanagers": []}}),
    (r"/api/v1/(series|labels|label/.*|metadata)", {"status": "success", "data": []}),
    (r"/api/v2/(alerts|alerts/groups|silences|receivers)", []),
    (r"/api/(search|datasources|folders|v1/provisioning/.*)", []),
    (r"/api/ds/query", {"results": {}}),
    (r"/(.*/)?_search", {"hits": {"total": {"value": 0}, "hits": []}}),
)
"""What services answer that have nothing: Prometheus, Alertmanager, Grafana, Elasticsearch."""


class HollowCluster:
    """Reads nothing and answers with an object for every name, and with empty lists."""

    def __init__(self) -> None:
        self.selected: set[str] = set()

    def read(self, request: Request, seconds: float) -> Response:
        """The answer to a GET."""
        service, place = service_of(request.path), place_of(request.path)
        if service is not None:
            return self._page(request.key, request.path.removeprefix(service.proxy_path))
        if place is None or not place.plural:
            return _about_the_server(request.path, place)
        if place.name is not None:
            return answer(_object(place, place.name))
        self.selected.add(request.key)
        return listed(place)

    def _page(self, key: str, path: str) -> Response:
        """What a service says at an address; one that is not known to hold lists selects nothing."""
        page = next((page for pattern, page in _PAGES if re.fullmatch(pattern, path)), None)
        if page is not None:
            self.selected.add(key)
        return answer({} if page is None else page)

    def login(self, login: Login, seconds: float) -> Response:
        """Every password is right."""
        return Response(200, {}, b"", login.path)


def _about_the_server(path: str, place: Place | None) -> Response:
    if place is not None:
        return resource_list(place.api_version)
    if path == "/apis":
        return group_list(BUILT_IN | {version.rpartition("/")[0] for version, _ in KNOWN} - {""})
    return answer(VERSION if path == "/version" else {})


def _object(place: Place, name: str) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": name, "uid": name, "generation": 1, "creationTimestamp": _SINCE}
    metadata |= {"labels": {"app": name}} | ({"namespace": place.namespace} if place.namespace else {})
    return {
        "apiVersion": place.api_version,
        "kind": place.kind,
        "metadata": metadata,
        "spec": _spec(place.kind, name),
        "status": {
            "observedGeneration": 1,
            "phase": "Active",
            "conditions": [{"type": kind, "status": "True", "lastTransitionTime": _SINCE} for kind in _TRUE],
            "sync": {"status": "Synced"},
            "health": {"status": "Healthy"},
        },
    }


def _spec(kind: str, name: str) -> dict[str, Any]:
    labels = {"app": name}
    if kind == "Service":
        return {"selector": labels, "ports": [{"name": "http", "port": 80, "targetPort": 80}]}
    return {
        "replicas": 1,
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": {"containers": [{"name": name, "image": name}]}},
    }

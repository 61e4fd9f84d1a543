"""An API server in memory, at the level of requests, for tests of checks.

It is a reader as the views know it: objects are served under the paths, with the
selectors and the Status bodies of a real API server, services behind the proxy from
a table of paths. Nothing of the facade or of a check is replaced.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from pytest_k8sgrade.cluster import Cluster, Request, Response, View
from pytest_k8sgrade.cluster.places import service_of
from pytest_k8sgrade.cluster.reader import Login
from pytest_k8sgrade.cluster.resources import KNOWN, Resource, base_path
from pytest_k8sgrade.locale.messages import HINT_LEVELS, LANGUAGES, PLACEHOLDER, Catalogue
from pytest_k8sgrade.outcome import CannotTell, Finding, Observation
from pytest_k8sgrade.outcome import Reason as Why

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
CATALOGUES = [Catalogue(language) for language in LANGUAGES]
Answer = tuple[int, Any]
Page = Answer | Callable[[Mapping[str, str]], Answer]


class MemoryApi:
    """Objects by path, services by name and path, and what was asked."""

    def __init__(self, *objects: Mapping[str, Any], now: datetime = NOW) -> None:
        self.now = now
        self.objects = [json.loads(json.dumps(item)) for item in objects]
        self.pages: dict[tuple[str, str], Page] = {}
        self.raw: dict[str, Answer] = {}
        self.broken: set[str] = set()
        self.passwords: dict[str, str] = {}
        self.moved_logins: set[str] = set()
        self.headers: dict[str, dict[str, str]] = {}
        self.paths: list[str] = []

    def add(self, *objects: Mapping[str, Any]) -> MemoryApi:
        """More objects."""
        self.objects += [json.loads(json.dumps(item)) for item in objects]
        return self

    def service(self, name: str, pages: Mapping[str, Page]) -> MemoryApi:
        """What a Service answers behind the proxy, by path."""
        self.pages |= {(name, path): page for path, page in pages.items()}
        return self

    def cluster(self) -> Cluster:
        """A look at it."""
        return Cluster(View(self))

    def read(self, request: Request, seconds: float) -> Response:
        """The answer to a GET."""
        self.paths.append(request.path)
        if any(request.path.startswith(prefix) for prefix in self.broken):
            raise CannotTell(
                Why("timeout", {"endpoint": "it", "server": "it", "path": request.path, "seconds": 10})
            )
        query = dict(request.query)
        if request.path in self.raw:
            return self._answer(*self.raw[request.path])
        if service_of(request.path) is not None:
            return self._proxied(request.path, query)
        if request.path == "/version":
            return self._answer(200, {"gitVersion": "v1.34.4"})
        return self._object(request.path, query)

    def login(self, login: Login, seconds: float) -> Response:
        """200 for a Service that was given a password, else 401; a redirect where the form is elsewhere."""
        self.paths.append(login.path)
        if login.prefix in self.moved_logins:
            return self._answer(301, "")
        right = login.service.name in self.passwords
        return self._answer(200 if right else 401, {})

    def _proxied(self, path: str, query: Mapping[str, str]) -> Response:
        place = service_of(path)
        assert place is not None
        rest = path.removeprefix(place.proxy_path)
        page = self.pages.get((place.name, rest))
        if page is None:
            known = any(name == place.name for name, _ in self.pages)
            return (
                self._answer(404, "404 page not found") if known else self._status(503, "ServiceUnavailable")
            )
        answer = self._answer(*(page(query) if callable(page) else page))
        return Response(answer.status, {**answer.headers, **self.headers.get(rest, {})}, answer.content)

    def _object(self, path: str, query: Mapping[str, str]) -> Response:
        if (discovery := self._discovery(path)) is not None:
            return self._answer(200, discovery)
        resource, namespace, name = _split(path)
        if resource is None or not self._registered(resource):
            return self._answer(404, "404 page not found")
        found = [item for item in self.objects if _is(item, resource, namespace, name)]
        if name is not None:
            return self._answer(200, found[0]) if found else self._status(404, "NotFound", name)
        return self._answer(200, {"items": [item for item in found if _chosen(item, query)]})

    def _discovery(self, path: str) -> Any:
        """The group list, or the kinds of one version; None for other paths and other groups."""
        served = [one for one in KNOWN.values() if self._registered(one)]
        if path == "/apis":
            versions = sorted({one.api_version for one in served if "/" in one.api_version})
            return {"groups": [{"versions": [{"groupVersion": version}]} for version in versions]}
        own = [one for one in served if base_path(one.api_version) == path]
        kinds = [{"name": one.plural, "kind": one.kind, "namespaced": one.namespaced} for one in own]
        return {"resources": kinds} if own else None

    def _registered(self, resource: Resource) -> bool:
        group = resource.api_version.rpartition("/")[0]
        own = {item["apiVersion"].rpartition("/")[0] for item in self.objects}
        return group not in ("monitoring.coreos.com", "argoproj.io", "metrics.k8s.io") or group in own

    def _status(self, code: int, reason: str, name: str = "") -> Response:
        body = {
            "kind": "Status",
            "apiVersion": "v1",
            "reason": reason,
            "code": code,
            "details": {"name": name},
        }
        return self._answer(code, body)

    def _answer(self, code: int, body: Any) -> Response:
        content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        return Response(code, {"date": format_datetime(self.now, usegmt=True)}, content)


def _split(path: str) -> tuple[Resource | None, str | None, str | None]:
    for resource in KNOWN.values():
        base = base_path(resource.api_version) + "/"
        if not path.startswith(base):
            continue
        parts = path.removeprefix(base).split("/")
        namespace = None
        if resource.namespaced and parts[0] == "namespaces" and len(parts) > 2:
            namespace, parts = parts[1], parts[2:]
        if parts[0] == resource.plural and len(parts) <= 2:
            return resource, namespace, parts[1] if len(parts) == 2 else None
    return None, None, None


def _is(item: Mapping[str, Any], resource: Resource, namespace: str | None, name: str | None) -> bool:
    metadata = item["metadata"]
    return (
        (item["apiVersion"], item["kind"]) == (resource.api_version, resource.kind)
        and namespace in (None, metadata.get("namespace"))
        and name in (None, metadata["name"])
    )


def _chosen(item: Mapping[str, Any], query: Mapping[str, str]) -> bool:
    labels = item["metadata"].get("labels") or {}
    wanted = [term.split("=", 1) for term in query.get("labelSelector", "").split(",") if "=" in term]
    if any(labels.get(key) != value for key, value in wanted):
        return False
    fields = [term.split("=", 1) for term in query.get("fieldSelector", "").split(",") if "=" in term]
    for path, value in fields:
        part, _, field = path.partition(".")
        if (item.get(part) or {}).get(field) != value:
            return False
    return True


def look(check: Callable[..., None], cluster: Cluster, **params: Any) -> Observation:
    """What one look of a check finds; any exception but a finding goes through."""
    try:
        check(cluster, **params)
    except Finding as finding:
        observation = finding.observation(cluster.since)
        for found in [observation.reason, *(part.reason for part in observation.parts)]:
            require_readable(found)
        return observation
    return Observation(status="met", since=cluster.since)


def require_readable(found: Why | None) -> None:
    """Every reason that a test meets can be told in both languages, with all its parameters."""
    if found is None:
        return
    for catalogue in CATALOGUES:
        texts = [catalogue.text(found), *(catalogue.hint(found, level) for level in HINT_LEVELS)]
        for text in texts:
            assert text is not None, f"{found.id} has no hint in {catalogue.language}"
            assert not text.startswith(f"{found.id}:"), f"{found.id} has no text in {catalogue.language}"
            assert not PLACEHOLDER.findall(text), f"{found.id} lacks a parameter: {text}"


def reason(observation: Observation) -> str | None:
    """The id of what is missing."""
    return observation.reason.id if observation.reason else None


def share(observation: Observation) -> float:
    """The share of an observation's parts that is met: what partial credit rests on."""
    if observation.status == "met":
        return 1.0
    total = sum(part.weight for part in observation.parts)
    return sum(part.weight for part in observation.parts if part.met) / total if total else 0.0


def parts(observation: Observation) -> Mapping[str, str | None]:
    """The reason of each part that is not met, None for the others."""
    return {part.id: part.reason.id if part.reason else None for part in observation.parts}


def vector(*values: str) -> Answer:
    """An instant query's answer with one series per value."""
    result = [{"metric": {"pod": f"pod-{at}"}, "value": [0, value]} for at, value in enumerate(values)]
    return 200, {"status": "success", "data": {"resultType": "vector", "result": result}}


def matrix(points: Sequence[tuple[float, str]]) -> Answer:
    """A range query's answer with one series, or none."""
    series = [{"metric": {}, "values": [list(point) for point in points]}] if points else []
    return 200, {"status": "success", "data": {"resultType": "matrix", "result": series}}

"""What paths of the API ask for, and the bodies that an API server answers them with."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pytest_k8sgrade.cluster import Response
from pytest_k8sgrade.cluster.resources import KNOWN

VERSION: Final = {"major": "1", "minor": "34", "gitVersion": "v1.34.0"}
BUILT_IN: Final = frozenset(
    {
        "apps",
        "autoscaling",
        "batch",
        "policy",
        "admissionregistration.k8s.io",
        "apiextensions.k8s.io",
        "apiregistration.k8s.io",
        "certificates.k8s.io",
        "coordination.k8s.io",
        "discovery.k8s.io",
        "events.k8s.io",
        "flowcontrol.apiserver.k8s.io",
        "networking.k8s.io",
        "node.k8s.io",
        "rbac.authorization.k8s.io",
        "scheduling.k8s.io",
        "storage.k8s.io",
    }
)
"""The groups that every API server has, next to the core group."""

_KINDS: Final = {(known.api_version, known.plural): kind for (_, kind), known in KNOWN.items()}


@dataclass(frozen=True, slots=True)
class Place:
    """What a path is about: a group version; in it a kind; of it one object, by name."""

    api_version: str
    plural: str = ""
    namespace: str | None = None
    name: str | None = None

    @property
    def group(self) -> str:
        """The API group, empty for the core group."""
        return self.api_version.rpartition("/")[0]

    @property
    def built_in(self) -> bool:
        """Whether every API server has the group."""
        return self.group == "" or self.group in BUILT_IN

    @property
    def kind(self) -> str:
        """The kind of a plural; the plural itself where the kind is not known."""
        return _KINDS.get((self.api_version, self.plural), self.plural)


def place_of(path: str) -> Place | None:
    """The place of a path below /api or /apis, None for any other."""
    parts = path.strip("/").split("/")
    if parts[0] == "api" and len(parts) >= 2:
        api_version, rest = parts[1], parts[2:]
    elif parts[0] == "apis" and len(parts) >= 3:
        api_version, rest = f"{parts[1]}/{parts[2]}", parts[3:]
    else:
        return None
    namespace = None
    if rest[:1] == ["namespaces"] and len(rest) > 2:
        namespace, rest = rest[1], rest[2:]
    plural, name = (*rest, None, None)[:2]
    return Place(api_version, plural or "", namespace, name)


def answer(document: Any, code: int = 200) -> Response:
    """A JSON answer."""
    return Response(code, {"content-type": "application/json"}, json.dumps(document).encode())


def listed(place: Place, items: Iterable[Mapping[str, Any]] = ()) -> Response:
    """A list of a kind."""
    return answer(
        {"kind": f"{place.kind}List", "apiVersion": place.api_version, "metadata": {}, "items": [*items]}
    )


def not_found(name: str, kind: str) -> Response:
    """The Status with which an API server says that there is no such object."""
    details = {"name": name, "kind": kind}
    status = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404}
    return answer({**status, "details": details}, 404)


def no_such_path() -> Response:
    """What an API server says of a group that it does not have."""
    return Response(404, {"content-type": "text/plain; charset=utf-8"}, b"404 page not found\n")


def group_list(groups: Iterable[str]) -> Response:
    """The answer of /apis; the versions of a group are those of the kinds that are known."""
    versions = {name: sorted(_versions(name)) for name in groups}
    listed_groups = [
        {"name": name, "versions": [{"groupVersion": f"{name}/{v}", "version": v} for v in found]}
        for name, found in sorted(versions.items())
    ]
    return answer({"kind": "APIGroupList", "apiVersion": "v1", "groups": listed_groups})


def resource_list(api_version: str) -> Response:
    """The kinds of a group version, as far as they are known."""
    resources = [
        {"name": known.plural, "kind": kind, "namespaced": known.namespaced, "verbs": ["get", "list"]}
        for (version, kind), known in KNOWN.items()
        if version == api_version
    ]
    body = {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": api_version,
        "resources": resources,
    }
    return answer(body)


def _versions(group: str) -> set[str]:
    known = {version.rpartition("/")[2] for version, _ in KNOWN if version.rpartition("/")[0] == group}
    return known or {"v1"}

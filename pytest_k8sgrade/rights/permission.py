"""One thing that a credential must be allowed, as RBAC names it, and which one a request needs."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from pytest_k8sgrade.cluster.places import service_of
from pytest_k8sgrade.rights.constants import HOLE

PROXY: Final = "services/proxy"
_METRICS_BY_OBJECT: Final = "custom.metrics.k8s.io"
_DISCOVERY: Final = re.compile(r"/(?:apis?(?:/[^/]+){0,2}|version|openapi/.*|healthz|livez|readyz)/?")
"""What the role system:discovery allows everybody who has logged in."""
_KEY: Final = re.compile(r"(?P<method>GET|POST) (?P<path>[^? ]*)\S*(?: as .*)?", re.DOTALL)


@dataclass(frozen=True, slots=True, order=True)
class Permission:
    """A verb on a resource of a group, or on a path that is none; empty name and namespace are any."""

    group: str
    resource: str
    verb: str
    name: str = ""
    namespace: str = ""

    @property
    def is_path(self) -> bool:
        """Whether it is about a path outside of all resources."""
        return self.resource.startswith("/")

    @property
    def reads(self) -> bool:
        """Whether it changes nothing by itself."""
        return self.verb in ("get", "list")

    @property
    def is_sensitive(self) -> bool:
        """Whether it is worth having in a few namespaces only."""
        return self.resource in ("secrets", PROXY) or not self.reads


def of_key(key: str) -> Permission | None:
    """The permission that a request needs, by its key in views and evidence; None where all may ask."""
    found = _KEY.fullmatch(key)
    if found is None:
        return None
    asked = of_path(found["path"])
    if asked is None or found["method"] == "GET":
        return asked
    return Permission(asked.group, asked.resource, "create", asked.name, asked.namespace)


def of_path(path: str) -> Permission | None:
    """The permission for a GET; None where everybody may ask. A `HOLE` is a part that is not known."""
    service = service_of(path)
    if service is not None:
        return Permission("", PROXY, "get", namespace=_known(service.namespace))
    if _DISCOVERY.fullmatch(path):
        return None
    match path.strip("/").split("/"):
        case ["api", _, *rest] if rest:
            return _of_resource("", rest)
        case ["apis", group, _, *rest] if rest:
            return _of_resource(group, rest)
        case _:
            return Permission("", path, "get")


def _of_resource(group: str, parts: list[str]) -> Permission:
    namespace = ""
    if parts[0] == "namespaces" and len(parts) > 2:
        namespace, parts = _known(parts[1]), parts[2:]
    resource, *rest = parts
    name, subresource = (*rest, "", "")[:2]
    if subresource:
        resource = f"{'*' if HOLE in resource else resource}/{subresource}"
    if HOLE in resource:
        resource = "*"  # RBAC knows no other name with a star but `*/SUBRESOURCE`
    name = "" if group == _METRICS_BY_OBJECT else _known(name)
    return Permission(group, resource, "get" if rest else "list", name, namespace)


def _known(part: str) -> str:
    return "" if HOLE in part else part


def covered(permission: Permission, by: Collection[Permission]) -> bool:
    """Whether it is among others, or contained in one of them."""
    return any(one in by for one in _wider(permission))


def without_contained(permissions: Collection[Permission]) -> frozenset[Permission]:
    """Those that no other one contains."""
    return frozenset(one for one in permissions if not covered(one, {*permissions} - {one}))


def _wider(permission: Permission) -> Iterator[Permission]:
    """The permission, and those that contain it."""
    subresource = permission.resource.partition("/")[2]
    resources = {permission.resource, "*", *([f"*/{subresource}"] if subresource else [])}
    for namespace in {permission.namespace, ""}:
        for name in {permission.name, ""}:
            for resource in resources:
                yield Permission(permission.group, resource, permission.verb, name, namespace)

"""What a path of the API server leads to: a group of its API, or a Service behind it.

Only paths are looked at. The transport, the rounds' patience and the redaction ask
here, so that they agree on what a request is about.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_SERVICE = re.compile(
    r"/api/v1/namespaces/(?P<namespace>[^/]+)/services/(?:(?P<scheme>https?):)?(?P<name>[^/:]+)(?::(?P<port>[^/]*))?"
    r"/proxy(?P<rest>/.*)?"
)
_LOGIN = re.compile(
    r"/api/v1/namespaces/[a-z0-9]([a-z0-9-]*[a-z0-9])?/services/https?:[a-z0-9]([a-z0-9-]*[a-z0-9])?:[a-z0-9-]+"
    r"/proxy(?:/[A-Za-z0-9_-]+){0,3}/login"
)
_RELAYED = re.compile(r"(?P<peer>/.*/proxy/(?:uid/)?[^/]+)(?:/.*)?")
"""What a Service passes on to another server, such as Grafana to a data source."""
_AGGREGATED: Final = "metrics.k8s.io"


@dataclass(frozen=True, slots=True)
class Service:
    """A port of a Service as the service proxy is asked for it; an empty port is its only one."""

    namespace: str
    name: str
    port: str
    scheme: str = "http"

    @property
    def proxy_path(self) -> str:
        """The path below which the service answers."""
        return f"/api/v1/namespaces/{self.namespace}/services/{self.scheme}:{self.name}:{self.port}/proxy"


def service_of(path: str) -> Service | None:
    """The Service that a proxied path leads to, None for the API server's own paths."""
    match = _SERVICE.fullmatch(path)
    if match is None:
        return None
    return Service(match["namespace"], match["name"], match["port"] or "", match["scheme"] or "http")


def group_of(path: str) -> str:
    """The API group of a path; empty for the core group and everything outside of groups."""
    parts = path.split("/")
    return parts[2] if len(parts) > 2 and parts[1] == "apis" else ""


def endpoint_of(path: str) -> str:
    """What hangs together: a proxied Service, a server that it passes requests on to, or an API group."""
    service = service_of(path)
    if service is not None:
        relayed = _RELAYED.fullmatch(path.removeprefix(service.proxy_path))
        peer = relayed["peer"] if relayed is not None else ""
        return f"service {service.namespace}/{service.name}:{service.port}{peer}"
    return f"API group {group_of(path) or 'core'}"


def may_be_aggregated(path: str) -> bool:
    """Whether another program than the API server may answer for this group."""
    group = group_of(path)
    if group.endswith(_AGGREGATED):
        return True
    return "." in group and not group.endswith(".k8s.io")


def may_send(method: str, path: str) -> bool:
    """Whether this program may send such a request: GETs, and one login form behind the proxy."""
    return method == "GET" or (method == "POST" and _LOGIN.fullmatch(path) is not None)

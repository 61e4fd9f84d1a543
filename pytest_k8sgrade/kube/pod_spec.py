"""A pod's specification as the Pod Security Standards look at it: every container, every security context.

Pure: works on pods and on pod templates as the API returns them. Paths name containers and
volumes, not their positions: `spec.containers[web].securityContext`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeAlias

from pytest_k8sgrade.kube.quantity import parse_quantity

Object: TypeAlias = Mapping[str, Any]
Version: TypeAlias = tuple[int, int]

RESOURCES = ("cpu", "memory")
CONTAINER_LISTS = ("initContainers", "containers", "ephemeralContainers")


@dataclass(frozen=True, slots=True)
class PodSpec:
    """The annotations and the spec of a pod, and the version of the standard that it is held to."""

    annotations: Mapping[str, str]
    spec: Object
    version: Version

    @property
    def windows(self) -> bool:
        """Whether the pod says that it is for Windows, which has no Linux security settings."""
        return (self.spec.get("os") or {}).get("name") == "windows"

    @property
    def in_user_namespace(self) -> bool:
        """Whether the pod's users are not those of the node."""
        return self.spec.get("hostUsers") is False

    @property
    def own_context(self) -> Object:
        """The security context of the pod itself."""
        return self.spec.get("securityContext") or {}

    def containers(self) -> Iterator[tuple[str, Object]]:
        """All containers with their paths: also those that only initialise and those for debugging."""
        for part in CONTAINER_LISTS:
            for container in self.spec.get(part) or []:
                yield f"spec.{part}[{container.get('name', '')}]", container

    def contexts(self) -> Iterator[tuple[str, Object]]:
        """The security contexts of the containers with their paths."""
        for path, container in self.containers():
            yield f"{path}.securityContext", container.get("securityContext") or {}

    def all_contexts(self) -> Iterator[tuple[str, Object]]:
        """The security context of the pod, then those of its containers."""
        yield "spec.securityContext", self.own_context
        yield from self.contexts()


@dataclass(frozen=True, slots=True)
class Violation:
    """A field that a rule of the standard forbids to be as it is, and what it may be."""

    rule: str
    field: str
    found: Any
    allowed: str


def amount(value: Any) -> Decimal | None:
    """A quantity as a number, None where nothing is said."""
    return parse_quantity(value) if value is not None else None


def is_sidecar(container: Object) -> bool:
    """Whether a container that initialises goes on running beside the others."""
    return container.get("restartPolicy") == "Always"


def pod_request(spec: Object, resource: str) -> Decimal:
    """What the scheduler looks for: all containers together, or the largest of those that initialise.

    Sidecars stay beside those that follow. What is said of the pod as a whole counts instead.
    """
    overhead = amount((spec.get("overhead") or {}).get(resource)) or Decimal(0)
    whole = amount(((spec.get("resources") or {}).get("requests") or {}).get(resource))
    if whole is not None:
        return whole + overhead
    beside, largest = Decimal(0), Decimal(0)
    for container in spec.get("initContainers") or []:
        if is_sidecar(container):
            beside += _request(container, resource)
            largest = max(largest, beside)
        else:
            largest = max(largest, beside + _request(container, resource))
    running = sum((_request(one, resource) for one in spec.get("containers") or []), beside)
    return max(running, largest) + overhead


def _request(container: Object, resource: str) -> Decimal:
    own = ((container.get("resources") or {}).get("requests") or {}).get(resource)
    return amount(own) or Decimal(0)


def probe_text(container: Object) -> str:
    """What a container's readiness probe asks, in a few words; empty where it has none."""
    probe = container.get("readinessProbe") or {}
    if (http := probe.get("httpGet")) is not None:
        return f"{http.get('scheme', 'HTTP')} {http.get('path', '/')} port {http.get('port')}"
    if (tcp := probe.get("tcpSocket")) is not None:
        return f"TCP port {tcp.get('port')}"
    if (grpc := probe.get("grpc")) is not None:
        return f"gRPC port {grpc.get('port')}"
    return " ".join((probe.get("exec") or {}).get("command") or [])

"""A pod's specification as the Pod Security Standards look at it: every container, every security context.

Pure: works on pods and on pod templates as the API returns them. Paths name containers and
volumes, not their positions: `spec.containers[web].securityContext`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

Object: TypeAlias = Mapping[str, Any]
Version: TypeAlias = tuple[int, int]

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

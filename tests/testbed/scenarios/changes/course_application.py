"""An Application of one of the course's manifests: altered, looked at, made right again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from tests.testbed.layers import git_server, look
from tests.testbed.layers.argocd import NAMESPACE, refresh
from tests.testbed.layers.base import apply, documents
from tests.testbed.scenarios.change import Change, Seen, Step, Target, register

from .argocd import compared, in_order, sync_status

if TYPE_CHECKING:
    from tests.testbed.layers.base import Document
    from tests.testbed.node import Bed


@dataclass(frozen=True)
class CourseApplication:
    """One Application of a manifest."""

    name: str
    manifests: tuple[str, ...]

    @property
    def target(self) -> Target:
        """The object."""
        return Target("application", NAMESPACE, self.name)

    def manifest(self) -> Document:
        """The Application as it is right."""
        found = documents(*self.manifests)
        return next(one for one in found if one["metadata"]["name"] == self.name)

    def altered(self, **spec: Any) -> Document:
        """With other parts of its spec; None takes one away."""
        found = self.manifest()
        found["spec"] = _merged(found["spec"], spec)
        return found

    def source(self, **fields: Any) -> Document:
        """Its source with other fields; None takes one away."""
        return _merged(self.manifest()["spec"]["source"], fields)

    def policy(self, **automated: bool) -> Document:
        """Its sync policy with other switches."""
        own: Document = self.manifest()["spec"]["syncPolicy"]
        return {**own, "automated": {**own["automated"], **automated}}

    def respecify(self, bed: Bed, found: Document) -> None:
        """Give it a spec and nothing else: its status is no subresource."""
        self.target.patch(bed, [{"op": "replace", "path": "/spec", "value": found["spec"]}], how="json")

    def apply(self, bed: Bed, **spec: Any) -> None:
        """Other parts of its spec."""
        self.respecify(bed, self.altered(**spec))

    def restore(self, bed: Bed) -> None:
        """As it is right, as far as it is there, and synced."""
        if self.target.read(bed) is None:
            apply(bed, [self.manifest()])
        else:
            self.respecify(bed, self.manifest())
        refresh(bed, self.name)
        look.until(f"{self.name} restored", lambda: compared(bed, self.name), pause=2)

    def renew(self, bed: Bed, *objects: Target, **spec: Any) -> None:
        """Another Application of this name without a past, and nothing left of what the first deployed."""
        self.remove(bed, *objects)
        apply(bed, [self.altered(**spec)])

    def remove(self, bed: Bed, *objects: Target) -> None:
        """The Application first, so that it heals nothing, then what it had deployed."""
        self.target.delete(bed)
        look.until(f"{self.name} gone", lambda: "there" if self.target.read(bed) else None)
        for one in objects:
            one.delete(bed)
        for one in objects:
            look.until(f"{one.name} gone", lambda: "there" if one.read(bed) else None)  # noqa: B023 - called at once

    def condition(self, kind: str) -> Seen:
        """A probe: it has a condition of a type."""
        return partial(_condition, name=self.name, kind=kind)

    def sync(self, wanted: str) -> Seen:
        """A probe: its sync status."""
        return partial(sync_status, wanted=wanted, name=self.name)

    def health(self, wanted: str) -> Seen:
        """A probe: its health."""
        return partial(_health, name=self.name, wanted=wanted)

    def in_order(self) -> Seen:
        """A probe: it is Synced and Healthy, and nothing goes on."""
        return partial(in_order, name=self.name)

    def commit(self, bed: Bed, message: str, files: dict[str, str]) -> None:
        """Commit files to its repository and let Argo CD look."""
        git_server.commit(bed, self.repository, message, files)
        refresh(bed, self.name)

    @property
    def repository(self) -> str:
        """Its repository's folder in the manifests."""
        address: str = self.manifest()["spec"]["source"]["repoURL"]
        return address.rpartition("/")[2].removesuffix(".git")

    def committed(self, path: str) -> str:
        """A file of its repository as it was first committed."""
        return (git_server.REPOSITORIES / self.repository / path).read_text(encoding="utf-8")

    def change(
        self, name: str, title: str, step: Step, *, effect: Seen | None = None, undo: Step | None = None
    ) -> Change:
        """A change with a probe for its effect; what is right takes it back."""
        seen = effect or self.in_order()
        settle = partial(_settled, name=name, effect=seen)
        return register(Change(name, title, step, settle, undo or self.restore))

    def change_spec(self, name: str, title: str, *, effect: Seen | None = None, **spec: Any) -> Change:
        """A change of the spec alone."""
        return self.change(name, title, lambda bed: self.apply(bed, **spec), effect=effect)


def _merged(found: Document, fields: Mapping[str, Any]) -> Document:
    return {key: value for key, value in {**found, **fields}.items() if value is not None}


def _settled(bed: Bed, *, name: str, effect: Seen) -> None:
    look.until(f"{name} in effect", lambda: effect(bed), timeout=120)


def _condition(bed: Bed, name: str, kind: str) -> str | None:
    status = (look.read(bed, "application", NAMESPACE, name) or {}).get("status", {})
    found = [one["type"] for one in status.get("conditions") or []]
    return None if kind in found else f"conditions {found}"


def _health(bed: Bed, name: str, wanted: str) -> str | None:
    status = (look.read(bed, "application", NAMESPACE, name) or {}).get("status", {})
    found = status.get("health", {}).get("status")
    return None if found == wanted else f"health {found}"

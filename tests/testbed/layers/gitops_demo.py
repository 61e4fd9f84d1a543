"""The Application `demo-app` of hands-on 1 with its past: pushes, a way back, a drift that was healed.

The past is made as the hands-on has it: replicas 2 to 5, another image, larger resources, each a
commit that Argo CD deploys; the last one taken back by `git revert`; then somebody scales by hand.
The drift comes last, because the next sync overwrites what it has left behind.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from . import git_server, look
from .argocd import NAMESPACE, nudged, refresh
from .base import apply, documents

if TYPE_CHECKING:
    from tests.testbed.node import Bed

NAME, REPOSITORY = "demo-app", "k8s-gitops-demo"
TARGET_NAMESPACE = "day5-handson"
DEPLOYMENT = "apps/demo-app/deployment.yaml"
REPLICAS = 5


def first() -> str:
    """The Deployment as it was first committed."""
    return (git_server.REPOSITORIES / REPOSITORY / DEPLOYMENT).read_text(encoding="utf-8")


def scaled() -> str:
    """With more replicas."""
    return first().replace("replicas: 2", f"replicas: {REPLICAS}")


def updated() -> str:
    """With the next image."""
    return scaled().replace("unprivileged:1.21", "unprivileged:1.22")


def enlarged() -> str:
    """With more resources, and as version 2."""
    text = updated().replace("version: v1", "version: v2")
    text = text.replace("{cpu: 100m, memory: 128Mi}", "{cpu: 200m, memory: 256Mi}")
    return text.replace("{cpu: 50m, memory: 64Mi}", "{cpu: 100m, memory: 128Mi}")


@dataclass(frozen=True)
class DemoApp:
    """The layer."""

    name: str = "gitops-demo"
    needs: tuple[str, ...] = ("argocd", "git-server")
    components: frozenset[str] = frozenset({"base"})
    images: frozenset[str] = frozenset({"nginx"})

    def install(self, bed: Bed) -> None:
        """Apply the Application."""
        apply(bed, documents("handson1", "gitops", "demo-app.yaml"))

    def wait(self, bed: Bed) -> None:
        """Wait for the first sync, then make the past."""
        look.until(f"Application {NAME}", partial(nudged, bed, NAME), pause=2)
        make_past(bed)


def make_past(bed: Bed) -> None:
    """Three pushes, a revert, a drift."""
    for message, text in (
        ("Scale up to 5 replicas", scaled()),
        ("Update nginx to 1.22", updated()),
        ("Increase resource limits", enlarged()),
    ):
        push(bed, message, {DEPLOYMENT: text})
    expect(bed, git_server.revert(bed, REPOSITORY))
    drift(bed)


def push(bed: Bed, message: str, files: Mapping[str, str]) -> None:
    """Commit files and see them deployed."""
    expect(bed, git_server.commit(bed, REPOSITORY, message, files))


def expect(bed: Bed, revision: str) -> None:
    """Wait until a revision is deployed."""
    refresh(bed, NAME)
    look.until(f"revision {revision[:7]} deployed", partial(deployed, bed, revision), pause=1)


def deployed(bed: Bed, revision: str) -> str | None:
    """Whether the newest entry of the history is a revision, and all of it runs."""
    status = (look.read(bed, "application", NAMESPACE, NAME) or {}).get("status", {})
    newest = (status.get("history") or [{}])[-1].get("revision")
    if newest != revision:
        return f"history ends with {newest}"
    return nudged(bed, NAME) or look.ready(bed, "deployment", TARGET_NAMESPACE, NAME)


def drift(bed: Bed) -> None:
    """Scale by hand and see it healed."""
    bed.kubectl("scale", "deployment", NAME, "-n", TARGET_NAMESPACE, "--replicas=3")
    look.until("drift healed", partial(healed, bed), pause=1)


def healed(bed: Bed) -> str | None:
    """Whether the last operation was a self-heal, and the replicas are those of Git again."""
    status = (look.read(bed, "application", NAMESPACE, NAME) or {}).get("status", {})
    sync = (status.get("operationState", {}).get("operation") or {}).get("sync") or {}
    if not sync.get("autoHealAttemptsCount"):
        return "the last operation was no self-heal"
    wanted = (look.read(bed, "deployment", TARGET_NAMESPACE, NAME) or {}).get("spec", {}).get("replicas")
    if wanted != REPLICAS:
        return f"{wanted} replicas"
    return nudged(bed, NAME) or look.ready(bed, "deployment", TARGET_NAMESPACE, NAME)

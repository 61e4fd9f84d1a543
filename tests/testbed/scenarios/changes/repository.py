"""Changes to the lab's Git repository, which its Argo CD Application deploys.

Argo CD looks at a changed repository only when it is asked, so every commit asks. What was
committed first comes back as another commit.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import yaml

from tests.testbed.layers import git_server, look
from tests.testbed.layers.argocd import NAMESPACE, refresh
from tests.testbed.layers.base import apply
from tests.testbed.scenarios.change import Target

from .argocd import compared, sync_status
from .gitops import APPLICATION, altered, condition, of, policy, respecify, source, undone

if TYPE_CHECKING:
    from tests.testbed.node import Bed

REPOSITORY, FOLDER = "web-app", "k8s/web-app"
DEPLOYMENT = f"{FOLDER}/deployment.yaml"


def in_git(name: str) -> str:
    """A file of the repository as it was first committed."""
    return (git_server.REPOSITORIES / REPOSITORY / name).read_text(encoding="utf-8")


def commit(bed: Bed, message: str, files: dict[str, str]) -> None:
    """Commit files and let Argo CD look."""
    git_server.commit(bed, REPOSITORY, message, files)
    refresh(bed)


def first_commit(bed: Bed) -> None:
    """What was committed first, once more."""
    commit(bed, "As before", {DEPLOYMENT: in_git(DEPLOYMENT), EXTRA: NOTHING})
    undone(bed)


def broken_image() -> str:
    """The Deployment in Git with an image that does not exist; its short deadline makes it degraded soon."""
    found = yaml.safe_load(in_git(DEPLOYMENT))
    found["spec"]["progressDeadlineSeconds"] = 2
    found["spec"]["template"]["spec"]["containers"][0]["image"] += "-typo"
    return str(yaml.safe_dump(found))


def health(bed: Bed, wanted: str) -> str | None:
    """Whether the Application has a health."""
    status = (look.read(bed, "application", NAMESPACE, "web-app") or {}).get("status", {})
    found = status.get("health", {}).get("status")
    return None if found == wanted else f"health {found}"


of(
    "application-degraded",
    "The Deployment in Git names an image that does not exist",
    lambda bed: commit(bed, "New image", {DEPLOYMENT: broken_image()}),
    effect=partial(health, wanted="Degraded"),
    undo=first_commit,
)


def refused() -> str:
    """The Deployment in Git with a selector that its template does not have: the API server refuses it."""
    found = yaml.safe_load(in_git(DEPLOYMENT))
    found["spec"]["template"]["metadata"]["labels"] = {"app": "webapp"}
    return str(yaml.safe_dump(found))


def fail_to_sync(bed: Bed) -> None:
    """One try only, then a commit that cannot be applied."""
    respecify(bed, altered(syncPolicy={**policy(), "retry": {"limit": 0}}))
    commit(bed, "New labels", {DEPLOYMENT: refused()})


of(
    "application-sync-failed",
    "The Deployment in Git is refused by the API server",
    fail_to_sync,
    effect=partial(condition, kind="SyncError"),
    undo=first_commit,
)

EXTRA = f"{FOLDER}/settings.yaml"
NOTHING = "# nothing"
SETTINGS = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web-app-settings}\ndata: {mode: new}\n"


def leave_behind(bed: Bed) -> None:
    """Add an object to Git, see it synced, then take it out of Git with pruning off."""
    commit(bed, "Settings", {EXTRA: SETTINGS})
    look.until("ConfigMap synced", lambda: None if SETTINGS_MAP.read(bed) else "no ConfigMap")
    look.until("synced", lambda: compared(bed), pause=2)
    respecify(bed, altered(syncPolicy=policy(prune=False)))
    commit(bed, "No settings", {EXTRA: NOTHING})


SETTINGS_MAP = Target("configmap", "default", "web-app-settings")

of(
    "application-prune-pending",
    "Pruning is off and an object has left Git",
    leave_behind,
    effect=partial(sync_status, wanted="OutOfSync"),
    undo=first_commit,
)


def nothing_to_do(bed: Bed) -> None:
    """An Application that was always pointed at a folder without manifests."""
    commit(bed, "Documentation", {"docs/README.md": "How to use it.\n"})
    APPLICATION.delete(bed)
    bed.kubectl("delete", "deployment,service", "web-app", "-n", "default", "--ignore-not-found")
    apply(bed, [altered(source=source(path="docs"))])


of(
    "application-empty",
    "spec.source.path is a folder without manifests",
    nothing_to_do,
    effect=partial(sync_status, wanted="Synced"),
)

"""Changes to the lab's Argo CD Application, to its repository and to its project.

Argo CD looks at a changed Application at once, at a changed repository only when it is asked, so
every change of the repository asks. Its objects in `default` are nobody else's: they may be lost.
"""

from __future__ import annotations

import copy
from functools import partial
from typing import TYPE_CHECKING, Any

from tests.testbed.layers import look
from tests.testbed.layers.argocd import NAMESPACE, PROJECT, refresh
from tests.testbed.layers.base import apply, documents
from tests.testbed.scenarios.change import Change, Seen, Step, Target, register, replace

from .argocd import compared, in_order, sync_status

if TYPE_CHECKING:
    from tests.testbed.layers.base import Document
    from tests.testbed.node import Bed

APPLICATION = Target("application", NAMESPACE, "web-app")
DEPLOYED = Target("deployment", "default", "web-app")


def manifest() -> Document:
    """The lab's Application."""
    (found,) = documents("lab1", "application.yaml")
    return found


def altered(**spec: Any) -> Document:
    """The lab's Application with other parts of its spec."""
    found = manifest()
    found["spec"].update(spec)
    return found


def respecify(bed: Bed, found: Document) -> None:
    """Give the Application a spec and nothing else: a PUT would empty its status, which is no subresource."""
    APPLICATION.patch(bed, [{"op": "replace", "path": "/spec", "value": found["spec"]}], how="json")


def condition(bed: Bed, kind: str) -> str | None:
    """Whether the Application has a condition of a type."""
    status = (look.read(bed, "application", NAMESPACE, "web-app") or {}).get("status", {})
    found = [one["type"] for one in status.get("conditions") or []]
    return None if kind in found else f"conditions {found}"


def undone(bed: Bed) -> None:
    """The lab's Application again, as far as it is there, synced."""
    if APPLICATION.read(bed) is None:
        apply(bed, [manifest()])
    else:
        respecify(bed, manifest())
    refresh(bed)
    look.until("Application undone", lambda: compared(bed), pause=2)


def of(name: str, title: str, apply_: Step, *, effect: Seen, undo: Step = undone) -> Change:
    """A change with a probe for its effect; the lab's Application takes it back."""
    settle = partial(settled, name=name, effect=effect)
    return register(Change(name=name, title=title, apply=apply_, settle=settle, undo=undo))


def settled(bed: Bed, *, name: str, effect: Seen) -> None:
    """Wait for the effect."""
    look.until(f"{name} in effect", lambda: effect(bed), timeout=120)


def of_spec(name: str, title: str, *, effect: Seen = in_order, **spec: Any) -> Change:
    """A change of the Application's spec."""
    return of(name, title, lambda bed: respecify(bed, altered(**spec)), effect=effect)


def source(**fields: str) -> Document:
    """The Application's source with other fields."""
    return {**manifest()["spec"]["source"], **fields}


def policy(**automated: bool) -> Document:
    """Automated sync as the lab has it, with other switches."""
    return {**manifest()["spec"]["syncPolicy"], "automated": {"prune": True, "selfHeal": True, **automated}}


of_spec("application-self-heal-off", "selfHeal is false", syncPolicy=policy(selfHeal=False))
of_spec("application-prune-off", "prune is false", syncPolicy=policy(prune=False))
of_spec(
    "application-paused", "Automated sync is switched off: enabled is false", syncPolicy=policy(enabled=False)
)
of_spec(
    "application-without-namespace-option",
    "The sync option CreateNamespace is missing",
    syncPolicy={"automated": {"prune": True, "selfHeal": True}},
)
of_spec(
    "application-path-wrong",
    "spec.source.path is no folder of the repository",
    source=source(path="k8s/webapp"),
    effect=partial(condition, kind="ComparisonError"),
)
of_spec(
    "application-repository-unreachable",
    "spec.source.repoURL is the lab's placeholder",
    source=source(repoURL="https://github.com/your-org/your-repo"),
    effect=partial(condition, kind="ComparisonError"),
)
of_spec(
    "application-project-missing",
    "spec.project names an AppProject that does not exist",
    project="team-a",
    effect=partial(condition, kind="InvalidSpecError"),
)


def moved(bed: Bed) -> str | None:
    """Whether the objects are in the other namespace."""
    there = look.read(bed, "deployment", "web-app", "web-app")
    return in_order(bed) if there is not None else "nothing in namespace web-app"


def move_back(bed: Bed) -> None:
    """Back to `default`, and the namespace that was made for it away."""
    undone(bed)
    bed.kubectl("delete", "namespace", "web-app", "--ignore-not-found", "--wait=false")


of(
    "application-destination-wrong",
    "The Application deploys into namespace web-app",
    lambda bed: replace(
        bed, altered(destination={**manifest()["spec"]["destination"], "namespace": "web-app"})
    ),
    effect=moved,
    undo=move_back,
)


def drift(bed: Bed) -> None:
    """Automated sync away, then a change by hand."""
    respecify(bed, altered(syncPolicy={"syncOptions": ["CreateNamespace=true"]}))
    DEPLOYED.patch(bed, {"spec": {"replicas": 1}})


of(
    "application-out-of-sync",
    "Automated sync is missing, and the Deployment was changed by hand",
    drift,
    effect=partial(sync_status, wanted="OutOfSync"),
)


def renamed(bed: Bed) -> None:
    """The same Application under a longer name."""
    APPLICATION.delete(bed)
    found = manifest()
    found["metadata"]["name"] = LONGER.name
    apply(bed, [found])


LONGER = Target("application", NAMESPACE, "web-app-gitops")


def name_back(bed: Bed) -> None:
    """The right name only."""
    LONGER.delete(bed)
    undone(bed)


of(
    "application-name-contains",
    "The Application's name only contains the right one",
    renamed,
    effect=partial(in_order, name=LONGER.name),
    undo=name_back,
)


def create_again(bed: Bed) -> None:
    """Let it go and create it anew."""
    APPLICATION.let_go(bed)
    undone(bed)


of(
    "application-terminating",
    "The Application is being deleted and a finalizer holds it",
    APPLICATION.hold_and_delete,
    effect=lambda bed: None,
    undo=create_again,
)

# -- the project -----------------------------------------------------------------------------------


def project(**spec: Any) -> Document:
    """The project `default` with other rules."""
    found = copy.deepcopy(PROJECT)
    found["spec"].update(spec)
    return found


def allow(bed: Bed) -> None:
    """The project allows everything again."""
    replace(bed, PROJECT)
    undone(bed)


def forbid(bed: Bed) -> None:
    """The project allows one other namespace only."""
    replace(bed, project(destinations=[{"namespace": "production", "server": "*"}]))
    refresh(bed)


of(
    "application-project-forbids",
    "The AppProject does not allow the Application's destination",
    forbid,
    effect=partial(condition, kind="InvalidSpecError"),
    undo=allow,
)

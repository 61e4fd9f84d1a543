"""The Application `demo-app` of hands-on 1, and what its past has left behind.

Every sync overwrites the trace of the healed drift, so taking a change back ends with another drift.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from pytest_k8sgrade.kube.times import parse_time
from pytest_k8sgrade.services.gitops.argocd_history import SLACK
from tests.testbed.layers import git_server, look
from tests.testbed.layers.argocd import NAMESPACE, refresh
from tests.testbed.layers.base import apply
from tests.testbed.layers.gitops_demo import (
    DEPLOYMENT,
    NAME,
    REPLICAS,
    REPOSITORY,
    TARGET_NAMESPACE,
    drift,
    expect,
    first,
    healed,
    make_past,
    push,
    updated,
)
from tests.testbed.scenarios.change import Target

from .argocd import compared
from .course_application import CourseApplication

if TYPE_CHECKING:
    from tests.testbed.node import Bed

DEMO = CourseApplication(NAME, ("handson1", "gitops", "demo-app.yaml"))
DEPLOYED = Target("deployment", TARGET_NAMESPACE, NAME)


def healed_again(bed: Bed) -> None:
    """The Application as it is right, and a drift that it heals."""
    DEMO.restore(bed)
    drift(bed)


DEMO.change_spec(
    "demo-self-heal-off",
    "The demo Application does not heal; what it healed before is still to be seen",
    syncPolicy=DEMO.policy(selfHeal=False),
)
DEMO.change_spec(
    "demo-path-wrong",
    "The demo Application's folder does not exist in the repository",
    source=DEMO.source(path="apps/demo"),
    effect=DEMO.condition("ComparisonError"),
)


def drifted(bed: Bed) -> None:
    """No automated policy, and a change by hand."""
    DEMO.apply(bed, syncPolicy={"syncOptions": ["CreateNamespace=true"]})
    DEPLOYED.patch(bed, {"spec": {"replicas": REPLICAS - 1}})


DEMO.change(
    "demo-drifted",
    "The demo Application has no automated policy, and its Deployment was changed by hand",
    drifted,
    effect=DEMO.sync("OutOfSync"),
    undo=healed_again,
)


def another_push(bed: Bed) -> None:
    """A commit after the drift: its sync takes the trace of the self-heal away."""
    push(bed, "A comment", {DEPLOYMENT: updated().replace("version: v1", "version: v3")})


def taken_back(bed: Bed) -> None:
    """Reverted, and a drift again."""
    expect(bed, git_server.revert(bed, REPOSITORY))
    healed_again(bed)


DEMO.change(
    "demo-trace-overwritten",
    "A push after the healed drift has overwritten its trace",
    another_push,
    undo=taken_back,
)


def anew(bed: Bed) -> None:
    """Nothing of the past: the repository's first state, and an Application that has deployed it once."""
    git_server.commit(bed, REPOSITORY, "As in the beginning", {DEPLOYMENT: first()})
    DEMO.renew(bed, DEPLOYED)


def past_again(bed: Bed) -> None:
    """The pushes, the revert and the drift once more."""
    DEMO.restore(bed)
    make_past(bed)


DEMO.change(
    "demo-without-past",
    "The demo Application was deployed once, and nothing happened since",
    anew,
    undo=past_again,
)


def undo_by_hand(bed: Bed) -> None:
    """One push, then `kubectl rollout undo`, which Argo CD heals: the earlier template was in use again."""
    anew(bed)
    look.until("deployed anew", lambda: compared(bed, NAME), pause=2)
    push(bed, "Update nginx to 1.22", {DEPLOYMENT: updated()})
    bed.kubectl("rollout", "undo", f"deployment/{NAME}", "-n", TARGET_NAMESPACE)
    look.until("undo healed", lambda: healed(bed), pause=1)


def another_past(bed: Bed) -> None:
    """A Deployment that was never changed or made by hand, and the past once more."""
    anew(bed)
    past_again(bed)


DEMO.change(
    "demo-undone-by-hand",
    "The demo Application went back to an earlier template by hand, and healed it",
    undo_by_hand,
    undo=another_past,
)


def remade(bed: Bed) -> str | None:
    """Whether another Deployment of the name is there, healthy."""
    found = DEPLOYED.read(bed)
    revision = ((found or {}).get("metadata", {}).get("annotations") or {}).get(
        "deployment.kubernetes.io/revision"
    )
    return DEMO.in_order()(bed) if revision == "1" else f"revision {revision}"


def settled_down(bed: Bed) -> str | None:
    """Whether the last deploy is so long past that nothing made from now on can be of it."""
    history = (DEMO.target.read(bed) or {}).get("status", {}).get("history") or [{}]
    ended = parse_time(history[-1].get("deployedAt"))
    age = datetime.now(UTC) - ended if ended else timedelta(0)
    return None if age > SLACK + timedelta(seconds=2) else f"deployed {age.total_seconds():.0f} s ago"


def delete(bed: Bed) -> None:
    """The Deployment, some time after the last push."""
    look.until("the last deploy past", lambda: settled_down(bed))
    DEPLOYED.delete(bed)


DEMO.change(
    "demo-made-again",
    "The Deployment was deleted by hand and made again: its earlier templates are gone",
    delete,
    effect=remade,
    undo=another_past,
)

RIVAL = Target("application", NAMESPACE, "demo-app-copy")


def rival(bed: Bed) -> None:
    """A second Application of the same folder, which is never synced."""
    found = DEMO.altered(syncPolicy=None)
    found["metadata"]["name"] = RIVAL.name
    apply(bed, [found])


def rival_gone(bed: Bed) -> None:
    """The first alone."""
    RIVAL.delete(bed)
    look.until("rival gone", lambda: "there" if RIVAL.read(bed) else None)
    refresh(bed, NAME)


def lists_resources(bed: Bed) -> str | None:
    """Whether the second one has been compared."""
    found = (RIVAL.read(bed) or {}).get("status", {}).get("resources")
    return None if found else "not compared"


DEMO.change(
    "demo-twice",
    "A second Application manages the objects of the demo Application",
    rival,
    effect=lists_resources,
    undo=rival_gone,
)

"""Challenge 1: what was not repaired, and repairs that are none.

The bed has all four repaired, each with a folder of its own in the repository. `challenge-as-set-up`
is the challenge before anybody has touched it. Here are the first and the fourth Application and all
of them together; what concerns the second and the third is in `challenge_files`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.testbed.layers import look
from tests.testbed.layers.argocd import refresh
from tests.testbed.layers.base import apply, namespace
from tests.testbed.layers.gitops import as_set_up, unreadable
from tests.testbed.scenarios.change import Change, Target, register

from .course_application import CourseApplication

if TYPE_CHECKING:
    from tests.testbed.node import Bed

NAMESPACE = "day5-challenge"
APPS = [
    CourseApplication(f"challenge-app-{number}", ("challenge1", "repaired.yaml")) for number in range(1, 5)
]
ONE, TWO, THREE, FOUR = APPS
NO_ONE = "https://github.com/invalid-user/k8s-gitops-demo.git"
BY_HAND = {"syncOptions": ["CreateNamespace=true"]}


def deployed(app: CourseApplication) -> list[Target]:
    """What an Application has deployed."""
    return [Target(kind, NAMESPACE, app.name) for kind in ("deployment", "service")]


# -- all four ---------------------------------------------------------------------------------------


def set_up(bed: Bed) -> None:
    """Nothing of the repairs, and what the setup makes."""
    for app in APPS:
        app.remove(bed, *deployed(app))
    apply(bed, as_set_up())


def all_unreadable(bed: Bed) -> str | None:
    """Whether Argo CD has said of all that they cannot be compared."""
    seen = [unreadable(bed, found["metadata"]["name"]) for found in as_set_up()]
    return next((one for one in seen if one), None)


def repair(bed: Bed) -> None:
    """All four again."""
    for app in APPS:
        app.restore(bed)


register(
    Change(
        name="challenge-as-set-up",
        title="Challenge 1 as its setup leaves it",
        apply=set_up,
        settle=lambda bed: look.until("all as set up", lambda: all_unreadable(bed), timeout=120),
        undo=repair,
    )
)

# -- 1: the repository -------------------------------------------------------------------------------

ONE.change_spec(
    "challenge-1-not-repaired",
    "The first Application still names a repository that is nobody's",
    source=ONE.source(repoURL=NO_ONE, path="apps/demo-app"),
    effect=ONE.condition("ComparisonError"),
)
ONE.change_spec(
    "challenge-1-policy-lost",
    "The first Application was made readable, and lost its sync policy",
    syncPolicy=BY_HAND,
)


def foreign_source(bed: Bed) -> str | None:
    """Whether the other repository's Deployment is there, and the own one pruned."""
    there = look.read(bed, "deployment", NAMESPACE, "web-app")
    return ONE.in_order()(bed) if there is not None else "nothing of the other repository"


def own_source(bed: Bed) -> None:
    """The own repository again, and nothing left of the other one."""
    ONE.restore(bed)
    look.until(
        "the other one pruned",
        lambda: "there" if look.read(bed, "deployment", NAMESPACE, "web-app") else None,
    )


ONE.change(
    "challenge-1-other-repository",
    "The first Application was pointed at another repository that works",
    lambda bed: ONE.apply(
        bed,
        source={
            "repoURL": "git://git-server.git-server.svc.cluster.local/web-app.git",
            "targetRevision": "main",
            "path": "k8s/web-app",
        },
    ),
    effect=foreign_source,
    undo=own_source,
)
ONE.change(
    "challenge-1-without-manifests",
    "The first Application was pointed at a folder without manifests",
    lambda bed: ONE.renew(bed, *deployed(ONE), source=ONE.source(path=".")),
    effect=ONE.sync("Synced"),
)
ONE.change_spec(
    "challenge-1-project-missing",
    "The first Application names a project that does not exist",
    project="day5-challenge",
    effect=ONE.condition("InvalidSpecError"),
)

# -- 4: the policy -----------------------------------------------------------------------------------

FOUR.change_spec(
    "challenge-4-by-hand",
    "The fourth Application was synced by hand: it has no automated policy",
    syncPolicy=BY_HAND,
)
FOUR.change(
    "challenge-4-never-synced",
    "The fourth Application can be read, and was never synced",
    lambda bed: FOUR.renew(bed, *deployed(FOUR), syncPolicy=BY_HAND),
    effect=FOUR.sync("OutOfSync"),
)
FOUR.change_spec(
    "challenge-4-self-heal-off",
    "The fourth Application's policy does not heal",
    syncPolicy=FOUR.policy(selfHeal=False),
)
FOUR.change_spec(
    "challenge-4-prune-off",
    "The fourth Application's policy does not prune",
    syncPolicy=FOUR.policy(prune=False),
)


def drift(bed: Bed) -> None:
    """No automated policy, and a change by hand."""
    FOUR.apply(bed, syncPolicy=BY_HAND)
    Target("deployment", NAMESPACE, FOUR.name).patch(bed, {"spec": {"replicas": 2}})


FOUR.change(
    "challenge-4-drifted",
    "The fourth Application has no automated policy, and its Deployment was changed by hand",
    drift,
    effect=FOUR.sync("OutOfSync"),
)


def create_again(bed: Bed) -> None:
    """Let it go and create it anew."""
    FOUR.target.let_go(bed)
    FOUR.restore(bed)


FOUR.change(
    "challenge-4-terminating",
    "The fourth Application is being deleted and a finalizer holds it",
    FOUR.target.hold_and_delete,
    effect=lambda bed: None,
    undo=create_again,
)

# -- by the letter -----------------------------------------------------------------------------------

DEMO = "day5-handson"


def share(bed: Bed) -> None:
    """The first and the fourth Application at the folder of hands-on 1, as the hints have it."""
    apply(bed, [namespace(DEMO)])
    for app in (ONE, FOUR):
        app.apply(bed, source=app.source(path="apps/demo-app"))


def shared(bed: Bed) -> str | None:
    """Whether both list the same Deployment."""
    for app in (ONE, FOUR):
        found = (app.target.read(bed) or {}).get("status", {}).get("resources") or []
        if (DEMO, "demo-app") not in [(one.get("namespace"), one["name"]) for one in found]:
            return f"{app.name} lists {[one['name'] for one in found]}"
        refresh(bed, app.name)
    return None


def apart(bed: Bed) -> None:
    """Each its own folder again; nothing is left of the shared one."""
    for app in (ONE, FOUR):
        app.respecify(bed, app.manifest())
    for app in (ONE, FOUR):
        app.restore(bed)
    bed.kubectl("delete", "namespace", DEMO, "--ignore-not-found", "--wait=false")
    gone = Target("namespace", "default", DEMO)
    look.until("shared namespace gone", lambda: "there" if gone.read(bed) else None)


ONE.change(
    "challenge-shared-folder",
    "The first and the fourth Application read the same folder, as the challenge's hints have it",
    share,
    effect=shared,
    undo=apart,
)

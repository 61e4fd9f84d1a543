"""The GitOps of hands-on 1: the registered cluster, the environments, the App of Apps.

The Application `demo-app`, which has a past, is in `handson_demo`.
"""

from __future__ import annotations

import base64
from functools import partial
from typing import TYPE_CHECKING

import yaml

from tests.testbed.layers import look
from tests.testbed.layers.argocd import NAMESPACE, refresh
from tests.testbed.layers.base import apply, documents
from tests.testbed.layers.gitops import CHILDREN
from tests.testbed.scenarios.change import Change, Target, patched, register

from .argocd import compared
from .course_application import CourseApplication

if TYPE_CHECKING:
    from tests.testbed.node import Bed

FOLDER = ("handson1", "gitops")
DEV = CourseApplication("web-app-dev", (*FOLDER, "environments.yaml"))
PROD = CourseApplication("web-app-prod", (*FOLDER, "environments.yaml"))
ROOT = CourseApplication("root-app", (*FOLDER, "root-app.yaml"))
NOT_THERE = "https://github.com/your-org/your-repo"

# -- the cluster -------------------------------------------------------------------------------------

SECRET = Target("secret", NAMESPACE, "cluster-kubernetes.default.svc-3396314289")


def register_again(bed: Bed) -> None:
    """The Secret as it was."""
    apply(bed, [one for one in documents(*FOLDER, "cluster.yaml") if one["kind"] == "Secret"])


register(
    Change(
        name="cluster-not-registered",
        title="The cluster's Secret is gone; Argo CD goes on without it",
        apply=SECRET.delete,
        settle=lambda bed: look.until("Secret gone", lambda: "there" if SECRET.read(bed) else None),
        undo=register_again,
    )
)


def encoded(text: str) -> str:
    """As a Secret holds it."""
    return base64.b64encode(text.encode()).decode()


register(
    patched(
        "cluster-registered-at-loopback",
        "The cluster was registered with the address that kind gives outside of it",
        SECRET,
        to={
            "data": {"server": encoded("https://127.0.0.1:45123"), "name": encoded("kind-challenge-cluster")}
        },
        back={
            "data": {
                "server": encoded("https://kubernetes.default.svc"),
                "name": encoded("challenge-cluster"),
            }
        },
        effect=lambda bed: None,
        restored=lambda bed: None,
    )
)

# -- the environments --------------------------------------------------------------------------------

DEV.change_spec(
    "dev-prune-off", "The development Application does not prune", syncPolicy=DEV.policy(prune=False)
)
PROD.change_spec("prod-prunes", "The production Application prunes", syncPolicy=PROD.policy(prune=True))
DEV.change_spec(
    "dev-repository-placeholder",
    "The development Application reads the repository of the text, which is a placeholder",
    source=DEV.source(repoURL=NOT_THERE),
    effect=DEV.condition("ComparisonError"),
)
PROD.change_spec(
    "prod-values-missing",
    "The production Application names a values file that the chart does not have",
    source=PROD.source(helm={**PROD.source()["helm"], "valueFiles": ["values-production.yaml"]}),
    effect=PROD.condition("ComparisonError"),
)
PROD.change_spec(
    "prod-parameter-wrong",
    "The production Application sets fewer replicas",
    source=PROD.source(
        helm={
            "valueFiles": ["values-prod.yaml"],
            "parameters": [{"name": "replicaCount", "value": "3"}, {"name": "image.tag", "value": "v1.2.0"}],
        }
    ),
)
DEV.change_spec(
    "dev-branch-missing",
    "The development Application follows a branch that does not exist",
    source=DEV.source(targetRevision="development"),
    effect=DEV.condition("ComparisonError"),
)

# -- the App of Apps ---------------------------------------------------------------------------------

ROOT.change_spec(
    "root-by-the-letter",
    "The App of Apps names the text's project and cluster, which do not exist",
    project="day5-handson",
    destination={"server": "https://kubernetes.day5-handson.svc", "namespace": NAMESPACE},
    effect=ROOT.condition("InvalidSpecError"),
)
ROOT.change_spec(
    "root-prune-off",
    "The App of Apps does not prune",
    syncPolicy=ROOT.policy(prune=False),
)


def without_children(bed: Bed) -> str | None:
    """Whether nothing is left that the App of Apps manages."""
    found = (ROOT.target.read(bed) or {}).get("status", {})
    left = [one["name"] for one in found.get("resources") or []]
    there = [name for name in CHILDREN if look.read(bed, "application", NAMESPACE, name)]
    return f"resources {left}, children {there}" if left or there else ROOT.in_order()(bed)


def shallow(bed: Bed) -> None:
    """The App of Apps anew, without looking into sub-folders, and no child of the old one."""
    ROOT.target.delete(bed)
    look.until("root-app gone", lambda: "there" if ROOT.target.read(bed) else None)
    for name in CHILDREN:
        Target("application", NAMESPACE, name).delete(bed)
    look.until(
        "children gone",
        lambda: next((name for name in CHILDREN if look.read(bed, "application", NAMESPACE, name)), None),
    )
    apply(bed, [ROOT.altered(source=ROOT.source(directory=None))])


def deep(bed: Bed) -> None:
    """With its children again."""
    ROOT.restore(bed)
    for name in CHILDREN:
        look.until(f"{name} again", partial(compared, bed, name), pause=2)


ROOT.change(
    "root-without-recursion",
    "The App of Apps does not look into sub-folders, and has no child",
    shallow,
    effect=without_children,
    undo=deep,
)

CHILD = CourseApplication("dev-app1", ("git", "gitops-repo", "apps", "dev", "app1.yaml"))
CHILD_FILE = "workloads/dev-app1/deployment.yaml"


def broken_child() -> str:
    """The child's Deployment with an image that does not exist, past its deadline soon."""
    found = yaml.safe_load(CHILD.committed(CHILD_FILE))
    found["spec"]["progressDeadlineSeconds"] = 2
    found["spec"]["template"]["spec"]["containers"][0]["image"] += "-typo"
    return str(yaml.safe_dump(found))


def mend_child(bed: Bed) -> None:
    """The child's Deployment as it was."""
    CHILD.commit(bed, "As before", {CHILD_FILE: CHILD.committed(CHILD_FILE)})
    CHILD.restore(bed)
    for app in (ROOT, PROD):
        refresh(bed, app.name)


CHILD.change(
    "child-degraded",
    "A child of the App of Apps deploys an image that does not exist",
    lambda bed: CHILD.commit(bed, "New image", {CHILD_FILE: broken_child()}),
    effect=CHILD.health("Degraded"),
    undo=mend_child,
)

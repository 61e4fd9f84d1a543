"""Challenge 1's second and third Application: their manifests in Git, folder, branch and name."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import yaml

from tests.testbed.layers import look
from tests.testbed.layers.base import apply
from tests.testbed.scenarios.change import Target

from .argocd import pods_gone, sync_status
from .challenge import APPS, NAMESPACE, deployed
from .course_application import CourseApplication

if TYPE_CHECKING:
    from tests.testbed.layers.base import Document
    from tests.testbed.node import Bed

_, TWO, THREE, _ = APPS
PLACEHOLDER = "https://github.com/<username>/k8s-gitops-demo.git"


def deployment_file(app: CourseApplication) -> str:
    """Where the repository has the Deployment."""
    return f"apps/{app.name}/deployment.yaml"


def rewritten(bed: Bed, app: CourseApplication, message: str, text: str) -> None:
    """Another text in place of the Deployment in Git."""
    app.commit(bed, message, {deployment_file(app): text})


def committed(app: CourseApplication) -> Document:
    """The Deployment as it is right in Git."""
    found: Document = yaml.safe_load(app.committed(deployment_file(app)))
    return found


def restore_file(app: CourseApplication, bed: Bed) -> None:
    """The Deployment in Git as it was."""
    rewritten(bed, app, "As before", app.committed(deployment_file(app)))
    app.restore(bed)


# -- 2: the manifest ---------------------------------------------------------------------------------


def misplaced() -> str:
    """The Deployment with its resources beside the containers, as the setup has written it."""
    found = committed(TWO)
    pod = found["spec"]["template"]["spec"]
    pod["resources"] = pod["containers"][0].pop("resources")
    return str(yaml.safe_dump(found))


def changed(bed: Bed, app: CourseApplication, text: str) -> str | None:
    """Whether the Deployment in the cluster has the pod of a text, and is synced."""
    wanted = yaml.safe_load(text)["spec"]["template"]["spec"]
    live = (look.read(bed, "deployment", NAMESPACE, app.name) or {"spec": {"template": {"spec": {}}}})["spec"]
    same = ("resources" in wanted) == ("resources" in live["template"]["spec"])
    return app.in_order()(bed) if same else "not deployed yet"


TWO.change(
    "challenge-2-not-repaired",
    "The second manifest was pushed as the setup wrote it: resources beside containers",
    lambda bed: rewritten(bed, TWO, "The manifest", misplaced()),
    effect=lambda bed: changed(bed, TWO, misplaced()),
    undo=partial(restore_file, TWO),
)
TWO.change(
    "challenge-2-unparsable",
    "The second manifest is no YAML any more",
    lambda bed: rewritten(bed, TWO, "Indentation", misplaced().replace("      resources:", "   resources")),
    effect=TWO.condition("ComparisonError"),
    undo=partial(restore_file, TWO),
)


def with_image(app: CourseApplication, image: str) -> str:
    """The Deployment with another image; its short deadline makes it degraded soon."""
    found = committed(app)
    found["spec"]["progressDeadlineSeconds"] = 2
    found["spec"]["template"]["spec"]["containers"][0]["image"] = image
    return str(yaml.safe_dump(found))


TWO.change(
    "challenge-2-image-missing",
    "The second manifest is valid and names an image that does not exist",
    lambda bed: rewritten(bed, TWO, "An image", with_image(TWO, "nginxinc/nginx-unprivileged:1.21-typo")),
    effect=TWO.health("Degraded"),
    undo=partial(restore_file, TWO),
)
TWO.change(
    "challenge-2-by-hand",
    "The second Deployment was applied by hand: no Application manages it",
    TWO.target.delete,
    effect=lambda bed: "there" if TWO.target.read(bed) else None,
)
TWO.change(
    "challenge-2-absent",
    "Nothing was done about the second Application",
    lambda bed: TWO.remove(bed, *deployed(TWO)),
    effect=lambda bed: None,
)

# -- 3: the settings ---------------------------------------------------------------------------------

THREE.change_spec(
    "challenge-3-not-repaired",
    "The third Application still has the setup's repository, branch and folder",
    source={"repoURL": PLACEHOLDER, "targetRevision": "develop", "path": "apps/wrong-path"},
    effect=THREE.condition("ComparisonError"),
)
THREE.change_spec(
    "challenge-3-half-repaired",
    "The third Application has the right repository and branch, and the wrong folder",
    source=THREE.source(path="apps/wrong-path"),
    effect=THREE.condition("ComparisonError"),
)


def idle(app: CourseApplication) -> str:
    """The Deployment with 0 replicas."""
    found = committed(app)
    found["spec"]["replicas"] = 0
    return str(yaml.safe_dump(found))


def idles(bed: Bed, app: CourseApplication) -> str | None:
    """Whether an Application's pods are gone and it is Healthy all the same."""
    return pods_gone(bed, "deployment", app.name, NAMESPACE) or app.in_order()(bed)


def scaled_to_zero(number: int, app: CourseApplication) -> None:
    """The change for one of the four."""
    app.change(
        f"challenge-{number}-scaled-to-zero",
        f"Application {number} is Healthy with 0 replicas, beside pods of others",
        lambda bed: rewritten(bed, app, "No replicas", idle(app)),
        effect=partial(idles, app=app),
        undo=partial(restore_file, app),
    )


for position, each in enumerate(APPS, start=1):
    scaled_to_zero(position, each)

THREE.change_spec(
    "challenge-3-self-heal-off",
    "The third Application was made readable, and does not heal any more",
    syncPolicy=THREE.policy(selfHeal=False),
)
THREE.change(
    "challenge-3-image-missing",
    "The third Application deploys an image that does not exist",
    lambda bed: rewritten(bed, THREE, "An image", with_image(THREE, "nginxinc/nginx-unprivileged:1.22-typo")),
    effect=THREE.health("Degraded"),
    undo=partial(restore_file, THREE),
)
CONFIG = (
    f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: settings, namespace: {NAMESPACE}}}\ndata: {{a: b}}\n"
)


def only_config(bed: Bed) -> str | None:
    """Whether the Deployment was pruned."""
    gone = look.read(bed, "deployment", NAMESPACE, THREE.name) is None
    return THREE.in_order()(bed) if gone else "the Deployment is still there"


THREE.change(
    "challenge-3-without-workload",
    "The third Application is Healthy with nothing but a ConfigMap and a Service",
    lambda bed: rewritten(bed, THREE, "Settings", CONFIG),
    effect=only_config,
    undo=partial(restore_file, THREE),
)


def rename(bed: Bed) -> None:
    """The same Application under a longer name."""
    THREE.target.delete(bed)
    found = THREE.manifest()
    found["metadata"]["name"] = LONGER.name
    apply(bed, [found])


def name_back(bed: Bed) -> None:
    """The right name only."""
    LONGER.delete(bed)
    THREE.restore(bed)


LONGER = Target("application", "argocd", "challenge-app-3-fixed")
THREE.change(
    "challenge-3-renamed",
    "The third Application was made anew under another name",
    rename,
    effect=lambda bed: sync_status(bed, "Synced", LONGER.name),
    undo=name_back,
)

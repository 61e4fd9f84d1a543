"""Changes to the lab's Deployment as an object: its replicas, its room, its namespace, its deletion.

Where it is deleted its ReplicaSet is left alone, and the Deployment that is made anew adopts it: the
pods live on with their past.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.testbed.layers import look
from tests.testbed.layers.app import NAMESPACE, scaling_active
from tests.testbed.layers.base import apply
from tests.testbed.scenarios.change import HOLDER, Change, Target, register, replace

from .application import APP, manifest, of_template, pods, renewed, template, untouched
from .monitoring import no_targets

if TYPE_CHECKING:
    from tests.testbed.node import Bed


def at_zero(bed: Bed) -> str | None:
    """Whether no pod is left, Prometheus knows it, and the autoscaler has switched itself off."""
    left = [pod["metadata"]["name"] for pod in pods(bed)]
    return f"{left} still there" if left else no_targets(bed) or scaling_active(bed, "False")


of_template(
    "app-scaled-to-zero",
    "The Deployment has 0 replicas",
    {"spec": {"replicas": 0}},
    effect=at_zero,
    restored=renewed,
)

QUOTA = Target("resourcequota", NAMESPACE, "pods")


def reach_quota(bed: Bed) -> None:
    """A quota of what there is, then a template whose first pod is one too many."""
    spec = {"hard": {"pods": "2"}}
    metadata = {"name": QUOTA.name, "namespace": QUOTA.namespace}
    apply(bed, [{"apiVersion": "v1", "kind": "ResourceQuota", "metadata": metadata, "spec": spec}])
    look.until("quota counted", lambda: counted(bed))
    APP.patch(bed, template(env=[{"name": "MODE", "value": "new"}]), how="strategic")


def counted(bed: Bed) -> str | None:
    """Whether the quota knows of the two pods."""
    used = (QUOTA.read(bed) or {}).get("status", {}).get("used", {})
    return None if used.get("pods") == "2" else f"quota used: {used}"


def refused(bed: Bed) -> str | None:
    """Whether the Deployment says that its pods are refused."""
    found = look.condition(look.read(bed, "deployment", NAMESPACE, "web-app"), "ReplicaFailure")
    return None if found.get("status") == "True" else "no ReplicaFailure"


def lift_quota(bed: Bed) -> None:
    """The lab's template, without the quota."""
    replace(bed, manifest("Deployment"))
    QUOTA.delete(bed)
    look.until("app-quota-reached undone", lambda: untouched(bed) or still_refused(bed))


def still_refused(bed: Bed) -> str | None:
    """Whether the Deployment has taken back what it said."""
    return None if refused(bed) else "ReplicaFailure"


register(
    Change(
        name="app-quota-reached",
        title="A ResourceQuota leaves no room for the new template's first pod",
        apply=reach_quota,
        settle=lambda bed: look.until("app-quota-reached in effect", lambda: refused(bed)),
        undo=lift_quota,
    )
)


def hold_and_delete(bed: Bed) -> None:
    """Delete the Deployment, which a finalizer keeps; its ReplicaSet is left alone."""
    APP.hold_and_delete(bed, "--cascade=orphan")


def terminating(bed: Bed) -> str | None:
    """Whether it is being deleted and its pods live on without it."""
    metadata = (APP.read(bed) or {"metadata": {}})["metadata"]
    finalizers = metadata.get("finalizers")
    return None if metadata.get("deletionTimestamp") and finalizers == [HOLDER] else f"{metadata}"


def adopt(bed: Bed) -> None:
    """Create the Deployment anew: it adopts the ReplicaSet that has its template."""
    APP.let_go(bed)
    apply(bed, [manifest("Deployment")])
    look.until("Deployment adopted its pods", lambda: untouched(bed) or scaling_active(bed, "True"))


register(
    Change(
        name="app-terminating",
        title="The Deployment is being deleted and a finalizer holds it",
        apply=hold_and_delete,
        settle=lambda bed: look.until("app-terminating in effect", lambda: terminating(bed)),
        undo=adopt,
    )
)


def target_gone(bed: Bed) -> str | None:
    """Whether the autoscaler has noticed that its target is not there."""
    found = look.condition(look.read(bed, "hpa", NAMESPACE, "web-app-hpa"), "AbleToScale")
    return None if found.get("reason") == "FailedGetScale" else f"AbleToScale {found.get('reason')}"


register(
    Change(
        name="app-other-namespace",
        title="The Deployment is in namespace default only, what belongs to it in day5-lab",
        apply=lambda bed: APP.delete(bed, "--cascade=orphan"),
        settle=lambda bed: look.until("app-other-namespace in effect", lambda: target_gone(bed)),
        undo=adopt,
    )
)

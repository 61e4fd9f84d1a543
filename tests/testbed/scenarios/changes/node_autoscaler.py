"""Changes to what the stand-in for Cluster Autoscaler says, and to the pods and events beside it.

The texts have the documented form; a cluster with a cloud would have to be broken for them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import yaml

from pytest_k8sgrade.kube.times import parse_go_time
from tests.testbed.layers import look
from tests.testbed.layers.base import apply, documents
from tests.testbed.layers.event_driven import NAMESPACE
from tests.testbed.layers.node_autoscaler import STATUS, event
from tests.testbed.scenarios.change import Change, Seen, Step, Target, watched

if TYPE_CHECKING:
    from tests.testbed.layers.base import Document
    from tests.testbed.node import Bed

Edit = Callable[[dict[str, Any]], None]

TOLD = Target("configmap", "kube-system", "cluster-autoscaler-stand-in")
WRITTEN = Target("configmap", "kube-system", "cluster-autoscaler-status")
PROGRAM = Target("deployment", "kube-system", "cluster-autoscaler")
PODS = "/api/v1/namespaces/kube-system/pods?labelSelector=app%3Dcluster-autoscaler"
EVENT = Target("event", NAMESPACE, "batch-1.triggeredscaleup")
STAMP = "cluster-autoscaler.kubernetes.io/last-updated"
LATELY, OLD = timedelta(minutes=1), datetime(1970, 1, 1, tzinfo=UTC)


def of(name: str, title: str, apply_: Step, *, effect: Seen, undo: Step) -> Change:
    """A change after which the status is the reference's again."""
    return watched(name, title, apply_, effect=effect, undo=undo, restored=lambda bed: says(bed, {}))


def told() -> dict[str, Any]:
    """The data that the stand-in has by default."""
    found = next(
        one
        for one in documents("autoscaling", "node-autoscaler.yaml")
        if one["metadata"]["name"] == TOLD.name
    )
    data: dict[str, Any] = found["data"]
    return data


def says(bed: Bed, changed: dict[str, Any]) -> str | None:
    """Whether the written status, times aside, is the told one."""
    wanted = {**told(), **changed}["status"]
    found = look.get(bed, STATUS) or {"metadata": {}}
    text, stamp = (found.get("data") or {}).get("status", ""), stamped(found)
    if datetime.now(UTC) - (parse_go_time(stamp) or OLD) > LATELY:
        return f"written at {stamp}"
    return None if text.replace(stamp, "NOW") == wanted else "still another status"


def stamped(found: Document) -> str:
    """When a status was written, as it says."""
    return str((found["metadata"].get("annotations") or {}).get(STAMP, "-"))


def aged(bed: Bed) -> str | None:
    """Whether the status is old."""
    stamp = stamped(look.get(bed, STATUS) or {"metadata": {}})
    return None if datetime.now(UTC) - (parse_go_time(stamp) or OLD) > LATELY else f"written at {stamp}"


def saying(name: str, title: str, edit: Edit) -> Change:
    """A change of the status: of the document that is written."""
    status = yaml.safe_load(told()["status"])
    edit(status)
    data = {"status": yaml.safe_dump(status, sort_keys=False)}
    return of(
        name,
        title,
        lambda bed: TOLD.patch(bed, {"data": data}),
        effect=lambda bed: says(bed, data),
        undo=lambda bed: TOLD.patch(bed, {"data": told()}),
    )


def group(**fields: Any) -> Edit:
    """An edit of the node group: of its health, unless a field is a whole part."""

    def edit(status: dict[str, Any]) -> None:
        (own,) = status["nodeGroups"]
        for key, value in fields.items():
            if key in own:
                own[key] = value
            else:
                own["health"][key] = value

    return edit


def unhealthy(status: dict[str, Any]) -> None:
    """The whole cluster is unhealthy."""
    status["clusterWide"]["health"]["status"] = "Unhealthy"
    status["clusterWide"]["health"]["nodeCounts"]["registered"] = {"total": 2, "ready": 0, "notStarted": 0}


BACKOFF = {
    "status": "Backoff",
    "backoffInfo": {"errorCode": "QUOTA_EXCEEDED", "errorMessage": "quota of the region is exceeded"},
    "lastProbeTime": "NOW",
    "lastTransitionTime": "NOW",
}
CANDIDATES = {
    "status": "CandidatesPresent",
    "candidates": 2,
    "lastProbeTime": "NOW",
    "lastTransitionTime": "NOW",
}

saying("nodes-unhealthy", "No node of the cluster is ready, says Cluster Autoscaler", unhealthy)
saying("nodes-group-other-name", "The node group has another name", group(name="workers-blue"))
saying("nodes-max-wrong", "The node group may have 3 nodes instead of 10", group(maxSize=3))
saying("nodes-backoff", "The provider refuses new nodes", group(scaleUp=BACKOFF))
saying("nodes-not-removed", "The node group keeps 4 nodes", group(cloudProviderTarget=4))
saying(
    "nodes-about-to-go",
    "Two nodes are about to be removed",
    group(cloudProviderTarget=4, scaleDown=CANDIDATES),
)
of(
    "nodes-autoscaler-stopped",
    "Cluster Autoscaler has stopped and left its status behind",
    lambda bed: TOLD.patch(bed, {"data": {"age": "900"}}),
    effect=aged,
    undo=lambda bed: TOLD.patch(bed, {"data": told()}),
)


def remove(bed: Bed) -> None:
    """Stop the stand-in, then delete what it has written."""
    PROGRAM.patch(bed, {"spec": {"replicas": 0}})
    look.until("stand-in gone", lambda: running(bed))
    WRITTEN.delete(bed)


def running(bed: Bed) -> str | None:
    """Whether the stand-in has no pod any more."""
    return "still running" if (look.get(bed, PODS) or {}).get("items") else None


of(
    "nodes-status-absent",
    "Cluster Autoscaler was never installed",
    remove,
    effect=lambda bed: None if look.get(bed, STATUS) is None else "still there",
    undo=lambda bed: PROGRAM.patch(bed, {"spec": {"replicas": 1}}),
)
of(
    "nodes-never-added",
    "No node was ever added",
    EVENT.delete,
    effect=lambda bed: None if EVENT.read(bed) is None else "still there",
    undo=lambda bed: apply(bed, [event("TriggeredScaleUp", "batch-1")]),
)


def waiting() -> Document:
    """A pod that fits no node."""
    container = {
        "name": "batch",
        "image": "busybox:1.36",
        "imagePullPolicy": "IfNotPresent",
        "resources": {"requests": {"cpu": "64"}},
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "batch-2", "namespace": NAMESPACE},
        "spec": {"containers": [container]},
    }


def unscheduled(bed: Bed) -> str | None:
    """Whether the scheduler has said that there is no room."""
    found = look.get(bed, f"/api/v1/namespaces/{NAMESPACE}/pods/batch-2")
    return None if look.condition(found, "PodScheduled").get("reason") == "Unschedulable" else "not looked at"


def taken_away(bed: Bed) -> None:
    """Neither the pod nor the word about it."""
    bed.kubectl("delete", "pod/batch-2", "event/batch-2.nottriggerscaleup", "-n", NAMESPACE)


of(
    "nodes-pod-too-large",
    "A pod waits that fits no node of any group",
    lambda bed: apply(bed, [waiting(), event("NotTriggerScaleUp", "batch-2")]),
    effect=unscheduled,
    undo=taken_away,
)

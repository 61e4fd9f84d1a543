"""Changes to the lab's HorizontalPodAutoscaler.

Its past is kept in status.lastScaleTime and in events, which belong to the object: a change that deletes
it gives the new object both back, or every later change would lose the proof that it has scaled.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from tests.testbed.layers import look
from tests.testbed.layers.app import NAMESPACE, scaling_active
from tests.testbed.layers.base import apply, documents
from tests.testbed.scenarios.change import Change, Seen, Target, patched, register

if TYPE_CHECKING:
    from tests.testbed.layers.base import Document
    from tests.testbed.node import Bed

HPA = Target("hpa", NAMESPACE, "web-app-hpa")
KEPT = "pytest-k8sgrade/last-scale-time"


def manifest() -> Document:
    """The lab's own object."""
    (found,) = documents("lab1", "hpa.yaml")
    return found


def cannot_scale(bed: Bed) -> str | None:
    """Whether the autoscaler says that it cannot find its target."""
    found = look.condition(look.read(bed, *TRIPLE), "AbleToScale")
    return (
        None
        if found.get("reason") == "FailedGetScale"
        else f"AbleToScale {found.get('status')}: {found.get('reason')}"
    )


def works(bed: Bed) -> str | None:
    """Whether it is able to scale and active again."""
    found = look.condition(look.read(bed, *TRIPLE), "AbleToScale")
    return (
        f"AbleToScale {found.get('reason')}" if found.get("status") != "True" else scaling_active(bed, "True")
    )


TRIPLE = (HPA.kind, HPA.namespace, HPA.name)

TARGET_MISSING = register(
    patched(
        "hpa-target-missing",
        "The HPA's target names a Deployment that does not exist",
        HPA,
        to={"spec": {"scaleTargetRef": {"name": "webapp"}}},
        back={"spec": {"scaleTargetRef": {"name": "web-app"}}},
        effect=cannot_scale,
        restored=works,
    )
)


def of_spec(name: str, title: str, to: Document, *, effect: Seen = works) -> Change:
    """A change of fields of the lab's object; the lab's own values take it back."""
    back = {key: manifest()["spec"][key] for key in to}
    patch, undo = {"spec": to}, {"spec": back}
    return register(patched(name, title, HPA, to=patch, back=undo, effect=effect, restored=works))


def metrics(**utilization: int) -> list[Document]:
    """Resource metrics with their target utilisation in percent."""
    return [
        {
            "type": "Resource",
            "resource": {"name": name, "target": {"type": "Utilization", "averageUtilization": percent}},
        }
        for name, percent in utilization.items()
    ]


def behavior(direction: str, **fields: Any) -> Document:
    """The lab's behaviour with other rules in one direction."""
    found: Document = copy.deepcopy(manifest()["spec"]["behavior"])
    found[direction].update(fields)
    return {"behavior": found}


def measured(bed: Bed, *names: str) -> str | None:
    """Whether the autoscaler has read exactly these metrics."""
    current = (look.read(bed, *TRIPLE) or {}).get("status", {}).get("currentMetrics") or []
    found = sorted(one.get("resource", {}).get("name", "") for one in current)
    return works(bed) if found == sorted(names) else f"reads {found}"


of_spec("hpa-max-equals-min", "The HPA may not go above its minimum: maxReplicas is 2", {"maxReplicas": 2})
of_spec("hpa-utilization-wrong", "The HPA's CPU target is 80 %", {"metrics": metrics(cpu=80, memory=70)})
of_spec(
    "hpa-memory-missing",
    "The HPA has no memory metric",
    {"metrics": metrics(cpu=50)},
    effect=lambda bed: measured(bed, "cpu"),
)
of_spec(
    "hpa-scale-down-window-wrong",
    "The HPA looks back 60 s instead of 300 s before it scales down",
    behavior("scaleDown", stabilizationWindowSeconds=60),
)
of_spec(
    "hpa-scale-up-select-wrong",
    "The HPA takes the smaller of the two scale-up policies",
    behavior("scaleUp", selectPolicy="Min"),
)


def create(bed: Bed, namespace: str, name: str, spec: Document | None = None) -> None:
    """Another HPA: the lab's object under another name or elsewhere, or one with a spec of its own."""
    found = manifest()
    found["metadata"] = {"name": name, "namespace": namespace}
    found["spec"] = spec or found["spec"]
    apply(bed, [found])


def ambiguous(bed: Bed) -> str | None:
    """Whether the autoscaler has switched itself off because of another one."""
    found = look.condition(look.read(bed, *TRIPLE), "ScalingActive")
    return (
        None if found.get("reason") == "AmbiguousSelector" else f"ScalingActive reason {found.get('reason')}"
    )


RIVAL = Target("hpa", NAMESPACE, "web-app-custom-hpa")


def remove_rival(bed: Bed) -> None:
    """One HPA again."""
    RIVAL.delete(bed)
    look.until("hpa-rival undone", lambda: works(bed))


register(
    Change(
        name="hpa-rival",
        title="A second HPA scales the same Deployment",
        apply=lambda bed: create(
            bed, NAMESPACE, RIVAL.name, {**manifest()["spec"], "metrics": metrics(cpu=60)}
        ),
        settle=lambda bed: look.until("hpa-rival in effect", lambda: ambiguous(bed)),
        undo=remove_rival,
    )
)


def replaced(bed: Bed, scaled: str | None) -> None:
    """The lab's HPA anew, with its last step and its events: only an object that scaled has its own."""
    apply(bed, [manifest()])
    look.until("HPA evaluated", lambda: works(bed))
    HPA.patch(bed, {"status": {"lastScaleTime": scaled}}, status=True)
    uid = (HPA.read(bed) or {"metadata": {}})["metadata"].get("uid")
    listed = look.get(
        bed, f"/api/v1/namespaces/{NAMESPACE}/events?fieldSelector=involvedObject.name={HPA.name}"
    )
    for event in (listed or {"items": []})["items"]:
        Target("event", NAMESPACE, event["metadata"]["name"]).patch(bed, {"involvedObject": {"uid": uid}})


def moved(name: str, title: str, to: Target) -> Change:
    """The lab's HPA is not there, another object is in its place."""

    def apply_(bed: Bed) -> None:
        scaled = (HPA.read(bed) or {}).get("status", {}).get("lastScaleTime")
        create(bed, to.namespace, to.name)
        bed.kubectl("annotate", to.kind, to.name, "-n", to.namespace, f"{KEPT}={scaled}")
        HPA.delete(bed)

    def undo(bed: Bed) -> None:
        other = to.read(bed) or {"metadata": {"annotations": {}}}
        scaled = other["metadata"]["annotations"].get(KEPT)
        to.delete(bed)
        if HPA.read(bed) is None:
            replaced(bed, scaled)
        look.until(f"{name} undone", lambda: works(bed))

    def gone(bed: Bed) -> str | None:
        return None if HPA.read(bed) is None else "still there"

    return register(
        Change(name, title, apply_, lambda bed: look.until(f"{name} in effect", lambda: gone(bed)), undo)
    )


moved(
    "hpa-other-namespace",
    "The HPA is in namespace default, its Deployment in day5-lab",
    Target("hpa", "default", "web-app-hpa"),
)
moved(
    "hpa-name-contains",
    "The HPA's name only contains the right one",
    Target("hpa", NAMESPACE, "web-app-hpa-v2"),
)


def create_again(bed: Bed) -> None:
    """Let it go and make it anew."""
    found = HPA.read(bed) or {}
    HPA.let_go(bed)
    replaced(bed, found.get("status", {}).get("lastScaleTime"))


register(
    Change(
        name="hpa-terminating",
        title="The HPA is being deleted and a finalizer holds it",
        apply=HPA.hold_and_delete,
        settle=lambda bed: look.until("hpa-terminating in effect", lambda: works(bed)),
        undo=create_again,
    )
)

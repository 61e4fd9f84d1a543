"""Changes to the theory's VerticalPodAutoscaler and to the three programs behind it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tests.testbed.layers import look
from tests.testbed.layers.base import apply, documents
from tests.testbed.layers.vpa import APPLICATION, NAMESPACE, OBJECT, WEBHOOK, applied
from tests.testbed.scenarios.change import Change, Seen, Step, Target, watched

if TYPE_CHECKING:
    from tests.testbed.layers.base import Document
    from tests.testbed.node import Bed

VPA = Target("verticalpodautoscaler", APPLICATION, "web-app-vpa")
PODS = Target("deployment", APPLICATION, "web-app")
RECOMMENDER, UPDATER, ADMISSION = (
    Target("deployment", NAMESPACE, f"vpa-{part}")
    for part in ("recommender", "updater", "admission-controller")
)
HOOK = Target("mutatingwebhookconfiguration", NAMESPACE, "vpa-webhook-config")
ALL = (RECOMMENDER, UPDATER, ADMISSION)


def of(name: str, title: str, apply_: Step, *, effect: Seen, undo: Step) -> Change:
    """A change after which the pods have the recommended requests as before."""
    return watched(name, title, apply_, effect=effect, undo=undo, restored=works)


def works(bed: Bed) -> str | None:
    """Whether the three programs run, the webhook is registered, and the pods are as recommended."""
    for program in ALL:
        if seen := look.ready(bed, program.kind, program.namespace, program.name):
            return seen
    return applied(bed) if look.get(bed, WEBHOOK) else "no webhook"


def vpa(fields: Mapping[str, Any] | None = None) -> list[Document]:
    """The theory's object, with other fields if need be."""
    (found,) = documents("autoscaling", "vpa.yaml")
    return [{**found, "spec": {**found["spec"], **(fields or {})}}]


def restore(bed: Bed) -> None:
    """The theory's object again."""
    apply(bed, vpa())


def written(name: str, title: str, fields: Mapping[str, Any], *, effect: Seen) -> Change:
    """A change of fields of the VPA."""
    return of(name, title, lambda bed: apply(bed, vpa(fields)), effect=effect, undo=restore)


def policy(**fields: Any) -> dict[str, Any]:
    """The theory's container policy with other fields."""
    (found,) = vpa()
    (own,) = found["spec"]["resourcePolicy"]["containerPolicies"]
    return {"resourcePolicy": {"containerPolicies": [{**own, **fields}]}}


def condition(kind: str) -> Seen:
    """A probe for a condition of the VPA that is True."""

    def seen(bed: Bed) -> str | None:
        found = look.condition(look.get(bed, OBJECT), kind)
        return None if found.get("status") == "True" else f"{kind}: {found}"

    return seen


written("vpa-mode-off", "The VPA only recommends", {"updatePolicy": {"updateMode": "Off"}}, effect=applied)
written(
    "vpa-mode-initial",
    "The VPA changes new pods only",
    {"updatePolicy": {"updateMode": "Initial"}},
    effect=applied,
)
written(
    "vpa-max-wrong",
    "The VPA's memory maximum is 4Gi",
    policy(maxAllowed={"cpu": "2", "memory": "4Gi"}),
    effect=applied,
)
written(
    "vpa-container-off",
    "The VPA leaves the container alone",
    policy(mode="Off"),
    effect=lambda bed: None if not advice(bed) else f"recommends {advice(bed)}",
)
written(
    "vpa-target-missing",
    "The VPA names a Deployment that does not exist",
    {"targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "webapp"}},
    effect=condition("ConfigUnsupported"),
)


def advice(bed: Bed) -> list[Document]:
    """The recommendations there are."""
    status = (look.get(bed, OBJECT) or {}).get("status", {})
    found: list[Document] = status.get("recommendation", {}).get("containerRecommendations", [])
    return found


of(
    "vpa-absent",
    "The VPA was deleted",
    VPA.delete,
    effect=lambda bed: None if VPA.read(bed) is None else "still there",
    undo=restore,
)


def beside(name: str, title: str, kind: str, document: Document) -> Change:
    """A change that adds another autoscaler of web-app."""
    other = Target(kind, APPLICATION, document["metadata"]["name"])
    return of(name, title, lambda bed: apply(bed, [document]), effect=applied, undo=other.delete)


def hpa() -> Document:
    """The theory's HPA, without the metric that nobody serves here."""
    used = {"cpu": 70, "memory": 80}
    metrics = [
        {
            "type": "Resource",
            "resource": {"name": name, "target": {"type": "Utilization", "averageUtilization": percent}},
        }
        for name, percent in used.items()
    ]
    reference = {"apiVersion": "apps/v1", "kind": "Deployment", "name": PODS.name}
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "web-app-hpa", "namespace": APPLICATION},
        "spec": {"scaleTargetRef": reference, "minReplicas": 2, "maxReplicas": 10, "metrics": metrics},
    }


def rival() -> Document:
    """A second VPA of the same Deployment, which only recommends."""
    (found,) = vpa({"updatePolicy": {"updateMode": "Off"}})
    return {**found, "metadata": {**found["metadata"], "name": "web-app-vpa-test"}}


beside("vpa-with-hpa", "The theory's HPA acts on the same CPU and memory", "hpa", hpa())
beside("vpa-rival", "A second VPA has the same target", VPA.kind, rival())


def stop(bed: Bed, *programs: Target) -> None:
    """Scale programs to 0."""
    for one in programs:
        one.patch(bed, {"spec": {"replicas": 0}})


def stopped(bed: Bed, *programs: Target) -> str | None:
    """Whether they have no pod."""
    left = [one.name for one in programs if (one.read(bed) or {"status": {}})["status"].get("replicas")]
    return f"still there: {left}" if left else None


def start(bed: Bed, *programs: Target) -> None:
    """Scale programs to 1."""
    for one in programs:
        one.patch(bed, {"spec": {"replicas": 1}})


def without(program: Target, word: str) -> Change:
    """A change that stops one of the three programs."""
    return of(
        f"{program.name}-stopped",
        f"The VPA's {word} has 0 replicas",
        lambda bed: stop(bed, program),
        effect=lambda bed: stopped(bed, program),
        undo=lambda bed: start(bed, program),
    )


without(RECOMMENDER, "recommender")
without(UPDATER, "updater")
without(ADMISSION, "admission controller")


def register_again(bed: Bed) -> None:
    """The admission controller anew: it registers its webhook when it starts."""
    stop(bed, ADMISSION)
    look.until("admission controller gone", lambda: stopped(bed, ADMISSION))
    start(bed, ADMISSION)


of(
    "vpa-webhook-missing",
    "The VPA's webhook is not registered",
    HOOK.delete,
    effect=lambda bed: None if look.get(bed, WEBHOOK) is None else "still there",
    undo=register_again,
)


def pods_without_help(bed: Bed) -> None:
    """New pods while neither updater nor admission controller run: they have the template's requests."""
    stop(bed, UPDATER, ADMISSION)
    look.until("programs gone", lambda: stopped(bed, UPDATER, ADMISSION))
    bed.kubectl("delete", "pods", "-n", APPLICATION, "-l", "app=web-app")


of(
    "vpa-not-applied",
    "New pods came while neither updater nor admission controller ran",
    pods_without_help,
    effect=lambda bed: look.ready(bed, PODS.kind, PODS.namespace, PODS.name),
    undo=lambda bed: start(bed, ADMISSION, UPDATER),
)


def new_without_recommender(bed: Bed) -> None:
    """The VPA object anew while nobody recommends."""
    stop(bed, RECOMMENDER)
    look.until("recommender gone", lambda: stopped(bed, RECOMMENDER))
    VPA.delete(bed)
    look.until("VPA gone", lambda: None if VPA.read(bed) is None else "still there")
    restore(bed)


of(
    "vpa-without-numbers",
    "The VPA was made while the recommender did not run",
    new_without_recommender,
    effect=lambda bed: None if not advice(bed) else "recommends",
    undo=lambda bed: start(bed, RECOMMENDER),
)

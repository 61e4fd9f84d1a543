"""Changes to the autoscaler of metrics-app, which reads its requests per pod."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from tests.testbed.layers import look
from tests.testbed.layers.base import apply, documents
from tests.testbed.layers.custom_metrics import FOLDER, HPA, METRIC, METRICS_APP, NAMESPACE, reading
from tests.testbed.scenarios.change import Change, Seen, Target, patched, register

from .autoscaling import KEPT
from .metrics_app import inactive, intact, of

if TYPE_CHECKING:
    from tests.testbed.node import Bed

AUTOSCALER = Target("hpa", NAMESPACE, HPA)
RENAMED = Target("hpa", NAMESPACE, f"{HPA}-v2")


def manifest() -> dict[str, Any]:
    """The text's autoscaler."""
    (found,) = documents(*FOLDER, "hpa.yaml")
    return found


def metric(name: str, amount: str) -> dict[str, Any]:
    """A Pods metric as the only one."""
    target = {"type": "AverageValue", "averageValue": amount}
    return {"spec": {"metrics": [{"type": "Pods", "pods": {"metric": {"name": name}, "target": target}}]}}


def of_autoscaler(name: str, title: str, to: dict[str, Any], effect: Seen = reading) -> Change:
    """A change of fields of the autoscaler."""
    back = {"spec": {key: manifest()["spec"][key] for key in to["spec"]}}
    return register(patched(name, title, AUTOSCALER, to=to, back=back, effect=effect, restored=intact))


def behavior(direction: str, **fields: Any) -> dict[str, Any]:
    """The text's behaviour with other rules in one direction."""
    own = manifest()["spec"]["behavior"]
    return {"spec": {"behavior": {**own, direction: {**own[direction], **fields}}}}


of_autoscaler("metrics-hpa-target-wrong", "The HPA aims at 1000 requests a second", metric(METRIC, "1k"))
of_autoscaler(
    "metrics-hpa-metric-misnamed",
    "The HPA asks for the counter instead of the rate",
    metric("http_requests_total", "100"),
    inactive,
)
of_autoscaler(
    "metrics-hpa-window-wrong",
    "The HPA looks back 60 s instead of 300 s before it scales down",
    behavior("scaleDown", stabilizationWindowSeconds=60),
)
of_autoscaler(
    "metrics-hpa-scale-up-wrong",
    "The HPA adds half of the pods at most instead of doubling them",
    behavior("scaleUp", policies=[{"type": "Percent", "value": 50, "periodSeconds": 15}]),
)
of_autoscaler(
    "metrics-hpa-max-wrong", "The HPA may go up to 4 pods instead of 10", {"spec": {"maxReplicas": 4}}
)


def moved(bed: Bed) -> None:
    """The autoscaler under another name; its last step is kept for the way back."""
    scaled = (AUTOSCALER.read(bed) or {}).get("status", {}).get("lastScaleTime")
    found = manifest()
    found["metadata"] = {**found["metadata"], "name": RENAMED.name, "annotations": {KEPT: scaled or ""}}
    AUTOSCALER.delete(bed)
    apply(bed, [found])


def moved_back(bed: Bed) -> None:
    """The text's autoscaler, with the time of its last step, which only an object that scaled has."""
    scaled = (RENAMED.read(bed) or {"metadata": {}})["metadata"].get("annotations", {}).get(KEPT)
    RENAMED.delete(bed)
    METRICS_APP.restore(bed)
    look.until("HPA evaluated", partial(reading, bed))
    if scaled:
        AUTOSCALER.patch(bed, {"status": {"lastScaleTime": scaled}}, status=True)


of(
    "metrics-hpa-name-contains",
    "The name of the HPA only contains the right one",
    moved,
    effect=lambda bed: "still there" if AUTOSCALER.read(bed) is not None else None,
    undo=moved_back,
)

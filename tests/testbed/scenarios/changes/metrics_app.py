"""Changes to metrics-app of hands-on 1, its Service and what scrapes it.

Whatever makes new pods is over only when two scrapes have counted them: a rate needs two samples.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from pytest_k8sgrade.kube.times import parse_time
from tests.testbed.layers import look
from tests.testbed.layers.base import apply
from tests.testbed.layers.custom_metrics import (
    APP,
    HPA,
    NAMESPACE,
    application,
    ask,
    pods,
    reading,
    served,
)
from tests.testbed.scenarios.change import Change, Seen, Step, Target, patched, register, watched
from tests.testbed.scenarios.edits import removed

if TYPE_CHECKING:
    from tests.testbed.node import Bed

DEPLOYMENT = Target("deployment", NAMESPACE, APP)
SERVICE = Target("service", NAMESPACE, APP)
MONITOR = Target("servicemonitor", NAMESPACE, APP)
MONITORED = f"{NAMESPACE}/{APP}"
HOLD = timedelta(seconds=17)
COUNTER = f"http_requests_total{{namespace='{NAMESPACE}'}}"
RATE = f"sum by (pod) (rate({COUNTER}[2m]))"


def rated(bed: Bed) -> str | None:
    """Whether Prometheus knows the rate of every pod."""
    known = {one["metric"]["pod"] for one in look.query(bed, RATE) or []}
    missing = set(pods(bed)) - known
    return f"no rate of {sorted(missing)}" if missing or not known else None


def intact(bed: Bed) -> str | None:
    """Whether every link of the chain holds, and the autoscaler has been content for a while."""
    seen = look.ready(bed, "deployment", NAMESPACE, APP) or look.pool_health(bed, MONITORED, "up", 2)
    return seen or rated(bed) or served(bed) or steady(bed)


def steady(bed: Bed) -> str | None:
    """Whether the autoscaler reads its metric for as long as the rubric asks, and finds its target."""
    found = look.read(bed, "hpa", NAMESPACE, HPA)
    since = parse_time(look.condition(found, "ScalingActive").get("lastTransitionTime"))
    if (seen := reading(bed)) is not None or since is None:
        return seen or "never active"
    if (age := datetime.now(UTC) - since) < HOLD:
        return f"active for {age.total_seconds():.0f} s"
    able = look.condition(found, "AbleToScale")
    return None if able.get("status") == "True" else f"AbleToScale {able.get('reason')}"


def forgotten(bed: Bed) -> str | None:
    """Whether Prometheus has closed the counter's series, some scrapes after the last sample."""
    return "still counted" if look.query(bed, COUNTER) != [] else None


def inactive(bed: Bed) -> str | None:
    """Whether the autoscaler has noticed that its metric is gone."""
    found = look.condition(look.read(bed, "hpa", NAMESPACE, HPA), "ScalingActive")
    return None if found.get("status") == "False" else f"ScalingActive {found.get('status')}"


def targets(bed: Bed, *wanted: str) -> str | None:
    """Whether the targets of the application have exactly these states."""
    found = look.targets(bed).get(f"serviceMonitor/{MONITORED}/0", [])
    return None if sorted(found) == sorted(wanted) else f"targets {found}"


def of(name: str, title: str, apply_: Step, *, effect: Seen, undo: Step) -> Change:
    """A change that is over when the whole chain holds again."""
    return watched(name, title, apply_, effect=effect, undo=undo, restored=intact)


def with_image(image: str) -> dict[str, Any]:
    """A strategic patch of the container's image."""
    return {"spec": {"template": {"spec": {"containers": [{"name": APP, "image": image}]}}}}


def waits_for_image(bed: Bed) -> str | None:
    """Whether a pod of the new template waits for its image; the old ones still serve."""
    path = f"/api/v1/namespaces/{NAMESPACE}/pods?labelSelector=app%3D{APP}"
    found = [
        (status.get("state") or {}).get("waiting", {}).get("reason")
        for pod in (look.get(bed, path) or {"items": []})["items"]
        for status in pod["status"].get("containerStatuses") or []
    ]
    return None if {"ErrImagePull", "ImagePullBackOff"} & set(found) else f"waiting for {found}"


of(
    "metrics-app-image-missing",
    "The new tag of metrics-app's image does not exist",
    lambda bed: DEPLOYMENT.patch(
        bed, with_image("quay.io/brancz/prometheus-example-app:v0.5.9"), how="strategic"
    ),
    effect=waits_for_image,
    undo=lambda bed: apply(bed, application()),
)


def without_requests(bed: Bed) -> None:
    """New pods, which nobody asks."""
    bed.kubectl("rollout", "restart", f"deployment/{APP}", "-n", NAMESPACE)
    look.until("new pods", lambda: look.ready(bed, "deployment", NAMESPACE, APP))


def silent(bed: Bed) -> str | None:
    """Whether the new pods are scraped without a counter, and that of the old ones is forgotten."""
    seen = look.ready(bed, "deployment", NAMESPACE, APP) or targets(bed, "up", "up")
    return seen or forgotten(bed) or inactive(bed)


def asked_again(bed: Bed) -> None:
    """One request for each pod."""
    look.until(f"{APP} asked", partial(ask, bed))


of(
    "metrics-app-without-requests",
    "No request has reached metrics-app since its pods started, so it has no counter yet",
    without_requests,
    effect=silent,
    undo=asked_again,
)
register(
    patched(
        "metrics-app-service-target-port-wrong",
        "Service metrics-app leads to a port on which nothing listens",
        SERVICE,
        to={"spec": {"ports": [{"port": 8080, "targetPort": 9090, "name": "metrics"}]}},
        back={"spec": {"ports": [{"port": 8080, "targetPort": 8080, "name": "metrics"}]}},
        effect=lambda bed: targets(bed, "down", "down") or forgotten(bed),
        restored=intact,
    )
)


def endpoint(**fields: Any) -> dict[str, Any]:
    """A patch of the ServiceMonitor's endpoint; without fields it is the text's."""
    return {"spec": {"endpoints": [{"port": "metrics", "interval": "15s", **fields}]}}


def of_monitor(name: str, title: str, fields: dict[str, Any], effect: Seen) -> Change:
    """A change of the ServiceMonitor's endpoint."""
    to, back = endpoint(**fields), endpoint()
    return register(patched(name, title, MONITOR, to=to, back=back, effect=effect, restored=intact))


of_monitor(
    "metrics-monitor-wrong-port",
    "The ServiceMonitor of metrics-app names a port that the Service does not have",
    {"port": "http"},
    lambda bed: targets(bed) or forgotten(bed),
)
of_monitor(
    "metrics-monitor-wrong-path",
    "The ServiceMonitor of metrics-app asks a path that answers without metrics",
    {"path": "/stats"},
    lambda bed: targets(bed, "down", "down") or forgotten(bed),
)
removed(
    "metrics-monitor-absent",
    "The ServiceMonitor of metrics-app was deleted",
    MONITOR,
    # Without its scrape pool nothing closes the counter's series: Prometheus tells it for five more minutes.
    effect=targets,
    restored=intact,
)
of_monitor(
    "metrics-app-counter-dropped",
    "The ServiceMonitor of metrics-app drops the counter of requests",
    {"metricRelabelings": [{"action": "drop", "sourceLabels": ["__name__"], "regex": "http_requests_total"}]},
    # A rate over two minutes remembers the counter that long.
    lambda bed: "still rated" if look.query(bed, RATE) != [] else inactive(bed),
)

"""Changes to metrics-server and to the APIService that leads to it.

A rolling update of the Deployment would keep the old pod serving, and what a student sees who
installs it wrongly is no pod that works: so changes of the pod go through 0 replicas.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from pytest_k8sgrade.services.running.startup import is_starting
from tests.testbed.layers import look
from tests.testbed.layers.base import apply, parse
from tests.testbed.layers.metrics_server import APISERVICE, MetricsServer
from tests.testbed.scenarios.change import Change, Seen, Step, Target, replace, watched

from .application import POD_METRICS
from .autoscaling import works

if TYPE_CHECKING:
    from tests.testbed.layers.base import Document
    from tests.testbed.node import Bed

DEPLOYMENT = Target("deployment", "kube-system", "metrics-server")
SERVICE = Target("service", "kube-system", "metrics-server")
API = Target("apiservice", "kube-system", "v1beta1.metrics.k8s.io")
PODS = "/api/v1/namespaces/kube-system/pods?labelSelector=k8s-app%3Dmetrics-server"


def manifest(bed: Bed, kind: str, *, verified: bool = True) -> Document:
    """An object of metrics-server as the scenario has it, or as it is without its flag."""
    text = bed.artifacts.manifest("metrics-server/components.yaml").read_text(encoding="utf-8")
    layer = MetricsServer(verified=verified)
    return next(layer.adapted(found) for found in parse(text) if found["kind"] == kind)


def unavailable(bed: Bed, *reasons: str) -> str | None:
    """Whether the APIService is not available for one of these reasons, and the autoscaler knows it."""
    found = look.condition(look.get(bed, APISERVICE), "Available")
    if found.get("status") == "False" and found.get("reason") in reasons:
        return None if works(bed) else "the HPA is still active"
    return f"Available {found.get('status')}: {found.get('reason')}"


def serving(bed: Bed) -> str | None:
    """Whether nodes and pods have values and the autoscaler reads them."""
    seen = MetricsServer().seen(bed)
    measured = (look.get(bed, POD_METRICS) or {"items": []})["items"]
    return seen or (works(bed) if len(measured) == 2 else f"{len(measured)} pods measured")


def waiting(bed: Bed, *reasons: str) -> str | None:
    """Whether the pod's container waits for one of these reasons."""
    found = [
        (status.get("state") or {}).get("waiting", {}).get("reason")
        for pod in (look.get(bed, PODS) or {"items": []})["items"]
        for status in pod["status"].get("containerStatuses") or []
    ]
    return None if set(found) & set(reasons) else f"waiting for {found}"


def running(bed: Bed) -> str | None:
    """Whether one pod runs without being ready."""
    found = (look.get(bed, PODS) or {"items": []})["items"]
    states = [(pod["status"].get("phase"), look.condition(pod, "Ready").get("status")) for pod in found]
    return None if states == [("Running", "False")] else f"pods {states}"


def started(bed: Bed) -> str | None:
    """Whether the pod's probes have given it up: until then nobody can say that it does not get ready."""
    found = (look.get(bed, PODS) or {"items": []})["items"]
    return "still starting" if is_starting(found, datetime.now(UTC)) else None


def gone(bed: Bed) -> str | None:
    """Whether there is no pod."""
    found = (look.get(bed, PODS) or {"items": []})["items"]
    return f"{len(found)} pods" if found else None


def of(name: str, title: str, apply_: Step, *, effect: Seen, undo: Step) -> Change:
    """A change that is over when the metrics are served again."""
    return watched(name, title, apply_, effect=effect, undo=undo, restored=serving)


def stop(bed: Bed) -> None:
    """No pod any more, at once."""
    DEPLOYMENT.patch(bed, {"spec": {"replicas": 0}})
    bed.kubectl(
        "delete", "pods", "-n", "kube-system", "-l", "k8s-app=metrics-server", "--grace-period=0", "--force"
    )
    look.until("metrics-server stopped", partial(gone, bed))


def instead(bed: Bed, found: Document) -> None:
    """Another Deployment in place of the one that runs."""
    stop(bed)
    replace(bed, found)


def restart(bed: Bed) -> None:
    """The scenario's own Deployment."""
    instead(bed, {**manifest(bed, "Deployment")})


def without_image(bed: Bed) -> None:
    """The Deployment with a tag that does not exist."""
    found = manifest(bed, "Deployment")
    found["spec"]["template"]["spec"]["containers"][0]["image"] += "-typo"
    instead(bed, found)


of(
    "metrics-server-kubelet-untrusted",
    "metrics-server does not trust the kubelets (without --kubelet-insecure-tls on kind)",
    lambda bed: instead(bed, manifest(bed, "Deployment", verified=False)),
    effect=lambda bed: running(bed) or unavailable(bed, "MissingEndpoints") or started(bed),
    undo=restart,
)
of(
    "metrics-server-scaled-to-zero",
    "metrics-server has 0 replicas",
    stop,
    effect=lambda bed: unavailable(bed, "MissingEndpoints", "EndpointsNotFound"),
    undo=lambda bed: DEPLOYMENT.patch(bed, {"spec": {"replicas": 1}}),
)
of(
    "metrics-server-image-missing",
    "metrics-server's image does not exist",
    without_image,
    effect=lambda bed: (
        waiting(bed, "ErrImagePull", "ImagePullBackOff")
        or unavailable(bed, "MissingEndpoints", "EndpointsNotFound")
    ),
    undo=restart,
)
of(
    "metrics-service-selects-nothing",
    "The Service of metrics-server selects no pod",
    lambda bed: SERVICE.patch(bed, {"spec": {"selector": {"k8s-app": "metrics"}}}),
    effect=lambda bed: unavailable(bed, "MissingEndpoints", "EndpointsNotFound"),
    undo=lambda bed: SERVICE.patch(bed, {"spec": {"selector": {"k8s-app": "metrics-server"}}}),
)
of(
    "metrics-api-wrong-service",
    "The APIService leads to a Service that does not exist",
    lambda bed: API.patch(bed, {"spec": {"service": {"name": "metrics"}}}),
    effect=lambda bed: unavailable(bed, "ServiceNotFound"),
    undo=lambda bed: API.patch(bed, {"spec": {"service": {"name": "metrics-server"}}}),
)


def unregistered(bed: Bed) -> str | None:
    """Whether the API is gone and the autoscaler knows it."""
    if look.get(bed, APISERVICE) is not None:
        return "still registered"
    return None if works(bed) else "the HPA is still active"


of(
    "metrics-api-absent",
    "The APIService of the metrics API is not there",
    API.delete,
    effect=unregistered,
    undo=lambda bed: apply(bed, [manifest(bed, "APIService")]),
)

"""Changes to the lab's Deployment and Service in day5-lab.

A rolling update of two pods adds the new one before it takes an old one away, so a template that
cannot start leaves the old pods serving. Most changes rely on that: taking them back costs seconds,
because the two pods that have a past (metrics, scrapes) were never touched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.testbed.layers import look
from tests.testbed.layers.app import NAMESPACE, application, scaling_active
from tests.testbed.scenarios.change import Change, Seen, Target, register, replace

from .monitoring import targets_up

if TYPE_CHECKING:
    from tests.testbed.layers.base import Document
    from tests.testbed.node import Bed

APP = Target("deployment", NAMESPACE, "web-app")
PODS = f"/api/v1/namespaces/{NAMESPACE}/pods?labelSelector=app%3Dweb-app"
POD_METRICS = f"/apis/metrics.k8s.io/v1beta1/namespaces/{NAMESPACE}/pods"


def manifest(kind: str) -> Document:
    """The lab's own object of a kind."""
    return next(found for found in application(working=True) if found["kind"] == kind)


def pods(bed: Bed) -> list[Document]:
    """The application's pods."""
    found: list[Document] = (look.get(bed, PODS) or {"items": []})["items"]
    return found


def template(**container: Any) -> Document:
    """A strategic patch of the template's container."""
    return {"spec": {"template": {"spec": {"containers": [{"name": "web-app", **container}]}}}}


def impatient(body: Document) -> Document:
    """The same patch with a deadline of 2 s, because within its deadline a new pod is only starting."""
    return {"spec": {**body["spec"], "progressDeadlineSeconds": 2}}


def waiting(bed: Bed, *reasons: str) -> str | None:
    """Whether a container of a pod waits for one of these reasons."""
    seen = [
        (status.get("state") or {}).get("waiting", {}).get("reason")
        for pod in pods(bed)
        for status in pod["status"].get("containerStatuses") or []
    ]
    return None if set(reasons) & set(seen) else f"waiting for {seen}"


def unready(bed: Bed) -> str | None:
    """Whether a third pod runs without being ready, and the rollout is past its deadline."""
    statuses = [pod["status"].get("containerStatuses") or [{}] for pod in pods(bed)]
    running = [found[0] for found in statuses if "running" in (found[0].get("state") or {})]
    ready = [found for found in running if found.get("ready")]
    if len(running) != 3 or len(ready) != 2:
        return f"{len(running)} run, {len(ready)} are ready"
    progress = look.condition(look.read(bed, "deployment", NAMESPACE, "web-app"), "Progressing")
    return None if progress.get("status") == "False" else "the rollout still goes on"


def unschedulable(bed: Bed) -> str | None:
    """Whether the scheduler has found no node for a pod."""
    reasons = [look.condition(pod, "PodScheduled").get("reason") for pod in pods(bed)]
    return None if "Unschedulable" in reasons else f"PodScheduled reasons {reasons}"


def untouched(bed: Bed) -> str | None:
    """Whether the Deployment runs as the lab has it, with two pods and no other."""
    seen = look.ready(bed, "deployment", NAMESPACE, "web-app")
    number = len(pods(bed))
    return seen or (None if number == 2 else f"{number} pods")


def renewed(bed: Bed) -> str | None:
    """Whether two new pods are where the old ones were: scraped, measured, and read by the autoscaler."""
    seen = untouched(bed) or targets_up(bed)
    names = {pod["metadata"]["name"] for pod in pods(bed)}
    measured = {item["metadata"]["name"] for item in (look.get(bed, POD_METRICS) or {"items": []})["items"]}
    without = sorted(names - measured)
    return seen or (f"no metrics of {without}" if without else scaling_active(bed, "True"))


def of_template(
    name: str, title: str, body: Document, *, effect: Seen, restored: Seen = untouched, timeout: float = 120
) -> Change:
    """A change of the Deployment; the lab's own manifest takes it back."""

    def undo(bed: Bed) -> None:
        replace(bed, manifest("Deployment"))
        look.until(f"{name} undone", lambda: restored(bed), timeout)

    return register(
        Change(
            name=name,
            title=title,
            apply=lambda bed: APP.patch(bed, body, how="strategic"),
            settle=lambda bed: look.until(f"{name} in effect", lambda: effect(bed), timeout),
            undo=undo,
        )
    )


of_template(
    "app-image-missing",
    "A new image tag that does not exist: its pod cannot start, the old ones go on",
    template(image="nginxinc/nginx-unprivileged:1.25-apline"),
    effect=lambda bed: waiting(bed, "ErrImagePull", "ImagePullBackOff"),
)
of_template(
    "app-crash-loop",
    "A new command that ends at once: its pod crashes again and again, the old ones go on",
    template(command=["/bin/false"], readinessProbe={"tcpSocket": {"port": 8080}, "periodSeconds": 1}),
    effect=lambda bed: waiting(bed, "CrashLoopBackOff"),
)
of_template(
    "app-configmap-missing",
    "The new template takes its environment from a ConfigMap that does not exist",
    template(envFrom=[{"configMapRef": {"name": "web-app-settings"}}]),
    effect=lambda bed: waiting(bed, "CreateContainerConfigError"),
)
of_template(
    "app-probe-failing",
    "A readiness probe that never passes: the old ReplicaSet still serves",
    impatient(template(readinessProbe={"httpGet": {"path": "/ready", "port": 8080}, "periodSeconds": 1})),
    effect=unready,
)
of_template(
    "app-port-wrong",
    "The container says port 80, where nothing listens, and its probe asks there",
    impatient(
        template(
            ports=[{"$patch": "replace"}, {"containerPort": 80, "name": "http"}],
            readinessProbe={"httpGet": {"path": "/", "port": "http"}, "periodSeconds": 1},
        )
    ),
    effect=unready,
)
of_template(
    "app-unschedulable",
    "The container asks for more CPU than any node has",
    template(resources={"requests": {"cpu": "64"}, "limits": {"cpu": "64"}}),
    effect=unschedulable,
)
of_template(
    "app-label-wrong",
    "The Deployment's own label is another one",
    {"metadata": {"labels": {"app": "webapp"}}},
    effect=lambda bed: None,
)


def not_updated(bed: Bed) -> str | None:
    """Whether the controller has seen the newest template and made no pod of it."""
    status = (look.read(bed, "deployment", NAMESPACE, "web-app") or {}).get("status", {})
    return f"{status.get('updatedReplicas')} updated" if status.get("updatedReplicas") else None


of_template(
    "app-paused",
    "The rollout is paused with a new template pending",
    {"spec": {"paused": True, **template(env=[{"name": "MODE", "value": "new"}])["spec"]}},
    effect=not_updated,
)


def no_requests(bed: Bed) -> str | None:
    """Whether the new pods are scraped and measured, and the autoscaler says what it misses."""
    seen = untouched(bed) or targets_up(bed)
    measured = len((look.get(bed, POD_METRICS) or {"items": []})["items"])
    return seen or (scaling_active(bed, "False") if measured == 2 else f"{measured} pods measured")


of_template(
    "app-requests-missing",
    "The container has no resources: the autoscaler cannot compute a percentage",
    template(resources={"$patch": "delete"}),
    effect=no_requests,
    restored=renewed,
)

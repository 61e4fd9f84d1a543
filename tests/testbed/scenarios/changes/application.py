"""Changes to the lab's Deployment and Service in day5-lab.

A rolling update of two pods adds the new one before it takes an old one away, so a template that
cannot start leaves the old pods serving. Most changes rely on that: taking them back costs seconds,
because the two pods that have a past (metrics, scrapes) were never touched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.testbed.layers import look
from tests.testbed.layers.app import NAMESPACE, application, scaling_active
from tests.testbed.layers.base import apply
from tests.testbed.scenarios.change import Change, Seen, Target, patched, register, replace

from .monitoring import no_targets, targets_up

if TYPE_CHECKING:
    from tests.testbed.layers.base import Document
    from tests.testbed.node import Bed

APP = Target("deployment", NAMESPACE, "web-app")
SERVICE = Target("service", NAMESPACE, "web-app")
PODS = f"/api/v1/namespaces/{NAMESPACE}/pods?labelSelector=app%3Dweb-app"
SLICES = (
    f"/apis/discovery.k8s.io/v1/namespaces/{NAMESPACE}/endpointslices"
    "?labelSelector=kubernetes.io%2Fservice-name%3Dweb-app"
)
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


def waiting(bed: Bed, *reasons: str) -> str | None:
    """Whether a container of a pod waits for one of these reasons."""
    seen = [
        (status.get("state") or {}).get("waiting", {}).get("reason")
        for pod in pods(bed)
        for status in pod["status"].get("containerStatuses") or []
    ]
    return None if set(reasons) & set(seen) else f"waiting for {seen}"


def unready(bed: Bed) -> str | None:
    """Whether a container runs in a pod that is not ready, beside two that are."""
    statuses = [pod["status"].get("containerStatuses") or [{}] for pod in pods(bed)]
    running = [found[0] for found in statuses if "running" in (found[0].get("state") or {})]
    ready = [found for found in running if found.get("ready")]
    return None if len(running) == 3 and len(ready) == 2 else f"{len(running)} run, {len(ready)} are ready"


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


def endpoints(bed: Bed, port: int, count: int) -> str | None:
    """Whether the Service leads to so many ready addresses at a port."""
    found = [
        (number["port"], address)
        for one in (look.get(bed, SLICES) or {"items": []})["items"]
        for number in one.get("ports") or []
        for entry in one.get("endpoints") or []
        if entry["conditions"].get("ready")
        for address in entry["addresses"]
    ]
    return None if len(found) == count and {number for number, _ in found} <= {port} else f"leads to {found}"


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
    template(readinessProbe={"httpGet": {"path": "/ready", "port": 8080}, "periodSeconds": 1}),
    effect=unready,
)
of_template(
    "app-port-wrong",
    "The container says port 80, where nothing listens, and its probe asks there",
    template(
        ports=[{"$patch": "replace"}, {"containerPort": 80, "name": "http"}],
        readinessProbe={"httpGet": {"path": "/", "port": "http"}, "periodSeconds": 1},
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

HELD = {"metadata": {"finalizers": ["example.com/held"]}}


def hold_and_delete(bed: Bed) -> None:
    """Delete the Deployment, which a finalizer keeps; its ReplicaSet is left alone."""
    APP.patch(bed, HELD)
    APP.delete(bed, "--cascade=orphan")


def terminating(bed: Bed) -> str | None:
    """Whether it is being deleted and its pods live on without it."""
    metadata = (APP.read(bed) or {"metadata": {}})["metadata"]
    finalizers = metadata.get("finalizers")
    return None if metadata.get("deletionTimestamp") and finalizers == ["example.com/held"] else f"{metadata}"


def adopt(bed: Bed) -> None:
    """Create the Deployment anew: it adopts the ReplicaSet that has its template."""
    if APP.read(bed) is not None:
        APP.patch(bed, {"metadata": {"finalizers": None}})
    look.until("Deployment gone", lambda: None if APP.read(bed) is None else "still there")
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

register(
    patched(
        "service-selects-nothing",
        "The Service's selector matches no pod",
        SERVICE,
        to={"spec": {"selector": {"app": "webapp"}}},
        back={"spec": {"selector": {"app": "web-app"}}},
        effect=lambda bed: endpoints(bed, 8080, 0) or no_targets(bed),
        restored=lambda bed: endpoints(bed, 8080, 2) or targets_up(bed),
    )
)


def ports(port: int, target: int, name: str = "http") -> Document:
    """A patch of the Service's only port."""
    return {"spec": {"ports": [{"port": port, "targetPort": target, "name": name, "protocol": "TCP"}]}}


register(
    patched(
        "service-target-port-wrong",
        "The Service's targetPort is one where nothing listens",
        SERVICE,
        to=ports(80, 80),
        back=ports(80, 8080),
        effect=lambda bed: endpoints(bed, 80, 2) or look.pool_health(bed, "day5-lab/web-app", "down", 2),
        restored=lambda bed: endpoints(bed, 8080, 2) or targets_up(bed),
    )
)
register(
    patched(
        "service-port-wrong",
        "The Service has port 8080 instead of 80",
        SERVICE,
        to=ports(8080, 8080),
        back=ports(80, 8080),
        effect=lambda bed: None,
        restored=lambda bed: endpoints(bed, 8080, 2),
    )
)

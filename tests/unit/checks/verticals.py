"""VerticalPodAutoscalers and what belongs to them, cut to what checks read."""

from __future__ import annotations

from typing import Any

from checks import vpa
from pytest_k8sgrade.outcome import Observation
from tests.unit.checks.api import MemoryApi, look
from tests.unit.checks.objects import (
    Object,
    condition,
    container,
    deployment,
    endpoints,
    item,
    namespace,
    pod,
    service,
)

WHERE = {"name": "web", "namespace": "shop"}
PROVIDED = condition("RecommendationProvided", "True", "")
ADVICE = {
    "containerName": "web",
    "target": {"cpu": "250m", "memory": "262144k"},
    "lowerBound": {"cpu": "200m", "memory": "200M"},
    "upperBound": {"cpu": "400m", "memory": "400M"},
}


def scaler(
    *conditions: Object, advice: list[Object] | None = None, mode: str | None = "Recreate", **spec: Any
) -> Object:
    """A VPA of the Deployment web, made two hours ago."""
    policy = {"updateMode": mode} if mode else {}
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    status: Object = {"conditions": list(conditions or [PROVIDED])}
    if advice is None or advice:
        status["recommendation"] = {"containerRecommendations": advice or [ADVICE]}
    return item(
        "autoscaling.k8s.io/v1",
        "VerticalPodAutoscaler",
        "web",
        "shop",
        meta={"creationTimestamp": spec.pop("created", "2026-03-02T08:00:00Z")},
        spec={"targetRef": target, "updatePolicy": {**policy, **spec.pop("policy", {})}, **spec},
        status=status,
    )


def running(name: str = "web-1", cpu: str = "250m", memory: str = "262144k", **fields: Any) -> Object:
    """A pod of web with these requests."""
    requests = {"requests": {"cpu": cpu, "memory": memory}}
    return pod(name, spec={"containers": [container(resources=requests)]}, **fields)


WEBHOOK = item(
    "admissionregistration.k8s.io/v1",
    "MutatingWebhookConfiguration",
    "vpa-webhook-config",
    webhooks=[{"clientConfig": {"service": {"name": "vpa-webhook", "namespace": "kube-system"}}}],
)


def program(name: str, ready: int = 1) -> Object:
    """One of the three programs."""
    return deployment(name, "kube-system", replicas=1, status={"updatedReplicas": 1, "readyReplicas": ready})


SYSTEM = [program(f"vpa-{part}") for part in ("recommender", "updater", "admission-controller")] + [WEBHOOK]


BACKEND = [service("vpa-webhook", "kube-system"), endpoints("vpa-webhook", "kube-system")]


def recommends(*objects: Object) -> Observation:
    """One look at the recommendation."""
    return look(vpa.test_recommends, MemoryApi(namespace("shop"), *objects).cluster(), **WHERE)


def applied(*objects: Object) -> Observation:
    """One look at the pods; the template asks for 100m."""
    return look(vpa.test_applied, MemoryApi(deployment(), *SYSTEM, *BACKEND, *objects).cluster(), **WHERE)


def conflicts(own: Object, *objects: Object) -> Observation:
    """One look at rivals."""
    return look(vpa.test_no_conflict, MemoryApi(deployment(), own, *objects).cluster(), **WHERE)

"""A queue's consumer that KEDA scales, as in the theory of autoscaling: from zero, and back to it.

The consumer has a past: it was woken by a full queue and went back to sleep when that was empty.
The theory's cooldown of 300 s would make this last six minutes, so the ScaledObject is a quick one
meanwhile and the theory's own again afterwards. RabbitMQ is a labelled stand-in; KEDA and the
Prometheus that knows the queue's length are real.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.testbed.build.images import image

from . import look
from .base import Document, apply, documents, namespace, stand_in

if TYPE_CHECKING:
    from tests.testbed.node import Bed

NAMESPACE = "autoscaling"
CONSUMER, SCALER = "rabbitmq-consumer", "rabbitmq-consumer-scaler"
SCALED = f"/apis/keda.sh/v1alpha1/namespaces/{NAMESPACE}/scaledobjects/{SCALER}"
QUEUE = f"/api/v1/namespaces/{NAMESPACE}/services/rabbitmq:prometheus/proxy"
PROMETHEUS = "/api/v1/namespaces/monitoring/services/prometheus:web/proxy"
QUICK = {"pollingInterval": 1, "cooldownPeriod": 3}
BACKLOG = 50
"""Messages: three consumers' work at the theory's 20 a consumer."""


@dataclass(frozen=True)
class Queue:
    """The queue, and the Prometheus that knows its length."""

    name: str = "queue"
    needs: tuple[str, ...] = ()
    components: frozenset[str] = frozenset({"base", "prometheus"})
    images: frozenset[str] = frozenset({"base", "prometheus"})

    def install(self, bed: Bed) -> None:
        """Apply both."""
        labels, port = {"app": "rabbitmq"}, {"name": "prometheus", "containerPort": 15692}
        probe = {"httpGet": {"path": "/metrics", "port": "prometheus"}, "periodSeconds": 1}
        pod = {"container": {"ports": [port], "readinessProbe": probe}}
        service = {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "rabbitmq", "namespace": NAMESPACE},
            "spec": {"selector": labels, "ports": [{"name": "prometheus", "port": 15692}]},
        }
        real = documents("autoscaling", "prometheus.yaml")
        real[-1]["spec"]["template"]["spec"]["containers"][0]["image"] = image("prometheus")
        apply(bed, [namespace(NAMESPACE), namespace("monitoring"), *real, service])
        apply(bed, stand_in("rabbitmq", NAMESPACE, "queue", pod, labels))

    def wait(self, bed: Bed) -> None:
        """Wait until Prometheus knows the length."""
        look.all_ready(bed, "monitoring", {"prometheus": "deployment"})
        look.until("queue in Prometheus", lambda: known(bed, 0))


def known(bed: Bed, length: int) -> str | None:
    """Whether Prometheus has this length of the queue."""
    answer = look.get(bed, f"{PROMETHEUS}/api/v1/query?query=rabbitmq_queue_messages_ready") or {}
    values = [one["value"][1] for one in answer.get("data", {}).get("result", [])]
    return None if values == [str(length)] else f"length {values}"


def fill(bed: Bed, length: int) -> None:
    """Give the queue a length and wait until Prometheus has seen it."""
    bed.api.call("PUT", f"{QUEUE}/length", length)
    look.until(f"queue of {length}", lambda: known(bed, length))


@dataclass(frozen=True)
class Consumer:
    """The consumer and its ScaledObject, which has been from zero to three and back."""

    name: str = "consumer"
    needs: tuple[str, ...] = ("queue", "keda")
    components: frozenset[str] = frozenset({"base"})
    images: frozenset[str] = frozenset({"busybox"})

    def install(self, bed: Bed) -> None:
        """Apply the consumer; its scaler waits for KEDA's webhooks."""
        apply(bed, documents("autoscaling", "consumer.yaml"))

    def wait(self, bed: Bed) -> None:
        """Make the scaler, and its past."""
        past(bed)


def past(bed: Bed) -> None:
    """A ScaledObject anew that has woken its target and let it sleep again."""
    fill(bed, BACKLOG)
    apply(bed, scaler(QUICK))
    look.until("consumer awake", lambda: awake(bed, 3))
    asleep(bed)


def asleep(bed: Bed) -> None:
    """Empty the queue, wait for zero in the quick way, and put the theory's object back."""
    fill(bed, 0)
    apply(bed, scaler(QUICK))
    look.until("consumer asleep", lambda: idle(bed))
    apply(bed, scaler())
    look.until("scaler as in the theory", lambda: idle(bed))


def scaler(more: Mapping[str, Any] | None = None) -> list[Document]:
    """The theory's ScaledObject, with other fields if need be."""
    (found,) = documents("autoscaling", "scaledobject.yaml")
    return [{**found, "spec": {**found["spec"], **(more or {})}}]


def said(bed: Bed, kind: str) -> dict[str, Any]:
    """A condition of the ScaledObject."""
    return look.condition(look.get(bed, SCALED), kind)


def awake(bed: Bed, least: int) -> str | None:
    """Whether the trigger is active and enough consumers run."""
    status = (look.read(bed, "deployment", NAMESPACE, CONSUMER) or {}).get("status", {})
    active = said(bed, "Active")
    if active.get("status") == "True" and status.get("readyReplicas", 0) >= least:
        return None
    return f"{status.get('readyReplicas', 0)} consumers, Active {active.get('status')}"


def idle(bed: Bed) -> str | None:
    """Whether KEDA of now has been active, reads the trigger, finds it inactive, and no consumer is there."""
    deployment = look.read(bed, "deployment", NAMESPACE, CONSUMER) or {"spec": {}, "status": {}}
    replicas = (deployment["spec"].get("replicas"), deployment["status"].get("replicas", 0))
    status = (look.get(bed, SCALED) or {}).get("status", {})
    seen = (said(bed, "Ready").get("status"), said(bed, "Active").get("reason"))
    if seen == ("True", "ScalerNotActive") and replicas == (0, 0) and status.get("lastActiveTime"):
        return None
    return f"Ready, Active: {seen}, replicas {replicas}, last active {status.get('lastActiveTime')}"

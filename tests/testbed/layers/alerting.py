"""The alerting of hands-on 1: Alertmanager's configuration, the alerts, and somebody who is notified.

Alertmanager reads the Secret `alertmanager-config` because the release is told its name, as the lab
should say it. Its receivers lead to the `webhook` stand-in of namespace `alert-webhook`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from tests.testbed.build.images import image

from . import look, monitoring
from .base import STAND_IN_LABEL, Document, apply, config_map, documents, namespace, scripts

if TYPE_CHECKING:
    from tests.testbed.node import Bed

WEBHOOK, NAMESPACE = "webhook", "alert-webhook"
SECRET = "alertmanager-config"
RECEIVERS = {"default", "slack", "pagerduty", "email"}
VALUES = {**monitoring.LAB_VALUES, "alertmanager.alertmanagerSpec.configSecret": SECRET}
DELIVERIES = f"/api/v1/namespaces/{NAMESPACE}/services/{WEBHOOK}:http/proxy/deliveries"


def webhook() -> list[Document]:
    """Everything of the stand-in."""
    labels = {"app": WEBHOOK, STAND_IN_LABEL: "webhook"}
    container = {
        "name": WEBHOOK,
        "image": image("base"),
        "imagePullPolicy": "IfNotPresent",
        "command": ["python3", "-B", "/app/server.py"],
        "ports": [{"name": "http", "containerPort": 8080}],
        "readinessProbe": {"httpGet": {"path": "/healthz", "port": "http"}, "periodSeconds": 1},
        "volumeMounts": [{"name": "app", "mountPath": "/app"}],
    }
    pod = {
        "terminationGracePeriodSeconds": 1,
        "containers": [container],
        "volumes": [{"name": "app", "configMap": {"name": f"{WEBHOOK}-scripts"}}],
    }
    metadata = {"name": WEBHOOK, "namespace": NAMESPACE, "labels": labels}
    return [
        namespace(NAMESPACE),
        config_map(f"{WEBHOOK}-scripts", NAMESPACE, scripts("webhook")),
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": metadata,
            "spec": {"selector": labels, "ports": [{"name": "http", "port": 80, "targetPort": "http"}]},
        },
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": metadata,
            "spec": {
                "replicas": 1,
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": pod},
            },
        },
    ]


@dataclass(frozen=True)
class Alerting:
    """The layer."""

    name: str = "alerting"
    needs: tuple[str, ...] = ("monitoring",)
    components: frozenset[str] = frozenset({"base"})
    images: frozenset[str] = frozenset({"base"})

    def install(self, bed: Bed) -> None:
        """Apply the objects and tell the release the name of the Secret."""
        apply(bed, webhook())
        for name in ("alertmanager-config.yaml", "custom-alerts.yaml"):
            apply(bed, documents("handson1", "alerting", name))
        monitoring.upgrade(bed, VALUES)

    def wait(self, bed: Bed) -> None:
        """Wait until an alert of the lab has gone all the way."""
        look.all_ready(bed, NAMESPACE, {WEBHOOK: "deployment"})
        look.until("receivers", partial(receivers, bed, RECEIVERS))
        look.until("AlertTest delivered", partial(delivered, bed, "slack", "AlertTest"))


def receivers(bed: Bed, wanted: set[str]) -> str | None:
    """Whether Alertmanager runs with exactly these receivers."""
    found = {one["name"] for one in look.get(bed, f"{monitoring.ALERTMANAGER}/api/v2/receivers") or []}
    return None if found == wanted else f"receivers {sorted(found)}"


def delivered(bed: Bed, receiver: str, alert: str) -> str | None:
    """Whether the webhook remembers an alert for a receiver."""
    answer: list[dict[str, Any]] = look.get(bed, f"{DELIVERIES}?receiver={receiver}") or []
    found = {alert["labels"]["alertname"] for delivery in answer for alert in delivery["alerts"]}
    return None if alert in found else f"{receiver} was told of {sorted(found)}"

"""A past for the autoscaler: it has scaled web-app up under real load and down again.

Events SuccessfulRescale, lastScaleTime and the replica history in Prometheus are left behind. The
lab's own down window of 300 s would make this last six minutes, so the object has a quick
behaviour while the load runs and is the lab's again, to the letter, afterwards.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from pytest_k8sgrade.kube.times import parse_time
from pytest_k8sgrade.services.autoscalers.replica_history import FIRST_LOOK
from tests.testbed.build.images import image

from . import look
from .app import NAMESPACE
from .base import STAND_IN_LABEL, Document, apply, config_map, documents, scripts

if TYPE_CHECKING:
    from tests.testbed.node import Bed

HPA = "web-app-hpa"
UP = {"stabilizationWindowSeconds": 0, "policies": [{"type": "Pods", "value": 2, "periodSeconds": 60}]}
DOWN = {"stabilizationWindowSeconds": 0, "policies": [{"type": "Pods", "value": 9, "periodSeconds": 1}]}
QUICK = {"scaleUp": UP, "scaleDown": DOWN}
# One request costs nginx about 7 ms of CPU: 350m in all, far above the target of 50m a pod even on a
# machine that is too busy to give all of it.
URL, RATE = "http://web-app/work", "50"
LABELS = f"namespace='{NAMESPACE}',horizontalpodautoscaler='{HPA}'"
SERIES = f"kube_horizontalpodautoscaler_status_current_replicas{{{LABELS}}}"


def generator() -> list[Document]:
    """The load generator's pod and script."""
    name = "load-generator"
    pod: Document = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": NAMESPACE, "labels": {"run": name, STAND_IN_LABEL: "load"}},
        "spec": {
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": 0,
            "volumes": [{"name": "app", "configMap": {"name": name}}],
            "containers": [
                {
                    "name": name,
                    "image": image("base"),
                    "imagePullPolicy": "IfNotPresent",
                    "command": ["python3", "-B", "/app/generate.py", URL, RATE],
                    "volumeMounts": [{"name": "app", "mountPath": "/app"}],
                }
            ],
        },
    }
    return [config_map(name, NAMESPACE, scripts("load")), pod]


@dataclass(frozen=True)
class ScalingHistory:
    """Up and down once."""

    name: str = "hpa-history"
    needs: tuple[str, ...] = ("hpa",)
    components: frozenset[str] = frozenset({"base"})
    images: frozenset[str] = frozenset({"base"})

    def install(self, bed: Bed) -> None:
        """Nothing: the load runs once Prometheus is soon there to see it."""

    def wait(self, bed: Bed) -> None:
        """Run the load, see the replicas rise and fall, restore the lab's object."""
        look.until("exporter installed", partial(exporter, bed))
        look.until("autoscaler past its first looks", partial(grown, bed))
        try:
            patch(bed, {"spec": {"behavior": QUICK}})
            apply(bed, generator())
            look.until("scaled up", lambda: more_than_minimum(bed))
            look.until("replica history", partial(found, bed, f"max_over_time({SERIES}[10m]) > 2"))
        finally:
            bed.kubectl(
                "delete",
                "pod/load-generator",
                "configmap/load-generator",
                "-n",
                NAMESPACE,
                "--ignore-not-found",
            )
        look.until("scaled down", lambda: at_minimum(bed))
        apply(bed, documents("lab1", "hpa.yaml"))


def exporter(bed: Bed) -> str | None:
    """Whether the release is installed: its pods are ready in less time than the load takes to show."""
    there = look.read(bed, "deployment", "monitoring", "prometheus-kube-state-metrics")
    return "no kube-state-metrics" if there is None else None


def grown(bed: Bed) -> str | None:
    """Whether a step now is no first look any more, so that events alone prove the rise."""
    made = parse_time(
        (look.read(bed, "hpa", NAMESPACE, HPA) or {}).get("metadata", {}).get("creationTimestamp")
    )
    age = datetime.now(UTC) - made if made else timedelta(0)
    return None if age > FIRST_LOOK + timedelta(seconds=5) else f"{age.total_seconds():.0f} s old"


def found(bed: Bed, expression: str) -> str | None:
    """Whether a PromQL expression has a result."""
    return None if look.query(bed, expression) else f"nothing for {expression}"


def patch(bed: Bed, body: Document) -> None:
    """Merge-patch the autoscaler."""
    bed.kubectl("patch", "hpa", HPA, "-n", NAMESPACE, "--type=merge", "-p", json.dumps(body))


def more_than_minimum(bed: Bed) -> str | None:
    """Whether more than two pods are wanted and ready."""
    ready = (
        (look.read(bed, "deployment", NAMESPACE, "web-app") or {}).get("status", {}).get("readyReplicas", 0)
    )
    status = (look.read(bed, "hpa", NAMESPACE, HPA) or {}).get("status", {})
    if status.get("currentReplicas", 0) > 2 and ready > 2:
        return None
    return f"{ready} ready, {status.get('desiredReplicas')} desired, metrics {status.get('currentMetrics')}"


def at_minimum(bed: Bed) -> str | None:
    """Whether everybody says two."""
    deployment = look.read(bed, "deployment", NAMESPACE, "web-app") or {"status": {}}
    status = (look.read(bed, "hpa", NAMESPACE, HPA) or {}).get("status", {})
    numbers = (
        deployment["status"].get("replicas"),
        status.get("currentReplicas"),
        status.get("desiredReplicas"),
    )
    return (
        None
        if numbers == (2, 2, 2)
        else f"replicas, current, desired: {numbers}, metrics {status.get('currentMetrics')}"
    )

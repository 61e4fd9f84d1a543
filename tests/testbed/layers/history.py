"""A past for an autoscaler: it has scaled its Deployment up under real load and down again.

Events SuccessfulRescale, lastScaleTime and the replica history in Prometheus are left behind. A lab's
own down window of 300 s would make this last six minutes, so the object has a quick behaviour while
the load runs and is the lab's again, to the letter, afterwards.
"""

from __future__ import annotations

import json
from collections.abc import Callable
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

LOAD = "load-generator"
UP = {
    "stabilizationWindowSeconds": 0,
    "selectPolicy": "Max",
    "policies": [{"type": "Pods", "value": 2, "periodSeconds": 60}],
}
DOWN = {"stabilizationWindowSeconds": 0, "policies": [{"type": "Pods", "value": 9, "periodSeconds": 1}]}
QUICK = {"scaleUp": UP, "scaleDown": DOWN}
NOT_YET = {"scaleUp": {"selectPolicy": "Disabled"}}
# One request costs nginx about 7 ms of CPU: 350m in all, far above the target of 50m a pod even on a
# machine that is too busy to give all of it.
URL, RATE = "http://web-app/work", "50"


def load_pod(namespace: str, **container: object) -> Document:
    """A pod under the lab's name for it, with a container that makes the load."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": LOAD, "namespace": namespace, "labels": {"run": LOAD, STAND_IN_LABEL: "load"}},
        "spec": {
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": 0,
            "containers": [{"name": LOAD, "imagePullPolicy": "IfNotPresent", **container}],
        },
    }


def generator() -> list[Document]:
    """The load generator's pod and script."""
    mounted = [{"name": "app", "mountPath": "/app"}]
    command = ["python3", "-B", "/app/generate.py", URL, RATE]
    pod = load_pod(NAMESPACE, image=image("base"), command=command, volumeMounts=mounted)
    pod["spec"]["volumes"] = [{"name": "app", "configMap": {"name": LOAD}}]
    return [config_map(LOAD, NAMESPACE, scripts("load")), pod]


@dataclass(frozen=True)
class Autoscaled:
    """A Deployment with its autoscaler: what is asked of the two and done to them."""

    namespace: str
    deployment: str
    hpa: str
    manifest: tuple[str, ...]
    least: int = 2

    @property
    def series(self) -> str:
        """The autoscaler's replicas in Prometheus."""
        labels = f"namespace='{self.namespace}',horizontalpodautoscaler='{self.hpa}'"
        return f"kube_horizontalpodautoscaler_status_current_replicas{{{labels}}}"

    def grown(self, bed: Bed) -> str | None:
        """Whether a step now is no first look any more, so that events alone prove the rise."""
        found = look.read(bed, "hpa", self.namespace, self.hpa) or {}
        made = parse_time(found.get("metadata", {}).get("creationTimestamp"))
        age = datetime.now(UTC) - made if made else timedelta(0)
        return None if age > FIRST_LOOK + timedelta(seconds=5) else f"{age.total_seconds():.0f} s old"

    def patch(self, bed: Bed, body: Document) -> None:
        """Merge-patch the autoscaler."""
        bed.kubectl("patch", "hpa", self.hpa, "-n", self.namespace, "--type=merge", "-p", json.dumps(body))

    def restore(self, bed: Bed) -> None:
        """The autoscaler as the lab has it."""
        apply(bed, documents(*self.manifest))

    def without_load(self, bed: Bed) -> None:
        """End the load."""
        named = (f"pod/{LOAD}", f"configmap/{LOAD}")
        bed.kubectl("delete", *named, "-n", self.namespace, "--ignore-not-found")

    def more_than_minimum(self, bed: Bed) -> str | None:
        """Whether more pods than the least are wanted and ready."""
        found = look.read(bed, "deployment", self.namespace, self.deployment) or {}
        ready = found.get("status", {}).get("readyReplicas", 0)
        status = (look.read(bed, "hpa", self.namespace, self.hpa) or {}).get("status", {})
        if status.get("currentReplicas", 0) > self.least and ready > self.least:
            return None
        wanted, metrics = status.get("desiredReplicas"), status.get("currentMetrics")
        return f"{ready} ready, {wanted} desired, metrics {metrics}"

    def at_minimum(self, bed: Bed) -> str | None:
        """Whether everybody says that there are as few as may be."""
        found = look.read(bed, "deployment", self.namespace, self.deployment) or {"status": {}}
        status = (look.read(bed, "hpa", self.namespace, self.hpa) or {}).get("status", {})
        numbers = (
            found["status"].get("replicas"),
            status.get("currentReplicas"),
            status.get("desiredReplicas"),
        )
        if numbers == (self.least,) * 3:
            return None
        return f"replicas, current, desired: {numbers}, metrics {status.get('currentMetrics')}"


WEB_APP = Autoscaled(NAMESPACE, "web-app", "web-app-hpa", ("lab1", "hpa.yaml"))


@dataclass(frozen=True)
class ScalingHistory:
    """Up and down once."""

    name: str = "hpa-history"
    scaled: Autoscaled = WEB_APP
    load: Callable[[], list[Document]] = generator
    needs: tuple[str, ...] = ("hpa",)
    components: frozenset[str] = frozenset({"base"})
    images: frozenset[str] = frozenset({"base"})

    def install(self, bed: Bed) -> None:
        """Nothing: the load runs once Prometheus is soon there to see it."""

    def wait(self, bed: Bed) -> None:
        """Run the load, see the replicas rise and fall, restore the lab's object.

        The load shows by the time a step is no first look any more; until then the autoscaler may not rise.
        """
        scaled = self.scaled
        look.until("exporter installed", partial(exporter, bed))
        try:
            scaled.patch(bed, {"spec": {"behavior": NOT_YET}})
            apply(bed, self.load())
            look.until("autoscaler past its first looks", partial(scaled.grown, bed))
            scaled.patch(bed, {"spec": {"behavior": QUICK}})
            look.until("scaled up", partial(scaled.more_than_minimum, bed))
            risen = f"max_over_time({scaled.series}[10m]) > {scaled.least}"
            look.until("replica history", partial(found, bed, risen))
        finally:
            scaled.without_load(bed)
        look.until("scaled down", partial(scaled.at_minimum, bed))
        scaled.restore(bed)


def exporter(bed: Bed) -> str | None:
    """Whether the release is installed: its pods are ready in less time than the load takes to show."""
    there = look.read(bed, "deployment", "monitoring", "prometheus-kube-state-metrics")
    return "no kube-state-metrics" if there is None else None


def found(bed: Bed, expression: str) -> str | None:
    """Whether a PromQL expression has a result."""
    return None if look.query(bed, expression) else f"nothing for {expression}"

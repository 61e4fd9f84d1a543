"""Hands-on 1's autoscaling by requests: metrics-app, prometheus-adapter and the HorizontalPodAutoscaler.

The adapter is the real program, in a chart of ours that makes the community chart's objects. As the
hands-on's text has it, its ConfigMap is overwritten after the installation and the adapter restarted.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from tests.testbed.build.images import image

from . import helm, look
from .base import STAND_IN_LABEL, Document, apply, documents, namespace
from .history import Autoscaled, ScalingHistory, load_pod
from .monitoring import NAMESPACE as MONITORING

if TYPE_CHECKING:
    from tests.testbed.node import Bed

NAMESPACE, APP, HPA = "day5-handson", "metrics-app", "metrics-app-hpa"
RELEASE = CHART = "prometheus-adapter"
METRIC = "http_requests_per_second"
VALUES = {
    "prometheus.url": f"http://prometheus-kube-prometheus-prometheus.{MONITORING}.svc",
    "prometheus.port": "9090",
}
FOLDER = ("handson1", "custom")
METRICS_APP = Autoscaled(NAMESPACE, APP, HPA, (*FOLDER, "hpa.yaml"))
API = "/apis/custom.metrics.k8s.io/v1beta1"
APISERVICE = "/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.custom.metrics.k8s.io"
# Far above the target of 100 a pod, so that two minutes' rate is soon above it too.
LOAD = f"while true; do curl -s -o /dev/null --rate 1000/s 'http://{APP}:8080/?[1-5000]'; done"


def application() -> list[Document]:
    """The objects of the text; the pods say that their program is a stand-in."""
    found = documents(*FOLDER, "app.yaml")
    found[0]["spec"]["template"]["metadata"]["labels"][STAND_IN_LABEL] = "example-app"
    return found


def generator() -> list[Document]:
    """The load, from curl: the text's busybox loops are at the mercy of the machine."""
    return [load_pod(NAMESPACE, image=image("base"), command=["sh", "-c", LOAD])]


@dataclass(frozen=True)
class MetricsApp:
    """The application and its Service."""

    name: str = "metrics-app"
    needs: tuple[str, ...] = ()
    components: frozenset[str] = frozenset({"example-app"})
    images: frozenset[str] = frozenset({"example-app"})

    def install(self, bed: Bed) -> None:
        """Apply the objects."""
        apply(bed, documents("handson1", "namespace.yaml") + application())

    def wait(self, bed: Bed) -> None:
        """Wait for the pods and ask each once: the counter is exposed from the first request on."""
        look.all_ready(bed, NAMESPACE, {APP: "deployment"})
        look.until(f"{APP} asked", partial(ask, bed))


def pods(bed: Bed) -> list[str]:
    """The names of the application's pods."""
    found = look.get(bed, f"/api/v1/namespaces/{NAMESPACE}/pods?labelSelector=app%3D{APP}") or {"items": []}
    return [one["metadata"]["name"] for one in found["items"]]


def ask(bed: Bed) -> str | None:
    """Whether every pod of the application has answered a request of ours."""
    path = f"/api/v1/namespaces/{NAMESPACE}/pods/{{}}:8080/proxy/"
    silent = [name for name in pods(bed) if bed.api.raw("GET", path.format(name))[0] != 200]
    return f"no answer of {silent}" if silent else None


@dataclass(frozen=True)
class MetricsAppScraped:
    """Its ServiceMonitor, with targets that are up."""

    name: str = "metrics-app-scraped"
    needs: tuple[str, ...] = ("metrics-app", "monitoring")
    components: frozenset[str] = frozenset()
    images: frozenset[str] = frozenset()

    def install(self, bed: Bed) -> None:
        """Apply it."""
        apply(bed, documents(*FOLDER, "servicemonitor.yaml"))

    def wait(self, bed: Bed) -> None:
        """Wait for the first scrapes: the text's interval is 15 s."""
        look.until(f"{APP} targets", lambda: look.pool_health(bed, f"{NAMESPACE}/{APP}", "up", 2))


@dataclass(frozen=True)
class Adapter:
    """The release with the text's rules, serving the metric for both pods."""

    name: str = "prometheus-adapter"
    needs: tuple[str, ...] = ("metrics-app-scraped",)
    components: frozenset[str] = frozenset({"prometheus-adapter", "helm"})
    images: frozenset[str] = frozenset({"prometheus-adapter"})

    def install(self, bed: Bed) -> None:
        """Install, overwrite the rules, restart, as in the text."""
        apply(bed, [namespace(MONITORING)])
        with helm.chart(CHART, values={"image": image("prometheus-adapter")}) as path:
            helm.install(bed, RELEASE, path, MONITORING, VALUES)
        overwrite_rules(bed)

    def wait(self, bed: Bed) -> None:
        """Wait for the pod of the new rules, and for values of both pods."""
        look.all_ready(bed, MONITORING, {RELEASE: "deployment"})
        look.until(METRIC, partial(served, bed))


def overwrite_rules(bed: Bed) -> None:
    """The text's rules in place of the chart's, and an adapter that has read them."""
    apply(bed, documents(*FOLDER, "rules.yaml"))
    restart(bed)


def restart(bed: Bed) -> None:
    """Let the adapter read its ConfigMap anew."""
    bed.kubectl("rollout", "restart", f"deployment/{RELEASE}", "-n", MONITORING)


def served(bed: Bed, metric: str = METRIC) -> str | None:
    """Whether the API has a value for every pod of the application."""
    available = look.condition(look.get(bed, APISERVICE), "Available")
    if available.get("status") != "True":
        return f"APIService Available {available.get('status')}: {available.get('reason')}"
    names = set(pods(bed))
    path = f"{API}/namespaces/{NAMESPACE}/pods/*/{metric}"
    valued = {one["describedObject"]["name"] for one in (look.get(bed, path) or {"items": []})["items"]}
    return None if names and names <= valued else f"values of {sorted(valued)}, pods {sorted(names)}"


@dataclass(frozen=True)
class MetricsAppAutoscaler:
    """The HorizontalPodAutoscaler by requests."""

    name: str = "metrics-app-hpa"
    needs: tuple[str, ...] = ("prometheus-adapter",)
    components: frozenset[str] = frozenset()
    images: frozenset[str] = frozenset()

    def install(self, bed: Bed) -> None:
        """Apply it."""
        METRICS_APP.restore(bed)

    def wait(self, bed: Bed) -> None:
        """Wait until it reads its metric."""
        look.until(HPA, partial(reading, bed))


def reading(bed: Bed) -> str | None:
    """Whether the autoscaler is active, and by its metric."""
    found = look.read(bed, "hpa", NAMESPACE, HPA) or {}
    current = found.get("status", {}).get("currentMetrics") or []
    names = [one.get("pods", {}).get("metric", {}).get("name") for one in current]
    active = look.condition(found, "ScalingActive")
    if active.get("status") == "True" and names == [METRIC]:
        return None
    return f"ScalingActive {active.get('status')}: {active.get('reason')}, reads {names}"


LAYERS = (
    MetricsApp(),
    MetricsAppScraped(),
    Adapter(),
    MetricsAppAutoscaler(),
    ScalingHistory(
        name="metrics-app-history", scaled=METRICS_APP, load=generator, needs=("metrics-app-hpa",)
    ),
)

"""Release `prometheus` in `monitoring`: operator, Prometheus, Alertmanager, exporters, Grafana stand-in.

The CRDs are a layer of their own, because the application's ServiceMonitor needs nothing else and
because large CRDs are better applied server-side. The release is installed by the real helm with
the values that the lab sets.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from tests.testbed.build.images import image

from . import helm, look
from .base import CRDS, apply, lean, namespace, parse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.testbed.node import Bed

RELEASE, NAMESPACE, CHART = "prometheus", "monitoring", "kube-prometheus-stack"
STAND_INS = ("grafana", "kube_state_metrics")
LAB_VALUES = {
    "prometheus.prometheusSpec.serviceMonitorSelectorNilUsesHelmValues": "false",
    "grafana.enabled": "true",
    "grafana.adminPassword": "admin123",
}
IMAGE_KEYS = {
    "base": "base",
    "prometheus": "prometheus",
    "alertmanager": "alertmanager",
    "operator": "prometheus-operator",
    "reloader": "prometheus-config-reloader",
    "nodeExporter": "node-exporter",
}
WORKLOADS = {
    "prometheus-kube-prometheus-operator": "deployment",
    "prometheus-kube-state-metrics": "deployment",
    "prometheus-grafana": "deployment",
    "prometheus-prometheus-node-exporter": "daemonset",
    "alertmanager-prometheus-kube-prometheus-alertmanager": "statefulset",
    "prometheus-prometheus-kube-prometheus-prometheus": "statefulset",
}
# ServiceMonitors whose targets are up on a healthy bed, with the least number of targets.
MONITORS = {
    "prometheus-kube-prometheus-kubelet": 3,
    "prometheus-kube-prometheus-apiserver": 1,
    "prometheus-kube-prometheus-coredns": 1,
    "prometheus-kube-prometheus-operator": 1,
    "prometheus-kube-prometheus-prometheus": 2,
    "prometheus-kube-prometheus-alertmanager": 2,
    "prometheus-kube-state-metrics": 1,
    "prometheus-prometheus-node-exporter": 1,
    "prometheus-grafana": 1,
}
ALERTMANAGER = (
    f"/api/v1/namespaces/{NAMESPACE}/services/prometheus-kube-prometheus-alertmanager:http-web/proxy"
)
CRD_LIST = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


@dataclass(frozen=True)
class PrometheusCrds:
    """The operator's CRDs, established."""

    name: str = "prometheus-crds"
    needs: tuple[str, ...] = ()
    components: frozenset[str] = frozenset({"prometheus-operator"})
    images: frozenset[str] = frozenset()

    def install(self, bed: Bed) -> None:
        """Apply them and wait: others cannot apply their objects before."""
        with CRDS:
            found = parse(bed.artifacts.manifest("prometheus-operator/crds.yaml").read_text(encoding="utf-8"))
            apply(bed, [lean(crd) for crd in found])
            look.until("CRDs established", lambda: crds_established(bed, "monitoring.coreos.com"))

    def wait(self, bed: Bed) -> None:
        """Nothing beyond that."""


def crds_established(bed: Bed, group: str) -> str | None:
    """Whether every CRD of a group is served."""
    found = [crd for crd in (look.get(bed, CRD_LIST) or {}).get("items", []) if crd["spec"]["group"] == group]
    missing = [
        crd["metadata"]["name"] for crd in found if look.condition(crd, "Established").get("status") != "True"
    ]
    if not found or missing:
        return f"not established: {', '.join(missing) or 'all'}"
    return None


@dataclass(frozen=True)
class Monitoring:
    """The release."""

    name: str = "monitoring"
    needs: tuple[str, ...] = ("prometheus-crds",)
    components: frozenset[str] = frozenset({"monitoring", "helm"})
    images: frozenset[str] = frozenset(IMAGE_KEYS.values())

    def install(self, bed: Bed) -> None:
        """Install the release without waiting for its pods."""
        apply(bed, [namespace(NAMESPACE)])
        with helm.chart(CHART, values=defaults(bed), stand_ins=STAND_INS) as path:
            helm.install(bed, RELEASE, path, NAMESPACE, LAB_VALUES)

    def wait(self, bed: Bed) -> None:
        """Wait for the pods, the targets and the dashboards."""
        look.all_ready(bed, NAMESPACE, WORKLOADS)
        for monitor, count in MONITORS.items():
            healthy = partial(look.pool_health, bed, f"{NAMESPACE}/{monitor}", "up", count)
            look.until(f"targets of {monitor}", healthy)
        look.until("Watchdog", partial(firing, bed, "Watchdog"))


def defaults(bed: Bed) -> dict[str, Any]:
    """The chart's defaults that depend on the bed."""
    nodes = bed.api.get("/api/v1/nodes")["items"]
    found = [
        entry for node in nodes for entry in node["status"]["addresses"] if entry["type"] == "InternalIP"
    ]
    return {
        "images": {name: image(key) for name, key in IMAGE_KEYS.items()},
        "controlPlaneEndpoints": [entry["address"] for entry in found],
    }


def firing(bed: Bed, alert: str) -> str | None:
    """Whether Alertmanager has an alert."""
    alerts = look.get(bed, f"{ALERTMANAGER}/api/v2/alerts") or []
    names = [entry["labels"]["alertname"] for entry in alerts]
    return None if alert in names else f"Alertmanager has {names}"


def upgrade(bed: Bed, values: Mapping[str, str]) -> None:
    """Upgrade of the release with --set values."""
    with helm.chart(CHART, values=defaults(bed), stand_ins=STAND_INS) as path:
        helm.upgrade(bed, RELEASE, path, NAMESPACE, values)

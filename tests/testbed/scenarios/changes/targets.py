"""Changes to what serves the stack's own metrics: node-exporter, kube-state-metrics, kubelet, operator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.testbed.layers import look
from tests.testbed.layers.monitoring import MONITORS, NAMESPACE
from tests.testbed.scenarios.change import Change, Target, patched, register
from tests.testbed.scenarios.edits import edited, keep, put_back, removed

from .monitoring import STATEFUL_SET, everything_up, grown_up

if TYPE_CHECKING:
    from tests.testbed.node import Bed

NODE_EXPORTER = "prometheus-prometheus-node-exporter"
STATE_METRICS = "prometheus-kube-state-metrics"
OPERATOR = "prometheus-kube-prometheus-operator"
KUBELET = "prometheus-kube-prometheus-kubelet"
EXPORTER_MONITOR = Target("servicemonitor", NAMESPACE, NODE_EXPORTER)
CPU = "node_cpu_seconds_total"


def health(bed: Bed, monitor: str, wanted: str) -> str | None:
    """Whether the targets of one of the stack's ServiceMonitors are all up, or all down."""
    return look.pool_health(bed, f"{NAMESPACE}/{monitor}", wanted, MONITORS[monitor])


def without_targets(bed: Bed, monitor: str) -> str | None:
    """Whether Prometheus has no target of a ServiceMonitor."""
    found = [pool for pool in look.targets(bed) if pool.startswith(f"serviceMonitor/{NAMESPACE}/{monitor}/")]
    return f"targets still there: {found}" if found else None


def crashing(bed: Bed, app: str) -> str | None:
    """Whether a pod of an application of the stack waits in CrashLoopBackOff."""
    path = f"/api/v1/namespaces/{NAMESPACE}/pods?labelSelector=app.kubernetes.io%2Fname%3D{app}"
    statuses = [
        (status.get("state") or {}).get("waiting", {}).get("reason")
        for pod in (look.get(bed, path) or {"items": []})["items"]
        for status in pod["status"].get("containerStatuses") or []
    ]
    return None if statuses and set(statuses) == {"CrashLoopBackOff"} else f"{app} waits for {statuses}"


def scaled_down(bed: Bed, name: str) -> str | None:
    """Whether a Deployment of the stack has no pod left."""
    status = (look.read(bed, "deployment", NAMESPACE, name) or {}).get("status", {})
    return f"{status['replicas']} pods of {name}" if status.get("replicas") else None


def back(bed: Bed, kind: str, name: str, monitor: str) -> str | None:
    """Whether a workload is ready and scraped again."""
    return look.ready(bed, kind, NAMESPACE, name) or health(bed, monitor, "up")


def with_unknown_flag(found: dict[str, Any]) -> None:
    """Give the first container a flag that its program does not know."""
    found["spec"]["template"]["spec"]["containers"][0]["args"].append("--no-such-flag")


def with_other_port_name(found: dict[str, Any]) -> None:
    """Give the first port of a Service another name."""
    found["spec"]["ports"][0]["name"] = "metrics"


def with_other_selector(found: dict[str, Any]) -> None:
    """Let a Service select what does not exist."""
    found["spec"]["selector"]["app.kubernetes.io/instance"] = "prom"


def configured(bed: Bed, *, dropping: bool) -> str | None:
    """Whether the configuration that Prometheus runs with drops the CPU's metric."""
    answer = look.get(bed, f"{look.PROMETHEUS}/api/v1/status/config") or {"data": {"yaml": ""}}
    return None if (f"regex: {CPU}" in answer["data"]["yaml"]) is dropping else "an older configuration"


def has_cpu(bed: Bed, *, wanted: bool) -> str | None:
    """Whether Prometheus, its targets up again, has the CPU's metric."""
    if (seen := everything_up(bed)) is not None:
        return seen
    return None if bool(look.query(bed, f"rate({CPU}[5m])")) is wanted else f"{CPU}: not {wanted}"


def drop_cpu(bed: Bed) -> None:
    """Let the ServiceMonitor of node-exporter drop one metric."""
    found = keep(bed, "node-exporter-cpu-dropped", EXPORTER_MONITOR)
    drop = {"action": "drop", "sourceLabels": ["__name__"], "regex": CPU}
    EXPORTER_MONITOR.patch(
        bed, {"spec": {"endpoints": [{**found["spec"]["endpoints"][0], "metricRelabelings": [drop]}]}}
    )


def without_cpu(bed: Bed) -> None:
    """Wait for the configuration, then end the pod: what it has stored would answer for five more minutes."""
    look.until("the metric is dropped", lambda: configured(bed, dropping=True))
    bed.kubectl("delete", "pod", f"{STATEFUL_SET}-0", "-n", NAMESPACE, "--grace-period=1")
    look.until("nothing is known of the CPU", lambda: has_cpu(bed, wanted=False))


def with_cpu(bed: Bed) -> None:
    """Put the ServiceMonitor back."""
    put_back(bed, "node-exporter-cpu-dropped")
    look.until("the CPU is known again", lambda: has_cpu(bed, wanted=True) or grown_up(bed))


edited(
    "node-exporter-crashes",
    "node-exporter ends at once because of a flag that it does not know",
    Target("daemonset", NAMESPACE, NODE_EXPORTER),
    with_unknown_flag,
    effect=lambda bed: crashing(bed, "prometheus-node-exporter") or health(bed, NODE_EXPORTER, "down"),
    restored=lambda bed: back(bed, "daemonset", NODE_EXPORTER, NODE_EXPORTER),
)
edited(
    "node-exporter-port-renamed",
    "The port of node-exporter's Service has another name than its ServiceMonitor asks",
    Target("service", NAMESPACE, NODE_EXPORTER),
    with_other_port_name,
    effect=lambda bed: without_targets(bed, NODE_EXPORTER),
    restored=lambda bed: health(bed, NODE_EXPORTER, "up"),
)
register(
    patched(
        "kube-state-metrics-without-replicas",
        "kube-state-metrics is scaled to 0",
        Target("deployment", NAMESPACE, STATE_METRICS),
        to={"spec": {"replicas": 0}},
        back={"spec": {"replicas": 1}},
        effect=lambda bed: scaled_down(bed, STATE_METRICS) or without_targets(bed, STATE_METRICS),
        restored=lambda bed: back(bed, "deployment", STATE_METRICS, STATE_METRICS),
    )
)
edited(
    "kube-state-metrics-service-selects-nothing",
    "The Service of kube-state-metrics selects pods that do not exist",
    Target("service", NAMESPACE, STATE_METRICS),
    with_other_selector,
    effect=lambda bed: without_targets(bed, STATE_METRICS),
    restored=lambda bed: health(bed, STATE_METRICS, "up"),
)
register(
    Change(
        name="node-exporter-cpu-dropped",
        title="The ServiceMonitor of node-exporter drops the CPU's metric",
        apply=drop_cpu,
        settle=without_cpu,
        undo=with_cpu,
    )
)
removed(
    "kubelet-servicemonitor-absent",
    "The ServiceMonitor of the kubelet was deleted",
    Target("servicemonitor", NAMESPACE, KUBELET),
    effect=lambda bed: without_targets(bed, KUBELET),
    restored=lambda bed: health(bed, KUBELET, "up"),
)
register(
    patched(
        "operator-without-replicas",
        "The Prometheus operator is scaled to 0",
        Target("deployment", NAMESPACE, OPERATOR),
        to={"spec": {"replicas": 0}},
        back={"spec": {"replicas": 1}},
        effect=lambda bed: scaled_down(bed, OPERATOR),
        restored=lambda bed: back(bed, "deployment", OPERATOR, OPERATOR),
    )
)

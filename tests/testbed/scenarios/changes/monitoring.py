"""Changes to what Prometheus scrapes: the application's ServiceMonitor and the Prometheus resource.

A changed ServiceMonitor is in Prometheus' configuration some 10 s later (operator, kubelet's 5 s,
the reloader's 3 s that the testbed's chart sets); coming back takes up to its scrape interval of 30 s.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tests.testbed.layers import look
from tests.testbed.layers.monitoring import MONITORS, NAMESPACE
from tests.testbed.scenarios.change import Change, Seen, Target, patched, register
from tests.testbed.scenarios.edits import removed

if TYPE_CHECKING:
    from tests.testbed.node import Bed

MONITOR = Target("servicemonitor", "day5-lab", "web-app")
PROMETHEUS = Target("prometheus", NAMESPACE, "prometheus-kube-prometheus-prometheus")
APP_POOL = "serviceMonitor/day5-lab/web-app/0"
STATEFUL_SET = "prometheus-prometheus-kube-prometheus-prometheus"
GROWN_UP_S = 65
"""Seconds after which the grader takes an empty answer of Prometheus for final, and a few more."""


def no_targets(bed: Bed) -> str | None:
    """Whether the ServiceMonitor's pool is loaded and empty."""
    pools = [pool for pool in look.targets(bed) if pool.startswith("serviceMonitor/day5-lab/web-app/")]
    return f"targets still there: {pools}" if pools else None


def targets_up(bed: Bed) -> str | None:
    """Whether both targets are up."""
    return look.pool_health(bed, "day5-lab/web-app", "up", 2)


def targets_down(bed: Bed) -> str | None:
    """Whether both targets were scraped in vain."""
    return look.pool_health(bed, "day5-lab/web-app", "down", 2)


def pools(bed: Bed) -> list[str] | None:
    """The scrape pools that Prometheus has loaded; None while it does not answer."""
    answer = look.get(bed, f"{look.PROMETHEUS}/api/v1/scrape_pools")
    return None if answer is None else answer["data"]["scrapePools"] or []


def not_loaded(bed: Bed) -> str | None:
    """Whether Prometheus runs without the application's ServiceMonitor."""
    found = pools(bed)
    return None if found is not None and APP_POOL not in found else f"pools {found}"


def nothing_loaded(bed: Bed) -> str | None:
    """Whether Prometheus runs without any scrape pool."""
    found = pools(bed)
    return None if found == [] else f"pools {found}"


def everything_up(bed: Bed) -> str | None:
    """Whether all targets are there that a healthy bed has."""
    seen = (look.pool_health(bed, f"{NAMESPACE}/{one}", "up", count) for one, count in MONITORS.items())
    return next((found for found in seen if found is not None), None) or targets_up(bed)


def grown_up(bed: Bed) -> str | None:
    """Whether all targets are there and Prometheus runs long enough for an empty answer to mean something."""
    seen = everything_up(bed)
    if seen is not None:
        return seen
    started = look.get(bed, f"{look.PROMETHEUS}/api/v1/status/runtimeinfo")["data"]["startTime"]
    age = datetime.now(UTC) - datetime.fromisoformat(f"{started[:19]}+00:00")
    return None if age.total_seconds() > GROWN_UP_S else f"Prometheus started {age.total_seconds():.0f} s ago"


def reconciled(bed: Bed, target: Target, wanted: str) -> str | None:
    """Whether the operator has looked at the newest generation of a resource, with this outcome."""
    found = target.read(bed) or {"metadata": {}}
    condition = look.condition(found, "Reconciled")
    newest = condition.get("observedGeneration") == found["metadata"].get("generation")
    told = f"Reconciled {condition.get('status')} for generation {condition.get('observedGeneration')}"
    return None if newest and condition.get("status") == wanted else told


def no_pods(bed: Bed, name: str) -> str | None:
    """Whether nothing of a StatefulSet of the stack runs any more."""
    status = (look.read(bed, "statefulset", NAMESPACE, name) or {}).get("status", {})
    return f"{status['replicas']} pods of {name}" if status.get("replicas") else None


def of_monitor(name: str, title: str, spec: dict[str, Any], *, effect: Seen, back: dict[str, Any]) -> Change:
    """A change of the ServiceMonitor's spec by a merge patch."""
    return register(
        patched(
            name, title, MONITOR, to={"spec": spec}, back={"spec": back}, effect=effect, restored=targets_up
        )
    )


def endpoint(**changed: str) -> dict[str, Any]:
    """A spec with the lab's endpoint, changed."""
    return {"endpoints": [{"port": "http", "path": "/metrics", "interval": "30s", **changed}]}


def of_prometheus(
    name: str,
    title: str,
    spec: dict[str, Any],
    *,
    effect: Seen,
    back: dict[str, Any],
    restored: Seen = everything_up,
    timeout: float = 180,
) -> Change:
    """A change of the Prometheus resource's spec by a merge patch."""
    to, undone = {"spec": spec}, {"spec": back}
    return register(
        patched(
            name, title, PROMETHEUS, to=to, back=undone, effect=effect, restored=restored, timeout=timeout
        )
    )


SELECTS_NOTHING = of_monitor(
    "servicemonitor-selects-nothing",
    "The ServiceMonitor's label selector matches no Service",
    {"selector": {"matchLabels": {"app": "webapp"}}},
    back={"selector": {"matchLabels": {"app": "web-app"}}},
    effect=no_targets,
)
of_monitor(
    "servicemonitor-wrong-port",
    "The ServiceMonitor names a port that the Service does not have",
    endpoint(port="metrics"),
    back=endpoint(),
    effect=no_targets,
)
of_monitor(
    "servicemonitor-wrong-path",
    "The ServiceMonitor asks a path that the application does not answer",
    endpoint(path="/metric"),
    back=endpoint(),
    effect=targets_down,
)
of_monitor(
    "servicemonitor-wrong-scheme",
    "The ServiceMonitor asks by https what the application serves by http",
    endpoint(scheme="https"),
    back=endpoint(),
    effect=targets_down,
)
of_monitor(
    "servicemonitor-other-namespace",
    "The ServiceMonitor looks for Services in another namespace only",
    {"namespaceSelector": {"matchNames": ["kube-system"]}},
    back={"namespaceSelector": None},
    effect=no_targets,
)
removed(
    "servicemonitor-absent",
    "The ServiceMonitor was deleted",
    MONITOR,
    effect=not_loaded,
    restored=targets_up,
)
of_prometheus(
    "servicemonitor-label-missing",
    "Prometheus selects ServiceMonitors by a label that the application's has not",
    {"serviceMonitorSelector": {"matchLabels": {"release": "prometheus"}}},
    back={"serviceMonitorSelector": {"matchLabels": None}},
    effect=not_loaded,
)
of_prometheus(
    "servicemonitor-namespace-not-selected",
    "Prometheus looks for ServiceMonitors in its own namespace only",
    {"serviceMonitorNamespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": NAMESPACE}}},
    back={"serviceMonitorNamespaceSelector": {"matchLabels": None}},
    effect=not_loaded,
)
of_prometheus(
    "prometheus-selects-no-monitor",
    "Prometheus selects ServiceMonitors by a label that none has",
    {"serviceMonitorSelector": {"matchLabels": {"team": "ops"}}},
    back={"serviceMonitorSelector": {"matchLabels": None}},
    effect=nothing_loaded,
)
of_prometheus(
    "prometheus-config-refused",
    "The Prometheus resource names a Secret of scrape configurations that does not exist",
    {"additionalScrapeConfigs": {"name": "additional-scrape-configs", "key": "prometheus.yaml"}},
    back={"additionalScrapeConfigs": None},
    effect=lambda bed: reconciled(bed, PROMETHEUS, "False"),
    restored=lambda bed: reconciled(bed, PROMETHEUS, "True"),
)
of_prometheus(
    "prometheus-without-replicas",
    "Prometheus is scaled to 0",
    {"replicas": 0},
    back={"replicas": 1},
    effect=lambda bed: no_pods(bed, STATEFUL_SET) or reconciled(bed, PROMETHEUS, "True"),
    restored=grown_up,
)

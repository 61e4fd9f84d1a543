"""Prometheus: the stack's own state, its targets, ServiceMonitors, data and rules.

A ServiceMonitor is asked at each level apart: written (`monitor_configured`), taken
by Prometheus (`monitor_loaded`), scraped (`monitor_up`). Targets that a lab does not
name are not asked for: on local clusters those of the control plane are down.
"""

from __future__ import annotations

from typing import Any

from pytest_k8sgrade.cluster import Cluster
from pytest_k8sgrade.kube.duration import parse_duration
from pytest_k8sgrade.kube.selectors import matches
from pytest_k8sgrade.outcome import Findings, unmet
from pytest_k8sgrade.services import monitors
from pytest_k8sgrade.services.fields import require_equal, require_that
from pytest_k8sgrade.services.operated import address, operated, require_operated
from pytest_k8sgrade.services.prometheus import Prometheus
from pytest_k8sgrade.services.targets import Target, active, judge, why_down


def test_up(cluster: Cluster, namespace: str, name: str = "") -> None:
    """Prometheus runs as its custom resource asks and is ready."""
    resource = operated(cluster, "Prometheus", namespace, name)
    require_operated(cluster, "Prometheus", resource)
    Prometheus(cluster, address(cluster, "Prometheus", resource)).require_ready()


def test_targets_up(cluster: Cluster, namespace: str, jobs: list[str], name: str = "") -> None:
    """Prometheus scrapes every target of the jobs {jobs}."""
    prometheus = Prometheus.of(cluster, namespace, name)
    targets = active(prometheus)
    if not any(target.job in jobs for target in targets):
        prometheus.settled()
    found = Findings()
    for job in jobs:
        judge(found, [target for target in targets if target.job == job], job, namespace)
    found.close()


def test_monitor_configured(
    cluster: Cluster,
    name: str,
    namespace: str,
    *,
    service_labels: dict[str, str],
    port: str,
    path: str = "/metrics",
    interval: str = "",
) -> None:
    """The ServiceMonitor {name} selects the Service and its port as asked."""
    monitor = monitors.get(cluster, name, namespace)
    subject: dict[str, str] = {"kind": monitors.KIND, **monitors.subject(monitor)}
    found, selector = Findings(), monitor["spec"].get("selector") or {}
    fits = bool(selector) and matches(selector, service_labels)
    require_that(found, subject, "spec.selector", selector, service_labels, met=fits, weight=2)
    endpoints = {one.get("port"): one for one in monitor["spec"].get("endpoints") or []}
    asked = port if port in endpoints else sorted(str(key) for key in endpoints)
    if require_equal(found, subject, "spec.endpoints.port", asked, port, weight=2):
        endpoint, where = endpoints[port], f"spec.endpoints[{port}]"
        require_equal(found, subject, f"{where}.path", endpoint.get("path") or "/metrics", path)
        if interval:
            has = endpoint.get("interval")
            same = has is not None and parse_duration(has) == parse_duration(interval)
            require_that(found, subject, f"{where}.interval", has, interval, met=same)
    found.close()


def test_monitor_loaded(
    cluster: Cluster, name: str, namespace: str, *, monitoring: str, prometheus: str = "", at_least: int = 1
) -> None:
    """Prometheus has loaded the ServiceMonitor {name} and found targets with it."""
    targets = _monitored(cluster, name, namespace, monitoring, prometheus)
    if len(targets) < at_least:
        unmet(
            "monitor-too-few-targets",
            seen=len(targets),
            wanted=at_least,
            name=name,
            namespace=namespace,
            found=len(targets),
            asked=at_least,
        )


def test_monitor_up(
    cluster: Cluster, name: str, namespace: str, monitoring: str, prometheus: str = ""
) -> None:
    """Prometheus gets metrics from every target of the ServiceMonitor {name}."""
    found = Findings()
    for target in sorted(_monitored(cluster, name, namespace, monitoring, prometheus), key=lambda t: t.url):
        met = target.health == "up"
        reason, params = ("target-down", {}) if met else why_down(cluster, target)
        found.require(
            met,
            reason,
            part=target.url,
            seen=target.health,
            wanted="up",
            terminal=params.get("status") == 404,
            monitor=f"{namespace}/{name}",
            monitoring=monitoring,
            **params,
        )
    found.close()


def _monitored(cluster: Cluster, name: str, namespace: str, monitoring: str, chosen: str) -> list[Target]:
    """The active targets of a monitor; explains why there are none."""
    monitor = monitors.get(cluster, name, namespace)
    prometheus = Prometheus.of(cluster, monitoring, chosen)
    pools, found = monitors.pools(monitor), []
    dropped: dict[str, int] = {}
    for pool in pools:
        answer = prometheus.targets(state="any", pool=pool)
        found += [target for target in active(answer) if target.pool == pool]
        dropped |= {
            key: count for key, count in (answer.get("droppedTargetCounts") or {}).items() if key == pool
        }
    if not found:
        prometheus.settled()
        if not pools:
            unmet("monitor-without-endpoints", seen=0, wanted=1, **monitors.subject(monitor))
        if not dropped:
            monitors.explain_not_loaded(cluster, monitor, monitoring, chosen)
        monitors.explain_no_target(cluster, monitor, sum(dropped.values()), monitoring)
    return found


def test_query(cluster: Cluster, namespace: str, query: str, at_least: int = 1, name: str = "") -> None:
    """Prometheus has data for {query}."""
    prometheus = Prometheus.of(cluster, namespace, name)
    samples = prometheus.query(query)
    numbers = [sample for sample in samples if sample.number]
    if len(numbers) >= at_least:
        return
    if not samples:
        prometheus.settled()
    reason = "query-not-a-number" if len(samples) >= at_least else "query-without-data"
    counted = {"found": len(numbers), "asked": at_least}
    unmet(reason, seen=len(numbers), wanted=at_least, query=query, namespace=namespace, **counted)


def test_rules_loaded(cluster: Cluster, namespace: str, rules: list[str], name: str = "") -> None:
    """Prometheus has loaded the rules {rules} and evaluates them without error."""
    prometheus = Prometheus.of(cluster, namespace, name)
    loaded = {str(rule["name"]): rule for group in prometheus.groups() for rule in group.get("rules") or []}
    if not loaded:
        prometheus.settled()
    found = Findings()
    for rule in rules:
        health = (loaded.get(rule) or {}).get("health")
        found.require(
            health == "ok",
            _rule_reason(health),
            part=f"rule/{rule}",
            seen=health,
            wanted="ok",
            rule=rule,
            namespace=namespace,
        )
    found.close()


def _rule_reason(health: Any) -> str:
    return {None: "rule-not-loaded", "err": "rule-fails"}.get(health, "rule-not-evaluated")

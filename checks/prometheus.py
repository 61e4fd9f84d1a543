"""Prometheus: the stack's own state, its targets, ServiceMonitors, data and rules.

A ServiceMonitor is asked at each level apart: written (`monitor_configured`), taken
by Prometheus (`monitor_loaded`), scraped (`monitor_up`). Targets that a lab does not
name are not asked for: on local clusters those of the control plane are down. With
`service`, the name of a Service, a Prometheus is asked that no operator runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pytest_k8sgrade.cluster import Cluster
from pytest_k8sgrade.kube.selectors import matches, selects
from pytest_k8sgrade.outcome import Findings, unmet
from pytest_k8sgrade.services.diagnosis import if_readable
from pytest_k8sgrade.services.fields import require_equal, require_that
from pytest_k8sgrade.services.monitoring import monitors, sources
from pytest_k8sgrade.services.monitoring import rules as ruling
from pytest_k8sgrade.services.monitoring.application import Asked, Scraped, scraped
from pytest_k8sgrade.services.monitoring.operated import operated, require_operated
from pytest_k8sgrade.services.monitoring.prometheus import Prometheus
from pytest_k8sgrade.services.monitoring.series import Wanted, judge_query
from pytest_k8sgrade.services.monitoring.targets import active, in_service, judge, why_down

CONTROL_PLANE = ["kube-controller-manager", "kube-scheduler", "kube-etcd", "kube-proxy"]
"""The chart's jobs that no local cluster lets Prometheus reach: they listen on localhost, or have no pods."""
CADVISOR = 'up{metrics_path="/metrics/cadvisor"}'
CONTAINER_METRICS = ["container_cpu_usage_seconds_total", "container_memory_working_set_bytes"]


def test_up(cluster: Cluster, namespace: str, name: str = "", service: str = "") -> None:
    """Prometheus runs as its custom resource asks and is ready."""
    if not service:
        require_operated(cluster, "Prometheus", operated(cluster, "Prometheus", namespace, name))
    prometheus = Prometheus.of(cluster, namespace, name, service)
    prometheus.require_ready()
    prometheus.require_configured()


def test_targets_up(
    cluster: Cluster, namespace: str, jobs: list[str], name: str = "", service: str = ""
) -> None:
    """Prometheus scrapes every target of the jobs {jobs}."""
    prometheus = Prometheus.of(cluster, namespace, name, service)
    targets = active(prometheus)
    if not any(target.job in jobs for target in targets):
        prometheus.settled()
    found = Findings()
    for job in jobs:
        judge(cluster, found, [target for target in targets if target.job == job], job, namespace, name)
    found.close()


def test_all_targets_up(
    cluster: Cluster, namespace: str, ignore: list[str] = CONTROL_PLANE, name: str = "", service: str = ""
) -> None:
    """Prometheus scrapes every target it knows, but for the jobs {ignore}."""
    prometheus = Prometheus.of(cluster, namespace, name, service)
    targets = [target for target in active(prometheus) if target.job not in ignore]
    if not targets:
        prometheus.settled()
        unmet("prometheus-without-targets", seen=0, wanted=1, namespace=namespace, ignored=ignore)
    found = Findings()
    for job in sorted({target.job for target in targets}):
        judge(cluster, found, [target for target in targets if target.job == job], job, namespace)
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
    subject = sources.subject(monitor)
    found, selector = Findings(), monitor["spec"].get("selector") or {}
    fits = bool(selector) and (
        matches(selector, service_labels) or _selects_one(cluster, namespace, selector, service_labels)
    )
    require_that(found, subject, "spec.selector", selector, service_labels, met=fits, weight=2)
    endpoints = monitor["spec"].get("endpoints") or []
    asked = {"path": path, **({"interval": interval} if interval else {})}
    endpoint = monitors.closest(endpoints, port, asked)
    has = port if endpoint is not None else sorted({str(one.get("port")) for one in endpoints})
    require_equal(found, subject, "spec.endpoints.port", has, port, weight=2)
    if endpoint is not None:
        fields = monitors.scraped(endpoint)
        for field, wanted in asked.items():
            met = monitors.same(field, fields[field], wanted)
            require_that(found, subject, f"spec.endpoints[{port}].{field}", fields[field], wanted, met=met)
    found.close()


def _selects_one(
    cluster: Cluster, namespace: str, selector: Mapping[str, Any], wanted: dict[str, str]
) -> bool:
    """Whether it selects a Service that has the labels that were asked for, by others of its labels."""
    listed = if_readable(lambda: cluster.list("v1", "Service", namespace)) or []
    found = [one["metadata"].get("labels") or {} for one in listed]
    return any(selects(wanted, labels) and matches(selector, labels) for labels in found)


def test_monitor_loaded(
    cluster: Cluster,
    name: str,
    namespace: str,
    *,
    monitoring: str,
    prometheus: str = "",
    at_least: int = 1,
    application: str = "",
) -> None:
    """Prometheus has loaded the ServiceMonitor {name} and found targets with it.

    With `application`, the name of a Service, its pods count however Prometheus has found them.
    """
    asked = Asked(name, namespace, monitoring, prometheus, application)
    found = scraped(cluster, asked, lambda own: len(Scraped(own).pods) >= at_least)
    seen = len(found.pods)
    if seen < at_least:
        counted = {"found": seen, "asked": at_least, "source": found.targets[0].source}
        unmet("monitor-too-few-targets", seen=seen, wanted=at_least, namespace=namespace, **counted)


def test_monitor_up(
    cluster: Cluster, name: str, namespace: str, monitoring: str, prometheus: str = "", application: str = ""
) -> None:
    """Prometheus gets metrics from every ready pod behind the ServiceMonitor {name}.

    With `application`, the name of a Service, its pods count however Prometheus scrapes them.
    """
    asked = Asked(name, namespace, monitoring, prometheus, application)
    seen = scraped(cluster, asked, lambda own: all(one.health == "up" for one in in_service(cluster, own)))
    found = Findings()
    for target in sorted(in_service(cluster, seen.targets), key=lambda one: one.url):
        met = target.health == "up"
        reason, params = ("target-down", {}) if met else why_down(cluster, target)
        found.require(
            met,
            reason,
            part=target.url,
            seen=target.health,
            wanted="up",
            terminal=params.get("status") == 404,
            early=target.health == "unknown",
            source=target.source,
            monitoring=monitoring,
            **params,
        )
    for pod in seen.missing:
        told: dict[str, Any] = {
            "pod": pod,
            "sources": sorted({one.source for one in seen.targets}),
            "monitoring": monitoring,
        }
        found.require(False, "pod-not-scraped", part=f"pod/{pod}", seen=None, wanted="up", **told)
    found.close()


def test_query(
    cluster: Cluster,
    namespace: str,
    query: str,
    *,
    at_least: int = 1,
    above: float | None = None,
    below: float | None = None,
    name: str = "",
    service: str = "",
) -> None:
    """Prometheus has data for {query}."""
    prometheus = Prometheus.of(cluster, namespace, name, service)
    judge_query(prometheus, query, Wanted(at_least, above, below), namespace)


def test_container_metrics(
    cluster: Cluster,
    namespace: str,
    metrics: list[str] = CONTAINER_METRICS,
    name: str = "",
    service: str = "",
) -> None:
    """Prometheus knows CPU and memory of each container."""
    prometheus = Prometheus.of(cluster, namespace, name, service)
    up = [sample for sample in prometheus.query(CADVISOR) if sample.value == 1]
    queries = {metric: f'{metric}{{container!=""}}' for metric in metrics}
    samples = {metric: prometheus.query(query) for metric, query in queries.items()}
    there = bool(up) or any(samples.values())  # the label of the path is the chart's own
    if not there:
        prometheus.settled()
    found = Findings()
    where: dict[str, Any] = {"namespace": namespace, "query": CADVISOR}
    found.require(there, "cadvisor-not-scraped", part="cadvisor", seen=len(up), wanted=1, **where)
    for metric, query in queries.items():
        told: dict[str, Any] = {"metric": metric, "namespace": namespace, "query": query}
        seen = samples[metric]
        found.require(bool(seen), "containers-without-label", part=metric, seen=len(seen), wanted=1, **told)
    found.close()


def test_rules_loaded(
    cluster: Cluster, namespace: str, rules: list[str], name: str = "", service: str = ""
) -> None:
    """Prometheus has loaded the rules {rules} and evaluates them without error."""
    prometheus = Prometheus.of(cluster, namespace, name, service)
    loaded = ruling.loaded(prometheus)
    if not loaded:
        prometheus.settled()
    found = Findings()
    for rule in rules:
        _require_loaded(cluster, found, loaded.get(rule) or [], rule, (namespace, name))
    found.close()


def _require_loaded(
    cluster: Cluster, found: Findings, own: Sequence[ruling.Rule], rule: str, where: tuple[str, str]
) -> bool:
    health = ruling.health(own)
    told = ruling.unhealthy(health, rule, where[0]) if own else ruling.why_not_loaded(cluster, rule, *where)
    return found.require(
        health == "ok",
        told.reason,
        part=f"rule/{rule}",
        seen=health,
        wanted="ok",
        terminal=told.terminal,
        early=told.early,
        **told.params,
    )


def test_rule_inputs(
    cluster: Cluster, namespace: str, rules: list[str], name: str = "", service: str = ""
) -> None:
    """Every metric that the rules {rules} read has series, so that they can fire."""
    prometheus = Prometheus.of(cluster, namespace, name, service)
    loaded, found = ruling.loaded(prometheus), Findings()
    for rule in rules:
        own = loaded.get(rule) or []
        if _require_loaded(cluster, found, own, rule, (namespace, name)):
            _require_inputs(prometheus, found, own, namespace)
    found.close()


def _require_inputs(
    prometheus: Prometheus, found: Findings, own: Sequence[ruling.Rule], namespace: str
) -> None:
    """One part for each rule, however many metrics it reads: without one of them it cannot fire."""
    absent = ruling.absent_inputs(prometheus, own)
    if absent:
        prometheus.settled()
    told: dict[str, Any] = {"rule": own[0].name, "metric": ", ".join(absent), "namespace": namespace}
    part = f"rule/{own[0].name}/metrics"
    found.require(not absent, "rule-metric-absent", part=part, seen=absent, wanted=[], weight=2, **told)


def test_alert_firing(
    cluster: Cluster,
    namespace: str,
    alert: str,
    labels: dict[str, str] = {},  # noqa: B006 - never changed
    name: str = "",
    service: str = "",
) -> None:
    """The alert {alert} fires in Prometheus."""
    prometheus = Prometheus.of(cluster, namespace, name, service)
    loaded = ruling.loaded(prometheus)
    own = loaded.get(alert) or []
    if not loaded:
        prometheus.settled()
    found = Findings()
    _require_loaded(cluster, found, own, alert, (namespace, name))
    found.close()
    firing = [(rule, one) for rule, one in ruling.alerts(own, labels) if one.state == "firing"]
    if not firing:
        ruling.explain_not_firing(prometheus, own, labels, namespace)
    cluster.held_since(min(ruling.fired_at(rule, one) or cluster.now for rule, one in firing))

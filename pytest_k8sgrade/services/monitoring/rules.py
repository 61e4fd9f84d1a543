"""Alerting and recording rules: as Prometheus evaluates them, and why one is not loaded.

An object in Kubernetes is no rule in Prometheus. Of several rules with one name (the
same alert at several thresholds) all must be healthy, and one that fires is enough.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NoReturn

from pytest_k8sgrade.kube.selectors import selects
from pytest_k8sgrade.kube.times import format_time, parse_time
from pytest_k8sgrade.outcome import too_early, unmet
from pytest_k8sgrade.services.diagnosis import if_readable
from pytest_k8sgrade.services.monitoring import operated
from pytest_k8sgrade.services.monitoring.prometheus import Prometheus
from pytest_k8sgrade.services.monitoring.series import absent_metrics

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster

Object = Mapping[str, Any]
SENDING = timedelta(minutes=1)
"""How long an alert that fires may take to Alertmanager: an evaluation, a send, a lost one."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert of a rule; state is pending or firing."""

    state: str
    labels: Mapping[str, str]
    active_at: datetime | None


@dataclass(frozen=True, slots=True)
class Rule:
    """A loaded rule; `interval_s` and `file` are its group's, health is ok, err, or unknown at first."""

    name: str
    health: str
    state: str
    query: str
    for_s: float
    interval_s: float
    alerts: tuple[Alert, ...]
    file: str = ""

    def of(self, item: Object) -> bool:
        """Whether it was loaded from this PrometheusRule: the operator names the file after it."""
        own = item["metadata"]
        return self.file.rpartition("/")[2] == f"{own['namespace']}-{own['name']}-{own.get('uid')}.yaml"

    def due(self, alert: Alert) -> datetime | None:
        """When a pending alert fires at the latest."""
        wait = timedelta(seconds=self.for_s + self.interval_s)
        return alert.active_at + wait if alert.active_at else None


@dataclass(frozen=True, slots=True)
class NotLoaded:
    """Why a rule is not in Prometheus: a message id with its parameters."""

    reason: str
    params: Mapping[str, Any]
    terminal: bool = False
    early: bool = False


def loaded(prometheus: Prometheus) -> dict[str, list[Rule]]:
    """The loaded rules by name."""
    found: dict[str, list[Rule]] = {}
    for group in prometheus.groups():
        for rule in group.get("rules") or []:
            found.setdefault(str(rule["name"]), []).append(_rule(rule, group))
    return found


def _rule(rule: Object, group: Object) -> Rule:
    return Rule(
        name=str(rule["name"]),
        health=str(rule.get("health") or ""),
        state=str(rule.get("state") or ""),
        query=str(rule.get("query") or ""),
        for_s=float(rule.get("duration") or 0),
        interval_s=float(group.get("interval") or 0),
        alerts=tuple(_alert(one) for one in rule.get("alerts") or []),
        file=str(group.get("file") or ""),
    )


def _alert(alert: Object) -> Alert:
    labels = alert.get("labels") or {}
    return Alert(str(alert.get("state") or ""), labels, parse_time(alert.get("activeAt")))


def health(rules: Sequence[Rule]) -> str | None:
    """The worst health of the rules of one name; None of no rules."""
    found = [rule.health for rule in rules]
    return next((one for one in ("err", *found) if one in found and one != "ok"), "ok") if found else None


def unhealthy(health: str | None, rule: str, monitoring: str) -> NotLoaded:
    """What the health of a loaded rule means; one that was not evaluated yet is early."""
    params = {"rule": rule, "namespace": monitoring}
    if health == "err":
        return NotLoaded("rule-fails", params)
    return NotLoaded("rule-not-evaluated", params, early=health == "unknown")


def alerts(rules: Sequence[Rule], labels: Mapping[str, str]) -> list[tuple[Rule, Alert]]:
    """The alerts of the rules that carry these labels."""
    own = [(rule, alert) for rule in rules for alert in rule.alerts]
    return [(rule, alert) for rule, alert in own if not labels or selects(labels, alert.labels)]


def why_not_loaded(cluster: Cluster, rule: str, monitoring: str, name: str) -> NotLoaded:
    """Look for the PrometheusRule that has it, and for what keeps that one out."""
    params: dict[str, Any] = {"rule": rule, "namespace": monitoring}
    written = if_readable(lambda: _defining(cluster, rule))
    resource = if_readable(lambda: operated.operated(cluster, "Prometheus", monitoring, name))
    if written is None or resource is None:
        return NotLoaded("rule-not-loaded", params)
    if not written:
        return NotLoaded("rule-not-written", params)
    told = [kept_out(cluster, resource, item, params) for item in written]
    return min(told, key=lambda one: (one.terminal, not one.early))


def _defining(cluster: Cluster, rule: str) -> list[Object]:
    found = cluster.list(operated.API_VERSION, "PrometheusRule")
    return [item for item in found if rule in names(item)]


def names(item: Object) -> set[str]:
    """The names of the rules that a PrometheusRule defines."""
    groups = (item.get("spec") or {}).get("groups") or []
    rules = [rule for group in groups for rule in group.get("rules") or []]
    return {str(rule.get("alert") or rule.get("record")) for rule in rules}


def kept_out(cluster: Cluster, resource: Object, item: Object, params: Mapping[str, Any]) -> NotLoaded:
    """What keeps a PrometheusRule out of a Prometheus; `params` name the rule and the namespace."""
    metadata = item["metadata"]
    where = {**params, "object": f"{metadata['namespace']}/{metadata['name']}"}
    left = operated.left_out(cluster, resource, "rule", item)
    if left is not None and left.by == "label":
        labels = metadata.get("labels") or {}
        told = {**where, "asked": left.asked, "labels": labels}
        return NotLoaded("rule-label-not-selected", told, terminal=True)
    if left is not None:
        return NotLoaded("rule-namespace-not-selected", {**where, "asked": left.asked}, terminal=True)
    if operated.rejected(cluster, item):
        return NotLoaded("rule-rejected", where)
    early = operated.is_new(cluster, item)
    return NotLoaded("rule-loading" if early else "rule-selected-not-loaded", where, early=early)


def fired_at(rule: Rule, alert: Alert) -> datetime | None:
    """When a firing alert began to fire."""
    return alert.active_at + timedelta(seconds=rule.for_s) if alert.active_at else None


def explain_not_firing(
    prometheus: Prometheus, own: Sequence[Rule], labels: Mapping[str, str], monitoring: str
) -> NoReturn:
    """Say that a loaded alert is pending (early until its `for` is over), or that nothing makes it fire."""
    now, params = prometheus.now, {"alert": own[0].name, "namespace": monitoring}
    waiting = [(rule, one) for rule, one in alerts(own, labels) if one.state == "pending"]
    if waiting:
        rule, one = min(waiting, key=lambda both: both[0].due(both[1]) or now)
        due = rule.due(one)
        say = too_early if due is not None and now <= due else unmet
        since = format_time(one.active_at) if one.active_at else "-"
        say("alert-pending", seen="pending", wanted="firing", since=since, for_s=int(rule.for_s), **params)
    absent = if_readable(lambda: absent_inputs(prometheus, own)) or []
    told = {"labels": labels, "query": own[0].query, **params}
    if absent:
        unmet("alert-metric-absent", seen=absent, wanted="firing", metrics=absent, **told)
    others = [dict(one.labels) for _, one in alerts(own, {}) if one.state == "firing"]
    reason = "alert-other-labels" if others else "alert-inactive"
    unmet(reason, seen=others or own[0].state, wanted="firing", found=others, **told)


def absent_inputs(prometheus: Prometheus, own: Sequence[Rule]) -> list[str]:
    """The metrics without series for which rules of one name cannot give anything, each once."""
    return list(dict.fromkeys(metric for rule in own for metric in absent_metrics(prometheus, rule.query)))

"""Whether an alert of a PrometheusRule has fired, as Prometheus itself remembers it.

While an alert fires, Prometheus writes a sample of its series ALERTS at every evaluation,
so the past is known as far back as it keeps data. Only alerts that are loaded from the
very object count: others may have the same names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pytest_k8sgrade.outcome import Findings, absent, unmet
from pytest_k8sgrade.services.monitoring import operated, rules
from pytest_k8sgrade.services.monitoring.prometheus import Prometheus

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster

Object = Mapping[str, Any]


def rule_object(cluster: Cluster, name: str, namespace: str) -> Object:
    """The PrometheusRule; Absent when it or its kind is not there."""
    return cluster.get(operated.API_VERSION, "PrometheusRule", name, namespace)


def alerts_of(item: Object) -> list[Object]:
    """The alerts that a PrometheusRule defines, with the labels of their group; recording rules are none."""
    groups = (item.get("spec") or {}).get("groups") or []
    return [
        {**rule, "labels": {**(group.get("labels") or {}), **(rule.get("labels") or {})}}
        for group in groups
        for rule in group.get("rules") or []
        if rule.get("alert")
    ]


def require_fired(cluster: Cluster, item: Object, monitoring: str, name: str, window: str) -> None:
    """Return when one of the object's alerts has fired within the window; else say how far they are."""
    metadata = item["metadata"]
    where = {"object": f"{metadata['namespace']}/{metadata['name']}", "namespace": monitoring}
    names = sorted({str(one["alert"]) for one in alerts_of(item)})
    if not names:
        absent("alerts-none-written", seen=[], wanted=1, **where)
    prometheus = Prometheus.of(cluster, monitoring, name)
    loaded = rules.loaded(prometheus)
    own = [rule for alert in names for rule in loaded.get(alert) or [] if rule.of(item)]
    if not own:
        prometheus.settled()
        _explain_not_loaded(cluster, item, monitoring, name, names[0])
    fired = {sample.labels.get("alertname") for sample in prometheus.query(_history(window))}
    if not fired & {rule.name for rule in own}:
        _explain_not_fired(prometheus, own, window, where)


def _history(window: str) -> str:
    return f'count by (alertname) (count_over_time(ALERTS{{alertstate="firing"}}[{window}]))'


def _explain_not_loaded(cluster: Cluster, item: Object, monitoring: str, name: str, alert: str) -> None:
    resource = operated.operated(cluster, "Prometheus", monitoring, name)
    told = rules.kept_out(cluster, resource, item, {"rule": alert, "namespace": monitoring})
    found = Findings()
    found.require(False, told.reason, terminal=told.terminal, early=told.early, **told.params)
    found.close()


def _explain_not_fired(
    prometheus: Prometheus, own: Sequence[rules.Rule], window: str, where: Mapping[str, str]
) -> None:
    """An alert that is pending is told with the time it takes; else none of them was ever true."""
    for rule in own:
        if any(one.state == "pending" for one in rule.alerts):
            rules.explain_not_firing(prometheus, [rule], {}, where["namespace"])
    prometheus.settled()
    names = [rule.name for rule in own]
    unmet("alerts-never-fired", seen=[], wanted=1, alerts=names, window=window, **where)

"""Alerts of a PrometheusRule: written as asked, and fired at some time.

An alert that was tested is mostly over when a lab is graded, so what counts is what
Prometheus remembers in its own series ALERTS, not only what fires now.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_k8sgrade.cluster import Cluster
from pytest_k8sgrade.outcome import Findings
from pytest_k8sgrade.services.alerting import firing
from pytest_k8sgrade.services.fields import require_that


def test_written(cluster: Cluster, name: str, namespace: str, alerts: dict[str, dict[str, str]]) -> None:
    """The PrometheusRule {name} defines the alerts {alerts}."""
    item, found = firing.rule_object(cluster, name, namespace), Findings()
    written = firing.alerts_of(item)
    subject = {"kind": "PrometheusRule", "namespace": namespace, "name": name}
    for alert, labels in alerts.items():
        own = [one for one in written if one["alert"] == alert]
        names = sorted({str(one["alert"]) for one in written})
        told: dict[str, Any] = {"alert": alert, "found": names, **subject}
        if found.require(bool(own), "alert-not-written", part=f"alert/{alert}", wanted=alert, **told):
            _require_labels(found, subject, own, alert, labels)
    found.close()


def _require_labels(
    found: Findings, subject: Mapping[str, str], own: list[Any], alert: str, labels: Mapping[str, str]
) -> None:
    """Of several alerts with one name, one that has the labels is enough."""
    for key, value in labels.items():
        values = [(one.get("labels") or {}).get(key) for one in own]
        seen = value if value in values else values[0]
        field = f"spec.groups.rules[{alert}].labels.{key}"
        require_that(found, subject, field, seen, value, met=seen == value)


def test_fired(
    cluster: Cluster, name: str, namespace: str, monitoring: str, *, prometheus: str = "", window: str = "6h"
) -> None:
    """An alert of the PrometheusRule {name} has fired within {window}."""
    item = firing.rule_object(cluster, name, namespace)
    firing.require_fired(cluster, item, monitoring, prometheus, window)

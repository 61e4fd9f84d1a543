"""The stand-ins' own logic: exposition format, quantities, and who may ask Grafana."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.testbed.standins.grafana.auth import Accounts
from tests.testbed.standins.kube_state_metrics.samples import Lines, quantity
from tests.testbed.standins.kube_state_metrics.workloads import autoscaler
from tests.testbed.standins.webhook.server import delivery


def test_samples_are_grouped_and_escaped() -> None:
    """The exposition format wants one block per family."""
    lines = Lines()
    lines.add("kube_b", 1, name='say "hi"\n')
    lines.add("kube_a_total", 2)
    lines.add("kube_b", None, name="no value, no sample")
    assert lines.text() == (
        "# TYPE kube_a_total counter\nkube_a_total{} 2\n"
        '# TYPE kube_b gauge\nkube_b{name="say \\"hi\\"\\n"} 1\n'
    )


@pytest.mark.parametrize(
    ("text", "number"),
    [("100m", 0.1), ("128Mi", 134217728), ("2", 2), ("24622140Ki", 25213071360), ("1e3", 1000)],
)
def test_quantities(text: str, number: float) -> None:
    """Kubernetes quantities become numbers."""
    assert quantity(text) == number


def test_an_autoscaler_that_cannot_read_a_metric_has_no_value_for_it() -> None:
    """An unread metric has an empty type."""
    lines = Lines()
    cpu = {"name": "cpu", "current": {"averageUtilization": 3, "averageValue": "3m"}}
    item = {
        "metadata": {"name": "web-app-hpa", "namespace": "day5-lab"},
        "spec": {
            "maxReplicas": 10,
            "minReplicas": 2,
            "scaleTargetRef": {"kind": "Deployment", "name": "web-app"},
        },
        "status": {
            "desiredReplicas": 2,
            "currentMetrics": [{"type": ""}, {"type": "Resource", "resource": cpu}],
        },
    }
    autoscaler(item, lines)
    labels = 'namespace="day5-lab",horizontalpodautoscaler="web-app-hpa"'
    text = lines.text()
    assert f"kube_horizontalpodautoscaler_status_desired_replicas{{{labels}}} 2" in text
    assert text.count("kube_horizontalpodautoscaler_status_target_metric{") == 2


def test_grafana_locks_an_account_after_five_wrong_passwords() -> None:
    """Even the right password is refused then."""
    accounts = Accounts("admin", "right")
    assert accounts.login("admin", "right")
    assert [accounts.login("admin", "wrong") for _ in range(5)] == [None] * 5
    assert accounts.login("admin", "right") is None


def test_grafana_knows_its_cookie_and_basic_authentication() -> None:
    """Either identifies the administrator; nothing else does."""
    accounts = Accounts("admin", "right")
    token = accounts.login("admin", "right")
    basic = "Basic " + base64.b64encode(b"admin:right").decode()
    assert accounts.authenticated(None, f"other=1; grafana_session={token}")
    assert accounts.authenticated(basic, None)
    assert not accounts.authenticated(None, "grafana_session=made-up")
    assert not accounts.authenticated("Bearer x", None)
    assert not accounts.authenticated(None, None)


def test_a_webhook_is_remembered_by_the_receiver_that_it_names() -> None:
    """Not by its path; what is no webhook of Alertmanager is refused."""
    alert = {"status": "firing", "labels": {"alertname": "A"}, "annotations": {}}
    body = {"version": "4", "receiver": "slack", "status": "firing", "alerts": [alert]}
    found = delivery("/pagerduty", body, datetime(2026, 1, 1, tzinfo=UTC))
    assert (found["receiver"], found["path"], found["at"]) == ("slack", "/pagerduty", "2026-01-01T00:00:00Z")
    assert found["alerts"] == [{"status": "firing", "labels": {"alertname": "A"}}]
    refused: list[Any] = [[], {"receiver": "slack"}, {"alerts": []}, {"receiver": "slack", "alerts": {}}]
    for other in refused:
        with pytest.raises(ValueError, match="no webhook"):
            delivery("/slack", other, datetime(2026, 1, 1, tzinfo=UTC))

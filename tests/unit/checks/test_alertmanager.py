"""Alertmanager: running its newest configuration, and known to Prometheus."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from checks import alertmanager, prometheus
from tests.unit.checks.api import MemoryApi, look, reason, share
from tests.unit.checks.monitoring import operated
from tests.unit.checks.objects import condition, item, service

WHERE = {"namespace": "monitoring"}


def api(*urls: str, ready: int = 200) -> MemoryApi:
    """Both of the operator's servers; Prometheus sends to `urls`."""
    receivers = [{"name": "null", "labels": {}}, {"name": "slack"}]
    sends = {"status": "success", "data": {"activeAlertmanagers": [{"url": url} for url in urls]}}
    started = {"status": "success", "data": {"startTime": "2026-03-01T00:00:00Z"}}
    stack = MemoryApi(*operated("Prometheus"), *operated("Alertmanager"))
    stack.service("kps-alertmanager", {"/-/ready": (ready, "OK"), "/api/v2/receivers": (200, receivers)})
    return stack.service(
        "kps-prometheus",
        {
            "/api/v1/alertmanagers": (200, sends),
            "/-/ready": (200, "ok"),
            "/api/v1/status/runtimeinfo": (200, started),
        },
    )


def test_a_ready_alertmanager_is_up() -> None:
    """One replica without a cluster is whole."""
    assert look(alertmanager.test_up, api().cluster(), **WHERE).status == "met"
    assert reason(look(alertmanager.test_up, api(ready=503).cluster(), **WHERE)) == "alertmanager-not-ready"


def test_a_refused_configuration_never_reaches_the_pod() -> None:
    """Available and ready with the old one: only the condition tells, and waiting is in vain."""
    stack = api()
    resource: Any = next(one for one in stack.objects if one["kind"] == "Alertmanager")
    resource["status"]["conditions"] = [
        condition("Available", "True", ""),
        condition("Reconciled", "False", "ReconciliationFailed"),
    ]
    seen = look(alertmanager.test_up, stack.cluster(), **WHERE)
    assert (seen.status, reason(seen)) == ("hopeless", "operated-refused")


def test_prometheus_must_send_to_this_one() -> None:
    """Another Alertmanager's address is not enough."""
    own, other = "http://10.0.0.5:9093/api/v2/alerts", "http://10.9.9.9:9093/api/v2/alerts"
    assert look(alertmanager.test_connected, api(other, own).cluster(), **WHERE).status == "met"
    for urls in ((), (other,)):
        seen = look(alertmanager.test_connected, api(*urls).cluster(), **WHERE)
        assert reason(seen) == "alerting-not-configured"


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"name": "kps-alertmanager", "namespace": "monitoring", "port": 9093}, "alertmanager-not-connected"),
        ({"name": "alertmanager", "namespace": "monitoring", "port": 9093}, "alerting-service-absent"),
        ({"name": "kps-alertmanager", "port": "web"}, "alerting-port-unknown"),
    ],
)
def test_what_prometheus_is_told_is_looked_up(entry: dict[str, Any], expected: str) -> None:
    """The Service and the port that spec.alerting names; an entry without fault leaves only the symptom."""
    stack = api()
    resource: Any = next(one for one in stack.objects if one["kind"] == "Prometheus")
    resource["spec"]["alerting"] = {"alertmanagers": [entry]}
    assert reason(look(alertmanager.test_connected, stack.cluster(), **WHERE)) == expected


def test_an_alert_proves_the_whole_way() -> None:
    """Watchdog fires by design: its absence would be the fault."""
    held = [{"labels": {"alertname": "Watchdog"}, "status": {"state": "active"}}]
    stack = api().service("kps-alertmanager", {"/api/v2/alerts": (200, held)})
    assert look(alertmanager.test_alert_arrived, stack.cluster(), **WHERE).status == "met"
    assert (
        reason(look(alertmanager.test_alert_arrived, stack.cluster(), **WHERE, alert="X"))
        == "alerting-not-configured"
    )


def test_receivers_are_those_of_the_running_configuration() -> None:
    """A Secret that nobody reads does not count, and the hint names the one that is read."""
    text = base64.b64encode(b"receivers: [{name: slack}]").decode()
    read = item("v1", "Secret", "alertmanager-kps", "monitoring", data={"alertmanager.yaml": text})
    stack = api().add(read)
    seen = look(alertmanager.test_receivers, stack.cluster(), **WHERE, receivers=["slack", "pagerduty"])
    assert (reason(seen), share(seen)) == ("receiver-not-running", 0.5)
    assert seen.reason is not None
    assert seen.reason.params["secret"] == "alertmanager-kps"


def test_a_name_or_address_of_a_service_of_its_pods_will_do() -> None:
    """As where the addresses are written down; a Service of other pods is another one."""
    other = service("other", "monitoring", spec={"selector": {"app": "other"}})
    own = service("alertmanager-operated", "monitoring", spec={"selector": {"app": "alertmanager"}})
    for host, status in (
        ("alertmanager-operated.monitoring.svc", "met"),
        ("alertmanager-operated.monitoring.svc.cluster.local", "met"),
        ("alertmanager-operated.shop.svc", "hopeless"),
        ("other.monitoring.svc", "hopeless"),
    ):
        stack = api(f"http://{host}:9093/api/v2/alerts").add(other, own)
        assert look(alertmanager.test_connected, stack.cluster(), **WHERE).status == status


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (401, ("cannot-tell", "alertmanager-wants-password")),
        (403, ("cannot-tell", "alertmanager-wants-password")),
        (404, ("cannot-tell", "alertmanager-bad-answer")),
        (302, ("cannot-tell", "alertmanager-bad-answer")),
        (503, ("unmet", "alertmanager-not-ready")),
    ],
)
def test_only_an_error_of_the_server_says_that_it_is_not_ready(status: int, expected: Any) -> None:
    """A login or another server in front of it is a doubt."""
    stack = api().service("kps-alertmanager", {"/api/v2/receivers": (status, "x")})
    seen = look(alertmanager.test_receivers, stack.cluster(), **WHERE, receivers=["slack"])
    assert (seen.status, reason(seen)) == expected


def test_a_sub_path_of_the_resource_is_asked_below() -> None:
    """At the root there is nothing then."""
    stack = api().service("kps-alertmanager", {"/-/ready": (404, "x"), "/am/-/ready": (200, "OK")})
    assert look(alertmanager.test_up, stack.cluster(), **WHERE).status == "cannot-tell"
    resource: Any = next(one for one in stack.objects if one["kind"] == "Alertmanager")
    resource["spec"]["routePrefix"] = "/am/"
    assert look(alertmanager.test_up, stack.cluster(), **WHERE).status == "met"


def test_one_without_operator_is_found_below_its_sub_path() -> None:
    """It redirects the root there; where that leads to no Alertmanager, nothing is said about it."""
    stack = MemoryApi(*operated("Alertmanager"))
    ready = {"/-/ready": (404, "404 page not found"), "/": (302, ""), "/am/-/ready": (200, "OK")}
    pages = {"/am/api/v2/receivers": (200, [{"name": "slack"}]), "/am/api/v2/status": (200, {"cluster": {}})}
    stack.service("kps-alertmanager", {**ready, **pages})
    stack.headers["/"] = {"location": "/am"}
    asked = {**WHERE, "service": "kps-alertmanager"}
    assert look(alertmanager.test_up, stack.cluster(), **asked).status == "met"
    assert look(alertmanager.test_receivers, stack.cluster(), receivers=["slack"], **asked).status == "met"
    stack.headers["/"] = {"location": "https://id.example.org/login"}
    seen = look(alertmanager.test_up, stack.cluster(), **asked)
    assert (seen.status, reason(seen)) == ("cannot-tell", "alertmanager-bad-answer")


def test_a_server_that_answers_everything_is_no_alertmanager() -> None:
    """Nor a Prometheus: a page for any path says nothing."""
    page = (200, "<html>")
    stack = MemoryApi(*operated("Alertmanager"))
    paths = ("/-/ready", "/api/v2/status", "/api/v1/status/runtimeinfo")
    stack.service("kps-alertmanager", dict.fromkeys(paths, page))
    asked = {**WHERE, "service": "kps-alertmanager"}
    for check in (alertmanager.test_up, prometheus.test_up):
        assert look(check, stack.cluster(), **asked).status == "cannot-tell"

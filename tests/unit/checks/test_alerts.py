"""Alertmanager: which configuration runs, where alerts go, who is notified."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from checks import alertmanager
from tests.unit.checks.api import MemoryApi, look, reason, share
from tests.unit.checks.monitoring import operated
from tests.unit.checks.objects import Object, condition, item, namespace

WHERE = {"namespace": "monitoring"}
DEFAULT = 'route: {receiver: "null"}\nreceivers: [{name: "null"}]\n'
TEAM = """
route:
  receiver: default
  routes:
  - {receiver: team, matchers: ['severity=~".+"']}
  - {receiver: pager, matchers: ['severity="critical"']}
inhibit_rules:
- {source_matchers: ['severity="critical"'], target_match: {severity: warning}, equal: [alertname, service]}
receivers: [{name: default}, {name: team, slack_configs: [{channel: x}]}, {name: pager}]
"""
STRATEGIES = ["", "OnNamespace", "OnNamespaceExceptForAlertmanagerNamespace", "None"]


def api(*objects: Object, config: str = DEFAULT, alerts: tuple[Object, ...] = (), **spec: Any) -> MemoryApi:
    """An Alertmanager with this running configuration and these alerts, and a Prometheus."""
    cluster: Any = spec.pop("cluster", {"status": "disabled", "peers": []})
    status = {
        "config": {"original": config},
        "cluster": cluster,
        "uptime": spec.pop("uptime", "2026-03-01T00:00:00Z"),
    }
    receivers = [{"name": name} for name in spec.pop("receivers", ["null"])]
    stack = MemoryApi(*operated("Prometheus"), *operated("Alertmanager", **spec), namespace("shop"), *objects)
    pages: dict[str, Any] = {
        "/-/ready": (200, "OK"),
        "/api/v2/status": (200, status),
        "/api/v2/receivers": (200, receivers),
        "/api/v2/alerts": (200, list(alerts)),
    }
    return stack.service("kps-alertmanager", pages)


def test_a_default_configuration_notifies_nobody() -> None:
    """A receiver needs an integration, and the one that was asked for."""
    silent = look(alertmanager.test_notifies, api().cluster(), **WHERE)
    assert reason(silent) == "receivers-deliver-nothing"
    team = api(config=TEAM)
    assert look(alertmanager.test_notifies, team.cluster(), **WHERE).status == "met"
    assert look(alertmanager.test_notifies, team.cluster(), **WHERE, receiver="team").status == "met"
    assert reason(look(alertmanager.test_notifies, team.cluster(), **WHERE, receiver="pager")) == (
        "receivers-deliver-nothing"
    )
    other = look(alertmanager.test_notifies, team.cluster(), **WHERE, integration="email")
    assert reason(other) == "receivers-other-integration"


@pytest.mark.parametrize(
    ("labels", "receiver", "expected"),
    [
        ({"severity": "info"}, "team", None),
        ({}, "default", None),
        ({"severity": "critical"}, "pager", "route-swallowed"),
        ({"severity": "info"}, "pager", "route-elsewhere"),
        ({"severity": "info"}, "nobody", "route-without-receiver"),
    ],
)
def test_where_an_alert_goes(labels: dict[str, str], receiver: str, expected: str | None) -> None:
    """The first route that fits wins; what takes an alert before is named."""
    seen = look(
        alertmanager.test_routed, api(config=TEAM).cluster(), **WHERE, alerts=[labels], receiver=receiver
    )
    assert reason(seen) == expected


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_an_injected_namespace_is_told(strategy: str) -> None:
    """Alerts of the own namespace arrive, others do not; the default strategy injects too."""
    route = {"receiver": "shop/team/slack", "matchers": ['namespace="shop"', 'severity="critical"']}
    config = f"route: {{receiver: a, routes: [{route}]}}\nreceivers: [{{name: a}}]"
    spec: Any = {"alertmanagerConfigMatcherStrategy": {"type": strategy}} if strategy else {}
    wanted = [{"severity": "critical", "namespace": "shop"}, {"severity": "critical", "namespace": "other"}]
    stack = api(config=config, **spec)
    seen = look(alertmanager.test_routed, stack.cluster(), **WHERE, alerts=wanted, receiver="shop/team/slack")
    own = "route-elsewhere" if strategy == "None" else "route-namespace-matcher"
    assert (reason(seen), share(seen)) == (own, 0.5)


def test_inhibition_is_that_of_the_running_configuration() -> None:
    """Old and new matchers; `equal` is a set."""
    asked: Any = {**WHERE, "source": {"severity": "critical"}, "target": {"severity": "warning"}}
    stack = api(config=TEAM)
    assert (
        look(alertmanager.test_inhibits, stack.cluster(), **asked, equal=["service", "alertname"]).status
        == "met"
    )
    assert reason(look(alertmanager.test_inhibits, stack.cluster(), **asked)) == "inhibition-other-labels"
    assert reason(look(alertmanager.test_inhibits, api().cluster(), **asked)) == "inhibition-absent"


def held(receiver: str = "team", **status: Any) -> Object:
    """An alert that Alertmanager holds."""
    own = {"state": "active", "silencedBy": [], "inhibitedBy": [], "mutedBy": [], **status}
    return {
        "labels": {"alertname": "A", "severity": "critical"},
        "receivers": [{"name": receiver}],
        "status": own,
    }


@pytest.mark.parametrize(
    ("alert", "receiver", "status", "expected"),
    [
        (held(), "team", "met", None),
        (held(), "pager", "unmet", "alert-swallowed"),
        (held(), "nobody", "unmet", "alert-other-receiver"),
        (held(state="suppressed", silencedBy=["s"]), "team", "unmet", "alert-silenced"),
        (held(state="suppressed", inhibitedBy=["f"]), "team", "unmet", "alert-inhibited"),
        (held(state="suppressed", mutedBy=["m"]), "team", "unmet", "alert-suppressed"),
        (held(state="unprocessed"), "team", "early", "alert-unprocessed"),
        (held(state="somethingnew"), "team", "unmet", "alert-suppressed"),
        (held(state="suppressed", silencedBy=["s"]), "", "met", None),
    ],
)
def test_an_alert_is_delivered_when_it_is_active(
    alert: Object, receiver: str, status: str, expected: str | None
) -> None:
    """A silenced one has arrived, but nobody is notified of it."""
    stack = api(config=TEAM, alerts=(alert,))
    seen = look(alertmanager.test_alert_arrived, stack.cluster(), **WHERE, alert="A", receiver=receiver)
    assert (seen.status, reason(seen)) == (status, expected)


@pytest.mark.parametrize(
    ("cluster", "uptime", "status"),
    [
        ({"status": "ready", "peers": [{}, {}]}, "2026-03-01T00:00:00Z", "met"),
        ({"status": "ready", "peers": [{}]}, "2026-03-01T00:00:00Z", "unmet"),
        ({"status": "settling", "peers": [{}]}, "2026-03-02T09:59:30Z", "early"),
        ({"status": "settling", "peers": [{}, {}]}, "2026-03-01T00:00:00Z", "unmet"),
        ({"status": "disabled", "peers": []}, "2026-03-02T09:59:30Z", "unmet"),
        ({}, "2026-03-02T09:59:30Z", "unmet"),
    ],
)
def test_several_replicas_must_know_each_other(cluster: Object, uptime: str, status: str) -> None:
    """Settling is early for two minutes; a single replica has nobody to know."""
    stack = api(cluster=cluster, uptime=uptime, replicas=2)
    assert look(alertmanager.test_up, stack.cluster(), **WHERE).status == status
    assert look(alertmanager.test_up, api(cluster={"status": "disabled"}).cluster(), **WHERE).status == "met"


def refused(text: str) -> Any:
    """One look at a configuration that the operator refuses."""
    data = {"alertmanager.yaml": base64.b64encode(text.encode()).decode()}
    stack = api(item("v1", "Secret", "alertmanager-kps", "monitoring", data=data))
    resource: Any = next(one for one in stack.objects if one["kind"] == "Alertmanager")
    resource["status"]["conditions"] = [condition("Reconciled", "False", "ReconciliationFailed")]
    return look(alertmanager.test_receivers, stack.cluster(), **WHERE, receivers=["a"])


def test_a_refused_configuration_names_its_fault() -> None:
    """As far as its structure shows it; the old one goes on, so nothing else is looked at."""
    undefined = refused('route: {receiver: a, routes: [{receiver: "null"}]}\nreceivers: [{name: a}]')
    assert (undefined.status, reason(undefined)) == ("hopeless", "alertmanager-receiver-undefined")
    assert (
        reason(refused("route: {receiver: a, repeat: 1h}\nreceivers: [{name: a}]"))
        == "alertmanager-field-unknown"
    )
    assert reason(refused("route: {receiver: a}\nreceivers: [{name: a}]")) == "operated-refused"
    assert reason(refused("{")) == "operated-refused"


def config_object(*receivers: str, **meta: Any) -> Object:
    """An AlertmanagerConfig."""
    spec = {"receivers": [{"name": name} for name in receivers]}
    return item("monitoring.coreos.com/v1alpha1", "AlertmanagerConfig", "team", "shop", meta=meta, spec=spec)


@pytest.mark.parametrize(
    ("spec", "meta", "receivers", "expected"),
    [
        ({}, {}, ["null", "shop/team/slack"], None),
        ({}, {}, ["shop/team2/slack"], "alertmanagerconfig-label-not-selected"),
        ({"alertmanagerConfigSelector": {}}, {}, [], "alertmanagerconfig-namespace-not-selected"),
        (
            {"alertmanagerConfigSelector": {}, "alertmanagerConfigNamespaceSelector": {}},
            {"creationTimestamp": "2026-03-01T00:00:00Z"},
            [],
            "alertmanagerconfig-not-loaded",
        ),
    ],
)
def test_why_an_alertmanagerconfig_does_not_run(
    spec: Object, meta: Object, receivers: list[str], expected: str | None
) -> None:
    """Its receivers carry its namespace and name."""
    stack = api(config_object(**meta), receivers=receivers, **spec)
    asked = {"name": "team", "namespace": "shop", "monitoring": "monitoring"}
    assert reason(look(alertmanager.test_config_loaded, stack.cluster(), **asked)) == expected


def test_an_alertmanager_without_an_operator_is_asked_by_its_service() -> None:
    """Its configuration is a file, so no Secret is blamed."""
    stack = api(config=TEAM, alerts=(held(),), receivers=["team"])
    stack.objects = [one for one in stack.objects if one["kind"] in ("Namespace", "Service")]
    plain: Any = {**WHERE, "service": "kps-alertmanager"}
    assert look(alertmanager.test_up, stack.cluster(), **plain).status == "met"
    assert look(alertmanager.test_notifies, stack.cluster(), **plain).status == "met"
    assert look(alertmanager.test_alert_arrived, stack.cluster(), **plain, alert="A").status == "met"
    seen = look(alertmanager.test_receivers, stack.cluster(), **plain, receivers=["team", "pager"])
    assert (reason(seen), share(seen)) == ("receiver-not-in-file", 0.5)
    assert (
        reason(look(alertmanager.test_alert_arrived, stack.cluster(), **plain, alert="B"))
        == "alert-not-arrived"
    )


def test_all_receivers_of_an_alertmanagerconfig_must_run() -> None:
    """An older version of it may still be running."""
    asked = {"name": "team", "namespace": "shop", "monitoring": "monitoring"}
    for running, status in ((["shop/team/a", "shop/team/b"], "met"), (["shop/team/a"], "unmet")):
        spec: Any = {"alertmanagerConfigSelector": {}, "alertmanagerConfigNamespaceSelector": {}}
        stack = api(config_object("a", "b"), receivers=running, **spec)
        assert look(alertmanager.test_config_loaded, stack.cluster(), **asked).status == status

"""Alertmanager's configuration: written in a Secret, run as it is written, and delivering."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from checks import alertmanager
from tests.unit.checks.api import MemoryApi, look, parts, reason, share
from tests.unit.checks.monitoring import operated
from tests.unit.checks.objects import Object, condition, item

WHERE: Any = {"namespace": "monitoring"}
DEFAULT = 'route: {receiver: "null"}\nreceivers: [{name: "null"}]\n'
LAB = """
route:
  receiver: default
  group_wait: 60s
  group_by: [a, b]
  routes:
  - {receiver: pager, match: {severity: critical}, continue: true}
  - {receiver: team, matchers: ['severity="warning"']}
inhibit_rules:
- {source_matchers: ['severity="critical"'], target_match: {severity: warning}, equal: [alertname]}
receivers:
- {name: default, webhook_configs: [{url: http://a/<redacted>}]}
- {name: pager, webhook_configs: [{url: http://a/<redacted>}]}
- {name: team, slack_configs: [{channel: x}]}
"""
RUNNING = """
global: {resolve_timeout: 5m}
route:
  receiver: default
  group_by: [b, a]
  continue: false
  group_wait: 1m
  routes:
  - {receiver: pager, matchers: ['severity="critical"'], continue: true}
  - {receiver: team, match: {severity: warning}, continue: false}
inhibit_rules:
- {source_match: {severity: critical}, target_matchers: [severity="warning"], equal: [alertname]}
receivers:
- {name: default, webhook_configs: [{url: <secret>, max_alerts: 0}]}
- {name: pager, webhook_configs: [{url: <secret>}]}
- {name: team, slack_configs: [{channel: x, send_resolved: false}]}
"""
RECEIVERS = ["default", "pager", "team"]


def secret(name: str, text: str | None) -> Object:
    """A Secret with a configuration, or one without the key."""
    data = {} if text is None else {"alertmanager.yaml": base64.b64encode(text.encode()).decode()}
    return item("v1", "Secret", name, "monitoring", data=data)


def api(*objects: Object, running: str = DEFAULT, metrics: str = "", **spec: Any) -> MemoryApi:
    """An Alertmanager with this running configuration and these metrics."""
    status = {"config": {"original": running}, "uptime": spec.pop("uptime", "2026-03-01T00:00:00Z")}
    stack = MemoryApi(*operated("Alertmanager", **spec), *objects)
    pages: dict[str, Any] = {
        "/-/ready": (200, "OK"),
        "/api/v2/status": (200, status),
        "/metrics": (200, metrics),
    }
    return stack.service("kps-alertmanager", pages)


def written(*objects: Object) -> Any:
    """One look at what is written, whether anybody reads it or not."""
    asked = {**WHERE, "receivers": RECEIVERS, "secrets": ["mine"]}
    return look(alertmanager.test_config_written, api(*objects).cluster(), **asked)


def test_a_configuration_is_written_in_the_named_secret_or_the_one_that_is_read() -> None:
    """The best of them counts: what was repaired in the right place is not lost for the old file."""
    read, mine = "alertmanager-kps", "mine"
    assert written(secret(mine, LAB)).status == "met"
    assert written(secret(read, LAB)).status == "met"
    assert written(secret(mine, DEFAULT), secret(read, LAB)).status == "met"
    assert written(secret(mine, LAB), secret(read, DEFAULT)).status == "met"
    nothing = written(secret("other", LAB))
    assert (nothing.status, reason(nothing)) == ("absent", "config-secret-absent")


@pytest.mark.parametrize(
    ("text", "expected", "met"),
    [
        (None, "config-secret-without-key", 0.0),
        (DEFAULT, "receiver-not-written", 0.0),
        (
            LAB.replace("name: team, slack_configs: [{channel: x}]", "name: team"),
            "receiver-without-integration",
            2 / 3,
        ),
        (LAB.replace("receiver: team", "receiver: pager"), "receiver-without-route", 2 / 3),
        (LAB.replace("- {name: team", "- {name: slack"), "receiver-not-written", 2 / 3),
    ],
)
def test_each_receiver_that_is_lacking_is_told(text: str | None, expected: str, met: float) -> None:
    """With a way to notify and a route that leads to it."""
    seen = written(secret("mine", text))
    assert (reason(seen), round(share(seen), 3)) == (expected, round(met, 3))
    assert seen.reason.params["secret"] == "mine"


def test_what_cannot_be_read_is_a_doubt() -> None:
    """It may be broken, or only have aliases; another Secret may still be right."""
    hidden = written(secret("mine", "- a list"), secret("alertmanager-kps", DEFAULT))
    assert (hidden.status, reason(hidden)) == ("cannot-tell", "config-unreadable")
    assert written(secret("mine", "- a list"), secret("alertmanager-kps", LAB)).status == "met"
    assert current("a: &x 1\nb: *x", RUNNING).status == "cannot-tell"


@pytest.mark.parametrize(
    ("objects", "expected", "told"),
    [
        ([secret("alertmanager-kps", DEFAULT), secret("mine", LAB)], "receiver-in-unread-secret", ["mine"]),
        (
            [secret("alertmanager-kps", DEFAULT), secret("mine", "<hidden>")],
            "receiver-in-unread-secret",
            ["mine"],
        ),
        ([secret("alertmanager-kps", DEFAULT), secret("mine", DEFAULT)], "receiver-not-running", None),
        ([secret("alertmanager-kps", LAB)], "receiver-not-running", None),
        ([secret("alertmanager-kps", None), secret("mine", DEFAULT)], "config-secret-without-key", None),
        ([secret("mine", DEFAULT)], "config-secret-absent", None),
        ([], "config-secret-absent", None),
    ],
)
def test_why_a_receiver_does_not_run(objects: list[Object], expected: str, told: list[str] | None) -> None:
    """Another Secret is blamed only for the receiver that it defines; without a key a default runs."""
    stack = api(*objects).service("kps-alertmanager", {"/api/v2/receivers": (200, [{"name": "null"}])})
    seen = look(alertmanager.test_receivers, stack.cluster(), **WHERE, receivers=["pager"])
    assert reason(seen) == expected
    assert seen.reason is not None
    assert seen.reason.params.get("unread") == told


def current(text: str | None, running: str, **spec: Any) -> Any:
    """One look at whether the one runs that is written in the Secret that is read."""
    own = [] if text == "absent" else [secret("alertmanager-kps", text)]
    return look(alertmanager.test_config_current, api(*own, running=running, **spec).cluster(), **WHERE)


def test_what_runs_is_what_is_written() -> None:
    """Whatever way either of them writes matchers, times and defaults, and however both hide addresses."""
    assert current(LAB, RUNNING).status == "met"


@pytest.mark.parametrize(
    ("old", "new", "fields"),
    [
        ("{severity: warning}, continue: false", "{severity: warn}, continue: false", ["route.routes[1]"]),
        ("continue: true}", "continue: false}", ["route.routes[0]"]),
        ("group_wait: 1m", "group_wait: 30s", ["route"]),
        ("group_by: [b, a]", "group_by: [b]", ["route"]),
        ("equal: [alertname]", "equal: [service]", ["inhibit_rules"]),
        ("slack_configs", "email_configs", ["receivers[team]"]),
        ("- {receiver: team, match: {severity: warning}, continue: false}", "", ["route.routes"]),
        ("receivers:\n", "receivers:\n- {name: old}\n", ["receivers[old]"]),
        ("receiver: pager", "receiver: team", ["route.routes[0]"]),
    ],
)
def test_what_differs_is_named(old: str, new: str, fields: list[str]) -> None:
    """The field of the configuration, for it is the operator or time that keeps it out."""
    assert old in RUNNING
    seen = current(LAB, RUNNING.replace(old, new, 1))
    assert (seen.status, reason(seen)) == ("unmet", "config-not-current")
    assert seen.reason.params["fields"] == fields


def test_what_the_operator_adds_from_objects_is_no_difference() -> None:
    """Receivers and routes of an AlertmanagerConfig carry its namespace and name."""
    added = RUNNING.replace(
        "  routes:\n", "  routes:\n  - {receiver: shop/team/slack, match: {namespace: shop}}\n"
    )
    added = added.replace(
        "receivers:\n", "receivers:\n- {name: shop/team/slack, slack_configs: [{channel: x}]}\n"
    )
    added = added.replace(
        "inhibit_rules:\n", "inhibit_rules:\n- {source_match: {namespace: shop, a: b}, equal: [c]}\n"
    )
    assert current(LAB, added).status == "met"
    assert current(LAB, added.replace("equal: [alertname]", "equal: []")).reason.params["fields"] == [
        "inhibit_rules"
    ]


def test_without_a_configuration_there_is_nothing_to_compare() -> None:
    """Also not where it is an object that Alertmanager reads: that takes no points."""
    assert reason(current("absent", RUNNING)) == "config-secret-absent"
    assert reason(current(None, RUNNING)) == "config-secret-without-key"
    seen = current(LAB, RUNNING, alertmanagerConfiguration={"name": "global"})
    assert (seen.status, reason(seen)) == ("cannot-tell", "config-not-in-secret")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, "operated-refused"),
        ("{", "operated-refused"),
        ("route: {routes: []}\nreceivers: [{name: a}]", "alertmanager-root-without-receiver"),
        ("route: {receiver: a, match: {b: c}}\nreceivers: [{name: a}]", "alertmanager-root-conditions"),
        ("route: {receiver: a}\nreceivers: [{name: a}, {name: a}]", "alertmanager-receiver-twice"),
    ],
)
def test_why_the_operator_refuses_it(text: str | None, expected: str) -> None:
    """The old configuration goes on, so nothing else is looked at."""
    stack = api(secret("alertmanager-kps", text))
    resource: Any = next(one for one in stack.objects if one["kind"] == "Alertmanager")
    resource["status"]["conditions"] = [condition("Reconciled", "False", "ReconciliationFailed")]
    seen = look(alertmanager.test_config_current, stack.cluster(), **WHERE)
    assert (seen.status, reason(seen)) == ("hopeless", expected)


def counters(**sent: tuple[int, int]) -> str:
    """Requests and failed ones by the way of notifying; `NAME__RECEIVER` where the metrics name both."""
    lines = []
    for key, (requests, failed) in sent.items():
        integration, _, receiver = key.partition("__")
        labels = f'integration="{integration}"' + (f',receiver_name="{receiver}"' if receiver else "")
        lines += [
            f"alertmanager_notification_requests_total{{{labels}}} {requests}",
            f"alertmanager_notification_requests_failed_total{{{labels}}} {failed}",
            f'alertmanager_notifications_failed_total{{{labels},reason="serverError"}} {failed}',
        ]
    return "\n".join(lines)


def notified(metrics: str, *receivers: str, running: str = LAB, **spec: Any) -> Any:
    """One look at whether one of the receivers was reached."""
    stack = api(running=running, metrics=metrics, **spec)
    return look(alertmanager.test_notified, stack.cluster(), **WHERE, receivers=list(receivers))


@pytest.mark.parametrize(
    ("metrics", "receivers", "status", "expected"),
    [
        (counters(webhook=(3, 2), slack=(0, 0)), (), "met", None),
        (counters(slack=(1, 0)), ("team",), "met", None),
        (counters(webhook=(3, 0), slack=(0, 0)), ("team",), "unmet", "notifications-none"),
        (counters(webhook=(3, 3)), (), "unmet", "notifications-failing"),
        (counters(webhook=(3, 0)), ("default",), "cannot-tell", "notifications-ambiguous"),
        (counters(webhook=(3, 0)), ("default", "pager"), "met", None),
        (counters(webhook__default=(3, 0), webhook__pager=(0, 0)), ("default",), "met", None),
        (
            counters(webhook__default=(3, 0), webhook__pager=(1, 1)),
            ("pager",),
            "unmet",
            "notifications-failing",
        ),
        (counters(email=(3, 0)), (), "unmet", "notifications-none"),
        ("", (), "unmet", "notifications-none"),
        ("<html>", (), "cannot-tell", "alertmanager-bad-answer"),
        (counters(webhook=(3, 2)).replace(" 3", " NaN"), (), "unmet", "notifications-failing"),
    ],
)
def test_a_request_that_did_not_fail_was_delivered(
    metrics: str, receivers: tuple[str, ...], status: str, expected: str | None
) -> None:
    """By the way in which a receiver notifies, and by the receiver itself where the metrics name it."""
    seen = notified(metrics, *receivers)
    assert (seen.status, reason(seen)) == (status, expected)


def test_nothing_sent_is_early_or_somebody_elses() -> None:
    """After a start, and where another replica may have sent."""
    young = notified("", uptime="2026-03-02T09:59:30Z")
    assert (young.status, reason(young)) == ("early", "notifications-awaited")
    other = notified("", replicas=2)
    assert (other.status, reason(other)) == ("cannot-tell", "notifications-of-one-replica")
    assert notified(counters(slack=(1, 1))).reason.params["why"] == {"serverError": 1}
    assert reason(notified(counters(webhook=(1, 0)), running=DEFAULT)) == "receivers-deliver-nothing"
    assert parts(notified("")) == {}

"""Test alerts: delivered, sent elsewhere, refused by what is behind the receiver, read from an inbox."""

from __future__ import annotations

from typing import Any

import pytest

from checks import active
from pytest_k8sgrade.cluster.acting_rules import Act
from pytest_k8sgrade.cluster.exchange import Response
from pytest_k8sgrade.outcome import Observation
from pytest_k8sgrade.services.alerting.inbox import inbox
from pytest_k8sgrade.services.alerting.trial import waits
from tests.unit.checks.acting import World, act
from tests.unit.checks.api import MemoryApi, parts, reason, share
from tests.unit.checks.monitoring import operated
from tests.unit.checks.objects import Object

CONFIG = """
route:
  receiver: default
  group_by: [alertname]
  group_wait: 10s
  routes:
    - {matchers: ['severity="critical"'], receiver: pagerduty, continue: true}
    - {matchers: ['severity="warning"'], receiver: slack}
receivers:
  - {name: default}
  - {name: pagerduty, webhook_configs: [{url: http://hook/a}]}
  - {name: slack, webhook_configs: [{url: http://hook/b}]}
"""
RECEIVERS = {"critical": "pagerduty", "warning": "slack"}


class Notifying(World):
    """An Alertmanager that notifies after ten seconds; what is behind the receivers in `failing` refuses."""

    def __init__(self, config: str = CONFIG, *, failing: tuple[str, ...] = (), held: bool = False) -> None:
        api = MemoryApi(*operated("Alertmanager"))
        super().__init__(api, self.answer, self.notify)
        self.failing, self.held = failing, held
        self.alerts: dict[str, Object] = {}
        self.due: dict[str, float] = {}
        self.got: list[Object] = []
        self.requests, self.failed = 7, 3
        self.routes = {"critical": ["pagerduty"], "warning": ["slack"]}
        api.service(
            "kps-alertmanager",
            {
                "/api/v2/status": (200, {"config": {"original": config}}),
                "/api/v2/alerts": lambda _: (200, list(self.alerts.values())),
                "/metrics": lambda _: (200, self.metrics()),
            },
        )
        api.service("hook", {"/got": lambda _: (200, {"deliveries": self.got})})

    def metrics(self) -> str:
        """Its counters, as a text."""
        names = (
            "alertmanager_notification_requests_total",
            "alertmanager_notification_requests_failed_total",
        )
        values = zip(names, (self.requests, self.failed), strict=True)
        return "".join(f'{name}{{integration="webhook"}} {value}\n' for name, value in values)

    def answer(self, one: Act) -> int:
        """Take alerts in; one that has ended is no longer there."""
        for alert in one.body:
            labels = alert["labels"]
            name = labels["alertname"]
            if alert["endsAt"] <= self.api.now.isoformat().replace("+00:00", "Z"):
                self.alerts.pop(name, None)
                continue
            receivers = [{"name": receiver} for receiver in self.routes[labels["severity"]]]
            self.alerts[name] = {"labels": labels, "status": {"state": "active"}, "receivers": receivers}
            self.due[name] = self.now + 10
        return 200

    def notify(self, now: float) -> None:
        """What is due is sent once."""
        for name, at in [*self.due.items()]:
            if now < at or self.held:
                continue
            del self.due[name]
            receiver = self.alerts[name]["receivers"][0]["name"]
            self.requests += 1
            self.failed += receiver in self.failing
            self.got.append({"receiver": receiver, "alerts": [{"labels": self.alerts[name]["labels"]}]})


def tried(world: Notifying, **params: Any) -> Observation:
    """What the check finds; no alert is left."""
    given: dict[str, Any] = {"namespace": "monitoring", "receivers": RECEIVERS, **params}
    found = act(active.test_alertmanager_delivers, world, **given)
    assert world.alerts == {}
    return found


def test_every_severity_reaches_its_receiver() -> None:
    """One after another; the counters rise by a request that did not fail."""
    world = Notifying()
    found = tried(world)
    assert (found.status, found.seen) == ("met", RECEIVERS)
    severities = [one.body[0]["labels"]["severity"] for one in world.done]
    assert severities == ["critical", "warning"]


class Interrupted(Notifying):
    """Somebody presses Ctrl-C in the moment in which the alert is sent."""

    def perform(self, act: Act) -> Response:
        """No time passes."""
        super().perform(act)
        raise KeyboardInterrupt


def test_an_alert_that_is_taken_back_at_once_is_over() -> None:
    """One that ends in a second would go on: Alertmanager then keeps the later of its two ends."""
    world = Interrupted()
    with pytest.raises(KeyboardInterrupt):
        tried(world)
    assert world.alerts == {}


def test_an_alert_that_goes_elsewhere_names_where() -> None:
    """The route of one severity is wrong: the other keeps its share."""
    world = Notifying()
    world.routes["warning"] = ["default"]
    found = tried(world)
    assert parts(found) == {"severity/critical": None, "severity/warning": "alert-other-receiver"}
    assert share(found) == 0.5


def test_a_delivery_that_fails_is_none() -> None:
    """Alertmanager has the alert for the right receiver, and nobody takes it."""
    found = tried(Notifying(failing=("slack",)))
    assert parts(found) == {"severity/critical": None, "severity/warning": "trial-delivery-failing"}


def test_an_alert_that_is_held_back_is_not_delivered() -> None:
    """Nothing is sent while it is waited for."""
    found = tried(Notifying(held=True), receivers={"critical": "pagerduty"})
    assert (found.status, reason(found)) == ("unmet", "trial-not-delivered")


def test_an_inbox_has_the_last_word() -> None:
    """What it got counts, whatever the counters say."""
    world = Notifying(failing=("slack", "pagerduty"))
    assert tried(world, inbox="hook.monitoring:80/got").status == "met"
    assert reason(tried(Notifying(held=True), inbox="hook.monitoring:80/got")) == "trial-not-delivered"
    assert reason(tried(Notifying(), inbox="hook.monitoring:80/nothing")) == "inbox-unreadable"


@pytest.mark.parametrize(
    ("receiver", "expected"), [("mail", "trial-receiver-absent"), ("default", "trial-receiver-silent")]
)
def test_a_receiver_that_is_none_needs_no_alert(receiver: str, expected: str) -> None:
    """It is not in the running configuration, or it notifies nobody."""
    world = Notifying()
    assert reason(tried(world, receivers={"warning": receiver})) == expected
    assert world.done == []


def test_several_replicas_cannot_be_counted() -> None:
    """Each knows only its own requests."""
    world = Notifying()
    world.api.objects[1]["spec"]["replicas"] = 2
    assert reason(tried(world)) == "trial-several-replicas"
    assert world.done == []


@pytest.mark.parametrize(
    ("route", "seconds"),
    [
        ({"group_by": ["alertname"], "group_wait": "10s"}, 10),
        ({"group_by": ["..."]}, 30),
        ({"group_by": ["job"], "group_wait": "10s", "group_interval": "2m"}, 120),
        ({"routes": [{"receiver": "slack", "matchers": ["severity=warning"], "group_wait": "1m"}]}, 300),
    ],
)
def test_a_group_waits_as_long_as_its_route_says(route: Object, seconds: float) -> None:
    """What is not written is inherited, and what nobody wrote is Alertmanager's default."""
    config = {"route": {"receiver": "slack", **route}}
    assert waits(config, {"severity": "warning"}, "slack") == seconds


@pytest.mark.parametrize("address", ["hook", "hook.ns/got", "hook.ns:80", "http://hook.ns:80/got"])
def test_an_inbox_is_an_address(address: str) -> None:
    """Service, namespace, port and path."""
    with pytest.raises(ValueError, match="not an inbox"):
        inbox(address)

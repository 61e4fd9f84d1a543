"""Alerts of a PrometheusRule: written, and fired at some time."""

from __future__ import annotations

from typing import Any

import pytest

from checks import alerts
from tests.unit.checks.api import MemoryApi, look, parts, reason, share
from tests.unit.checks.monitoring import operated
from tests.unit.checks.objects import Object, item, namespace

OLD = (200, {"status": "success", "data": {"startTime": "2026-03-01T00:00:00Z"}})
UID = "9c8b3a8e"
FILE = f"/etc/prometheus/rules/r/monitoring-custom-{UID}.yaml"
WHERE: Any = {"name": "custom", "namespace": "monitoring"}
ASKED: Any = {**WHERE, "monitoring": "monitoring"}


def rule_object(*names: str, release: str = "kps", **labels: str) -> Object:
    """A PrometheusRule with these alerts and a recording rule."""
    rules: list[Object] = [{"alert": name, "expr": "x", "labels": labels} for name in names]
    meta = {"uid": UID, "labels": {"release": release}, "creationTimestamp": "2026-03-01T00:00:00Z"}
    spec = {"groups": [{"name": "g", "rules": [{"record": "Slow", "expr": "x"}, *rules]}, {"name": "h"}]}
    return item("monitoring.coreos.com/v1", "PrometheusRule", "custom", "monitoring", meta=meta, spec=spec)


def api(
    *objects: Object, loaded: tuple[Object, ...] = (), fired: tuple[str, ...] = (), file: str = FILE
) -> MemoryApi:
    """A Prometheus with these loaded rules that remembers these alerts."""
    stack = MemoryApi(
        *operated("Prometheus", ruleSelector={"matchLabels": {"release": "kps"}}), namespace("shop"), *objects
    )
    vector = [{"metric": {"alertname": name}, "value": [0, "1"]} for name in fired]
    groups = [{"name": "g", "file": file, "interval": 30, "rules": list(loaded)}]
    pages: dict[str, Any] = {
        "/api/v1/rules": (200, {"status": "success", "data": {"groups": groups}}),
        "/api/v1/query": (200, {"status": "success", "data": {"resultType": "vector", "result": vector}}),
        "/-/ready": (200, "x"),
        "/api/v1/status/runtimeinfo": OLD,
    }
    return stack.service("kps-prometheus", pages)


def rule(name: str, state: str = "inactive", **more: Any) -> Object:
    """A loaded rule."""
    held = [{"state": state, "activeAt": "2026-03-02T09:59:00Z", "labels": {"alertname": name}}]
    own = {"name": name, "health": "ok", "state": state, "query": "x", "duration": 300}
    return {**own, "alerts": [] if state == "inactive" else held, **more}


def test_alerts_are_written_with_their_labels() -> None:
    """A recording rule is no alert; of two with one name one may have the label."""
    asked = {"Down": {"severity": "critical"}, "Slow": {}}
    seen = look(
        alerts.test_written, api(rule_object("Down", severity="warning")).cluster(), **WHERE, alerts=asked
    )
    assert parts(seen) == {
        "alert/Down": None,
        "spec.groups.rules[Down].labels.severity": "field-differs",
        "alert/Slow": "alert-not-written",
    }
    assert share(seen) == pytest.approx(1 / 3)
    both = rule_object("Down", severity="warning")
    both["spec"]["groups"][1]["rules"] = [{"alert": "Down", "labels": {"severity": "critical"}}]
    assert (
        look(
            alerts.test_written, api(both).cluster(), **WHERE, alerts={"Down": {"severity": "critical"}}
        ).status
        == "met"
    )
    assert reason(
        look(alerts.test_written, api(rule_object("X")).cluster(), **{**WHERE, "name": "other"}, alerts=asked)
    ) == ("object-absent")


def fired(*objects: Object, **given: Any) -> Any:
    """One look at whether an alert has fired."""
    return look(alerts.test_fired, api(*objects, **given).cluster(), **ASKED)


def test_one_alert_that_has_fired_is_enough() -> None:
    """Though it is over now; an alert of somebody else with another name is none."""
    two = rule_object("Down", "Slow")
    assert fired(two, loaded=(rule("Down"), rule("Slow")), fired=("Watchdog", "Slow")).status == "met"
    seen = fired(two, loaded=(rule("Down"), rule("Slow")), fired=("Watchdog",))
    assert (seen.status, reason(seen)) == ("unmet", "alerts-never-fired")


def test_only_rules_of_the_very_object_count() -> None:
    """The same name may fire out of another object, or out of the one that was deleted before."""
    for file in (FILE.replace(UID, "other"), FILE.replace("custom", "kps"), ""):
        seen = fired(
            rule_object("Watchdog"), loaded=(rule("Watchdog", "firing"),), fired=("Watchdog",), file=file
        )
        assert reason(seen) == "rule-selected-not-loaded"
    seen = fired(rule_object("Down", release="other"))
    assert (seen.status, reason(seen)) == ("hopeless", "rule-label-not-selected")


def test_a_pending_alert_is_early_and_no_alert_is_absent() -> None:
    """It fires when its `for` is over."""
    seen = fired(rule_object("Down", "Slow"), loaded=(rule("Down"), rule("Slow", "pending")))
    assert (seen.status, reason(seen), seen.reason.params["alert"]) == ("early", "alert-pending", "Slow")
    assert reason(fired(rule_object())) == "alerts-none-written"
    assert reason(fired()) == "object-absent"


def test_labels_of_the_group_are_those_of_its_alerts() -> None:
    """A rule's own label goes before."""
    plain, own = rule_object("Down"), rule_object("Down", severity="warning")
    for one in (plain, own):
        one["spec"]["groups"][0]["labels"] = {"severity": "critical"}
    asked = {"Down": {"severity": "critical"}}
    seen = [look(alerts.test_written, api(one).cluster(), **WHERE, alerts=asked) for one in (plain, own)]
    assert [one.status for one in seen] == ["met", "unmet"]

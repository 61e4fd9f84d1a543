"""Rules and alerts of Prometheus: loaded, able to fire, firing."""

from __future__ import annotations

from typing import Any

import pytest

from checks import prometheus
from tests.unit.checks.api import MemoryApi, look, parts, reason, share, vector
from tests.unit.checks.monitoring import operated
from tests.unit.checks.objects import Object, item, namespace

OLD = (200, {"status": "success", "data": {"startTime": "2026-03-01T00:00:00Z"}})
RELEASE = {"matchLabels": {"release": "kps"}}
WHERE = {"namespace": "monitoring"}


def api(*objects: Object, rules: list[Object] | None = None, series: tuple[str, ...] = ()) -> MemoryApi:
    """A Prometheus with these loaded rules that has series of these metrics."""
    stack = MemoryApi(*operated("Prometheus", ruleSelector=RELEASE), namespace("shop"), *objects)
    groups = [{"name": "g", "interval": 30, "rules": rules or []}]
    pages: dict[str, Any] = {
        "/api/v1/rules": (200, {"status": "success", "data": {"groups": groups}}),
        "/api/v1/query": lambda asked: vector("1") if asked["query"] in series else vector(),
        "/-/ready": (200, "x"),
        "/api/v1/status/runtimeinfo": OLD,
    }
    return stack.service("kps-prometheus", pages)


def rule_object(space: str = "monitoring", created: str = "2026-03-01T00:00:00Z", **meta: Any) -> Object:
    """A PrometheusRule with the alert WebDown and a recording rule."""
    groups = [{"name": "web", "rules": [{"alert": "WebDown", "expr": "x"}, {"record": "a:b", "expr": "x"}]}]
    own = {"labels": {"release": "kps"}, "creationTimestamp": created, **meta}
    return item("monitoring.coreos.com/v1", "PrometheusRule", "web", space, meta=own, spec={"groups": groups})


def event(why: str = "InvalidConfiguration", kind: str = "Warning", name: str = "web") -> Object:
    """What the operator tells of a PrometheusRule."""
    about = {"kind": "PrometheusRule", "name": name, "namespace": "monitoring"}
    return item("v1", "Event", f"e-{name}", "monitoring", involvedObject=about, reason=why, type=kind)


@pytest.mark.parametrize(
    ("objects", "status", "expected"),
    [
        ([], "unmet", "rule-not-written"),
        ([rule_object(labels={"app": "web"})], "hopeless", "rule-label-not-selected"),
        ([rule_object("shop")], "hopeless", "rule-namespace-not-selected"),
        ([rule_object(), event()], "unmet", "rule-rejected"),
        ([rule_object(), event(kind="Normal")], "unmet", "rule-selected-not-loaded"),
        ([rule_object(), event(name="other")], "unmet", "rule-selected-not-loaded"),
        ([rule_object(created="2026-03-02T09:58:00Z")], "early", "rule-loading"),
        ([rule_object(labels={"app": "web"}), rule_object("shop")], "hopeless", "rule-label-not-selected"),
    ],
)
def test_why_a_rule_is_not_loaded(objects: list[Object], status: str, expected: str) -> None:
    """An alert and a recording rule alike; somebody's hand, the operator, or only time."""
    for rule in ("WebDown", "a:b"):
        seen = look(prometheus.test_rules_loaded, api(*objects).cluster(), **WHERE, rules=[rule])
        assert (seen.status, reason(seen)) == (status, expected)


def test_a_status_of_the_rule_tells_before_events() -> None:
    """With the operator's feature gate; an accepted rule is not rejected by an old event."""
    for accepted, expected in (("False", "rule-rejected"), ("True", "rule-selected-not-loaded")):
        own = rule_object()
        own["status"] = {"bindings": [{"conditions": [{"type": "Accepted", "status": accepted}]}]}
        stack = api(own, event())
        assert (
            reason(look(prometheus.test_rules_loaded, stack.cluster(), **WHERE, rules=["WebDown"]))
            == expected
        )


def alert(state: str = "firing", since: str = "2026-03-02T09:00:00Z", **labels: str) -> Object:
    """One alert of a rule."""
    return {"state": state, "activeAt": since, "labels": {"alertname": "WebDown", **labels}}


def rule(*alerts: Object, health: str = "ok", for_s: int = 300, query: str = "x > 1") -> Object:
    """The loaded rule WebDown."""
    return {"name": "WebDown", "health": health, "duration": for_s, "query": query, "alerts": list(alerts)}


def firing(*rules: Object, series: tuple[str, ...] = ("x",), **wanted: Any) -> Any:
    """One look at the alert WebDown."""
    stack = api(rules=list(rules), series=series)
    return look(prometheus.test_alert_firing, stack.cluster(), **WHERE, alert="WebDown", **wanted)


@pytest.mark.parametrize(
    ("rules", "status", "expected"),
    [
        ([rule(alert())], "met", None),
        ([rule(), rule(alert())], "met", None),
        ([rule(alert("pending", "2026-03-02T09:56:00Z"))], "early", "alert-pending"),
        ([rule(alert("pending", "2026-03-02T09:30:00Z"))], "unmet", "alert-pending"),
        ([rule(alert("somethingnew"))], "unmet", "alert-inactive"),
        ([rule()], "unmet", "alert-inactive"),
        ([rule(alert(), health="err")], "unmet", "rule-fails"),
        ([rule(), rule(health="err")], "unmet", "rule-fails"),
        ([rule(health="unknown"), rule(health="err")], "unmet", "rule-fails"),
        ([rule(health="unknown")], "early", "rule-not-evaluated"),
        ([rule(health="")], "unmet", "rule-not-evaluated"),
        ([], "unmet", "rule-not-written"),
    ],
)
def test_an_alert_fires_when_prometheus_says_so(
    rules: list[Object], status: str, expected: str | None
) -> None:
    """Pending is early until its `for` is over; of several rules of one name all must be healthy."""
    seen = firing(*rules)
    assert (seen.status, reason(seen)) == (status, expected)


def test_an_alert_must_carry_the_labels() -> None:
    """Another namespace's alert is another alert; one whose metric does not exist can never fire."""
    assert firing(rule(alert(team="a")), labels={"team": "a"}).status == "met"
    assert reason(firing(rule(alert(team="a")), labels={"team": "b"})) == "alert-other-labels"
    assert reason(firing(rule(), series=())) == "alert-metric-absent"


def test_a_rule_whose_metric_does_not_exist_can_never_fire() -> None:
    """Health is ok all the same; a metric that must be absent is not asked for."""
    both = rule(query='x{a="b"} / y > 0.9')
    stack = api(rules=[both], series=("x",))
    seen = look(prometheus.test_rule_inputs, stack.cluster(), **WHERE, rules=["WebDown"])
    assert parts(seen) == {"rule/WebDown": None, "rule/WebDown/metrics": "rule-metric-absent"}
    assert seen.reason is not None
    assert seen.reason.params["metric"] == "y"
    absent = api(rules=[rule(query="absent(z)")])
    assert look(prometheus.test_rule_inputs, absent.cluster(), **WHERE, rules=["WebDown"]).status == "met"
    endless = api(rules=[rule(query=" or ".join(["z"] * 5000))])
    seen = look(prometheus.test_rule_inputs, endless.cluster(), **WHERE, rules=["WebDown"])
    assert (seen.status, reason(seen)) == ("cannot-tell", "expression-too-long")
    two = {**WHERE, "rules": ["WebDown", "Other"]}
    half = api(rules=[both, {**rule(query="x"), "name": "Other"}], series=("x",))
    assert share(look(prometheus.test_rule_inputs, half.cluster(), **two)) == pytest.approx(2 / 3)
    missing = look(prometheus.test_rule_inputs, api().cluster(), **WHERE, rules=["WebDown"])
    assert (reason(missing), share(missing)) == ("rule-not-written", 0)


def test_a_prometheus_without_an_operator_is_asked_by_its_service() -> None:
    """No custom resource is needed; its rules come from its own file, so none is looked for."""
    stack = api(rules=[rule(alert())])
    stack.objects = [one for one in stack.objects if one["kind"] in ("Namespace", "Service", "Pod")]
    plain: Any = {**WHERE, "service": "kps-prometheus"}
    assert look(prometheus.test_up, stack.cluster(), **plain).status == "met"
    assert look(prometheus.test_alert_firing, stack.cluster(), **plain, alert="WebDown").status == "met"
    assert (
        reason(look(prometheus.test_rules_loaded, stack.cluster(), **plain, rules=["Other"]))
        == "rule-not-loaded"
    )
    assert reason(look(prometheus.test_up, stack.cluster(), **WHERE)) == "kind-not-registered"
    assert reason(look(prometheus.test_up, stack.cluster(), **{**plain, "service": "x"})) == "object-absent"

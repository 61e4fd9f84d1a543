"""Where Alertmanager sends an alert, and what it would refuse."""

from __future__ import annotations

import pytest

from pytest_k8sgrade.services.alerting import routing

LAYERED = """
route:
  receiver: default
  routes:
  - matchers: [severity="critical"]
    receiver: pager
    continue: true
    routes:
    - match: {team: db}
      receiver: db
  - match_re: {severity: warn.*}
    receiver: slack
  - matchers: ['severity!~"warning|critical", env=prod']
    receiver: ops
  - matchers: ['{severity="info"}']
receivers: [{name: default}, {name: pager, pagerduty_configs: [{}]}, {name: db}, {name: slack}, {name: ops}]
"""


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ({}, ["default"]),
        ({"severity": "critical"}, ["pager"]),
        ({"severity": "critical", "team": "db"}, ["db"]),
        ({"severity": "warning"}, ["slack"]),
        ({"severity": "prewarning"}, ["default"]),
        ({"env": "prod"}, ["ops"]),
        ({"severity": "info"}, ["default"]),
    ],
)
def test_an_alert_goes_where_the_tree_leads(labels: dict[str, str], expected: list[str]) -> None:
    """First match wins unless it continues, children win over parents, expressions are anchored."""
    config = routing.parse(LAYERED)
    assert config is not None
    assert routing.receivers_of(config, labels) == expected


def test_expressions_are_anchored_at_both_ends() -> None:
    """A label that only begins so is another one."""
    assert routing.fits({"match_re": {"a": "b|c"}}, {"a": "c"})
    assert not routing.fits({"match_re": {"a": "b|c"}}, {"a": "bc"})


def test_continue_leads_to_several_receivers() -> None:
    """Each of them once."""
    config = {"route": {"receiver": "a", "routes": [{"receiver": "b", "continue": True}, {"receiver": "c"}]}}
    assert routing.receivers_of(config, {}) == ["b", "c"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            'route: {receiver: a, routes: [{receiver: "null"}]}\nreceivers: [{name: a}]',
            "alertmanager-receiver-undefined",
        ),
        ("route: {receiver: a, repeat_inteval: 1h}\nreceivers: [{name: a}]", "alertmanager-field-unknown"),
        (
            "route: {receiver: a}\nreceivers: [{name: a, slack_configs: [{api_url: <redacted>}]}]",
            "alertmanager-url-invalid",
        ),
        (
            "route: {receiver: a, routes: [{matchers: ['severity=~\"(?=x)\"']}]}\nreceivers: [{name: a}]",
            "alertmanager-expression-invalid",
        ),
        (
            "route: {receiver: a}\nreceivers: [{name: a}]\ninhibit_rules: [{source_match_re: {a: '*'}}]",
            "alertmanager-expression-invalid",
        ),
    ],
)
def test_what_alertmanager_refuses_is_named(text: str, expected: str) -> None:
    """A receiver that is missing, a misspelt field, an address without scheme, an expression that is none."""
    config = routing.parse(text)
    assert config is not None
    assert [fault.reason for fault in routing.faults(config)] == [expected]


def test_a_good_configuration_has_no_fault() -> None:
    """Masking keeps scheme and host of an address; routes have labels since 0.34."""
    text = "route: {receiver: a, labels: {team: shop}}\nreceivers: [{name: a, slack_configs: [{api_url: 'https://hooks/<redacted>'}]}]"
    config = routing.parse(text)
    assert config is not None
    assert routing.faults(config) == []
    assert routing.integrations(config, "a") == ["slack"]
    assert routing.parse("- a list") is None
    assert routing.parse("{") is None


def test_an_expression_that_cannot_be_read_is_an_error() -> None:
    """Callers turn it into a doubt, never into a verdict."""
    with pytest.raises(ValueError, match="regular expression"):
        routing.fits({"match_re": {"a": "["}}, {"a": "b"})
    with pytest.raises(ValueError, match="matcher"):
        routing.fits({"matchers": ["severity critical"]}, {})


def test_a_backslash_stands_for_itself_but_before_a_quote_another_or_an_n() -> None:
    """As Alertmanager reads a quoted value, and as it writes one."""
    written, running = r'a=~"web\d+"', r'a=~"web\\d+"'
    assert routing.matchers({"matchers": [written]}) == routing.matchers({"matchers": [running]})
    assert routing.fits({"matchers": [written]}, {"a": "web12"})
    quoted = routing.matchers({"matchers": [r'a="x\"y\n\\"']})
    assert quoted[0].value == 'x"y\n\\'


def test_alerts_on_both_sides_do_not_inhibit_each_other() -> None:
    """One of them may be on both sides, not both."""
    rule = {
        "source_match_re": {"severity": "critical|warning"},
        "target_match_re": {"severity": "warning|info"},
    }
    critical, warning, info = ({"severity": one} for one in ("critical", "warning", "info"))
    assert routing.inhibits(rule, critical, warning)
    assert routing.inhibits(rule, warning, info)
    assert not routing.inhibits(rule, warning, warning)
    assert not routing.inhibits(rule, info, critical)

"""The adapter's rules: names as the adapter makes them, and what a pattern can never make."""

from __future__ import annotations

import pytest

from pytest_k8sgrade.services.metrics.adapter_rules import Rule, made, names, rules

SERIES = "http_requests_total"


@pytest.mark.parametrize(
    ("matches", "template", "name"),
    [
        ("^(.*)_total$", "${1}_per_second", "http_requests_per_second"),
        ("^(.*)_total$", "$1", "http_requests"),
        ("^(.*)_total$", "$1_rate", ""),
        ("^(.*)_total$", "", "http_requests"),
        ("", "", SERIES),
        ("", "requests", "requests"),
        ("^(?P<what>http)_", "${what}$$", "http$"),
        ("^(.*)_sum$", "$1", None),
        ("(", "$1", None),
    ],
)
def test_names_as_the_adapter_makes_them(matches: str, template: str, name: str | None) -> None:
    """As in Go: `$1_rate` asks for a group of that name, which is not there."""
    assert Rule(SERIES, matches, template).name_of(SERIES) == name


@pytest.mark.parametrize(
    ("template", "answer"),
    [
        ("", None),
        ("${1}_per_second", None),
        ("requests", False),
        ("${1}_rate", False),
        ("a_${1}", False),
        ("http.${1}", False),
    ],
)
def test_a_pattern_of_series_may_make_many_names(template: str, answer: bool | None) -> None:
    """What stands in the template beside its groups can rule a name out."""
    assert Rule("", "^(.*)_total$", template).makes("http_requests_per_second") is answer


def test_rules_of_a_configuration() -> None:
    """One that makes the metric is enough; one of which it is not known leaves it open."""
    own = {"seriesQuery": 'http_requests_total{pod!=""}', "name": {"matches": "^(.*)_total$", "as": "${1}_x"}}
    other = {"seriesQuery": "queue_length", "name": {"matches": "queue_length", "as": "queue_length"}}
    every = {"seriesQuery": '{__name__=~".*"}', "name": None}
    assert made(rules([{"rules": [other, own]}]), "http_requests_x") is True
    assert made(rules([{"rules": [other]}, {"rules": None}]), "http_requests_x") is False
    assert names(rules([{"rules": [other, every, own]}])) == ["queue_length", "http_requests_x"]
    assert made(rules([{"rules": [other, every, "no rule"]}]), "http_requests_x") is None
    assert made(rules([{"rules": [{}]}]), "x") is None

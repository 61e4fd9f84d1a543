"""The selectors of PromQL expressions."""

from __future__ import annotations

import pytest

from pytest_k8sgrade.services.monitoring.promql import MAX_DEPTH, Selector, filters, needs, selectors


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("up", ["up"]),
        ("vector(1)", []),
        ("1e+3 * Inf", []),
        ("sum by (pod) (rate(a_total[1m])) > 3", ["a_total"]),
        ("sum(rate(x[5m])) by (pod) / on (a) group_left (b) y offset 5m", ["x", "y"]),
        ('a{code="5}0", path=~"/x.*"} / b', ['a{code="5}0",path=~"/x.*"}', "b"]),
        ('{__name__="a"} # comment with c', ['{__name__="a"}']),
        ("max_over_time(rate(x[5m])[1h:1m])", ["x"]),
        ("histogram_quantile(0.9, sum(rate(h_bucket[5m])) by (le))", ["h_bucket"]),
        ('absent(up{job="web"} == 1) or absent_over_time(y[5m])', []),
        ("a + a", ["a"]),
        ("job:errors:rate5m unless ignoring (x) b", ["job:errors:rate5m"]),
        ("a unless b and on (job) c or d", ["a", "c", "d"]),
        ("rate(x[5m] smoothed) + increase(y{a='b'}[5m] anchored)", ["x", "y{a='b'}"]),
        ("x offset 5m smoothed > 1", ["x"]),
        ("a) + b", ["a", "b"]),
    ],
)
def test_selectors_are_found(expression: str, expected: list[str]) -> None:
    """Functions, grouping labels, numbers and comments are none; what must be absent needs no series."""
    assert [selector.text for selector in selectors(expression)] == expected


@pytest.mark.parametrize(("window", "seconds"), [("30s", 30), ("1h30m", 5400), ("", None)])
def test_a_window_is_a_duration(window: str, seconds: float | None) -> None:
    """As Prometheus writes it."""
    written = f"rate(x[{window}])" if window else "x"
    assert [selector.window_s for selector in selectors(written)] == [seconds]


def test_a_torn_expression_is_read_to_its_end() -> None:
    """Prometheus refuses it; reading must not fail or go on for ever."""
    assert [selector.text for selector in selectors("sum(rate(x{a=")] == ["x{a}"]


@pytest.mark.parametrize(
    ("expression", "filtering"),
    [
        ("sum(rate(x[5m])) > 5", True),
        ("a and on (job) b", True),
        ("a == b", True),
        ("sum(a) >= bool 5", False),
        ('rate(x{code!="500",path=~"a<b"}[5m])', False),
        ("a / b", False),
    ],
)
def test_a_comparison_may_leave_nothing(expression: str, filtering: bool) -> None:
    """Matchers are none, and with `bool` it gives 0 instead."""
    assert filters(expression) is filtering


@pytest.mark.parametrize(
    ("expression", "lacking"),
    [
        ("old > 1 or new > 1", ["old", "new"]),
        ("here > 1 or new > 1", []),
        ("count(old) or vector(0)", []),
        ("here unless on (job) old", []),
        ("here and on (job) old", ["old"]),
        ("sum(old or here) / (new or old)", ["new", "old"]),
        ("label_replace(here or new, 'a', '', 'b', '') * old", ["old"]),
    ],
)
def test_one_side_of_or_is_enough(expression: str, lacking: list[str]) -> None:
    """What stands behind `unless` may be absent; of `or` one side must be there, within brackets too."""
    found = needs(expression)
    assert found is not None
    assert [one.metric for one in found.lacking(lambda one: one.metric == "here")] == lacking


@pytest.mark.parametrize(
    ("expression", "asked"),
    [
        ('x{a="b"}', "x"),
        ('{__name__="x", a="b"}', '{__name__="x"}'),
        ('{a="b", __name__=~"x|y"}', '{__name__=~"x|y"}'),
        ('{"x.total", a="b"}', '{"x.total"}'),
        ('{"a"="b"}', '{"a"="b"}'),
        ('rate({job="web"}[5m])', '{job="web"}'),
    ],
)
def test_a_metric_is_known_by_any_matcher_of_its_name(expression: str, asked: str) -> None:
    """A name may be matched, or stand in quotes; where nothing names a metric all matchers count."""
    assert [one.any_labels for one in selectors(expression)] == [asked]


def test_endless_brackets_are_not_read() -> None:
    """An expression may come from anybody."""
    deepest = "(" * MAX_DEPTH + "x" + ")" * MAX_DEPTH
    assert selectors(deepest) == [Selector("x")]
    assert needs(f"({deepest})") is None
    assert selectors(f"({deepest})") == []

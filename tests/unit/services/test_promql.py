"""The selectors of PromQL expressions."""

from __future__ import annotations

import pytest

from pytest_k8sgrade.services.monitoring.promql import filters, selectors


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
        ("job:errors:rate5m unless ignoring (x) b", ["job:errors:rate5m", "b"]),
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

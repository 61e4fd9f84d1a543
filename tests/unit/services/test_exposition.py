"""The text format of metrics: what is a sample, and what makes a page none."""

from __future__ import annotations

import math

import pytest

from pytest_k8sgrade.services.metrics.exposition import Exposed, parse, types

PAGE = r"""
# HELP http_requests_total Requests by code.
# TYPE http_requests_total counter
http_requests_total{code="200",method="get",} 1027 1395066363000
http_requests_total { code = "404" , path = "a\\b\"}\n" } 3
plain 1e3
empty{} NaN
bucket{le="+Inf"} +Inf # {trace_id="x"} 1
# EOF
"""


def test_samples_of_a_page() -> None:
    """Spaces, trailing commas, escapes, times and exemplars are all allowed."""
    first, second, third, fourth, fifth = parse(PAGE)
    assert first == Exposed("http_requests_total", {"code": "200", "method": "get"}, 1027)
    assert second == Exposed("http_requests_total", {"code": "404", "path": 'a\\b"}\n'}, 3)
    assert third == Exposed("plain", {}, 1000)
    assert (fourth.name, fourth.labels, math.isnan(fourth.value)) == ("empty", {}, True)
    assert (fifth.labels, fifth.value) == ({"le": "+Inf"}, math.inf)
    assert parse("") == []


def test_types_are_what_is_declared() -> None:
    """Help is none, and a metric without a type has none."""
    assert types(PAGE) == {"http_requests_total": "counter"}
    assert types("# TYPE a gauge\n#TYPE b histogram \n# TYPE c\na 1\n") == {"a": "gauge", "b": "histogram"}


@pytest.mark.parametrize(
    "page", ["<html>", "name", "name{a=b} 1", 'name{a="b"} one', 'name{a="b" 1', "7up 1", '{"a": 1}']
)
def test_another_page_is_an_error(page: str) -> None:
    """Callers turn it into a doubt: nothing is read from what is no page of metrics."""
    with pytest.raises(ValueError, match="line 2"):
        parse(f"good 1\n{page}\n")

"""Queries of Prometheus: empty, not a number, too short a window, too young a series."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from checks import prometheus
from tests.unit.checks.api import Answer, MemoryApi, look, reason, share, vector
from tests.unit.checks.monitoring import operated, target, targets
from tests.unit.checks.objects import Object

OLD = (200, {"status": "success", "data": {"startTime": "2026-03-01T00:00:00Z"}})
YOUNG = (200, {"status": "success", "data": {"startTime": "2026-03-02T09:59:40Z"}})
RATE = "rate(x_total[30s])"


def asked(
    known: Mapping[str, Answer], query: str, *objects: Object, started: Any = OLD, **wanted: Any
) -> Any:
    """One look at a query of a Prometheus that knows these answers, and nothing for any other."""

    def answer(params: Mapping[str, str]) -> Answer:
        return known.get(params["query"], vector())

    stack = MemoryApi(*operated("Prometheus"))
    scraped = target("p", "up", pod="pod-0") | {"scrapeInterval": "30s"}
    pages: dict[str, Any] = {"/api/v1/query": answer, "/api/v1/targets": targets(scraped)}
    pages |= {"/-/ready": (200, "x"), "/api/v1/status/runtimeinfo": started}
    stack.service("kps-prometheus", pages)
    return look(prometheus.test_query, stack.cluster(), namespace="monitoring", query=query, **wanted)


def test_what_is_missing_in_an_empty_answer_is_named() -> None:
    """The metric, its labels, or nothing but the comparison."""
    nothing = asked({}, "sum(y) / x{a='b'}")
    assert (reason(nothing), share(nothing)) == ("query-metric-absent", 0)
    assert nothing.reason is not None
    assert nothing.reason.params["metric"] == "y"
    other = asked({"x": vector("1")}, "x{a='b'} > 0")
    assert (reason(other), share(other)) == ("query-labels-match-nothing", 0)
    false = asked({"x": vector("1")}, "x > 5")
    assert (reason(false), share(false)) == ("query-condition-false", 0.5)
    assert asked({}, "x", started=YOUNG).status == "early"


@pytest.mark.parametrize("value", ["NaN", "+Inf", "-Inf"])
def test_a_division_by_zero_is_no_number(value: str) -> None:
    """Its series are there, so it is not nothing; no bound is met by it."""
    for wanted in ({}, {"above": 0}, {"below": 0.1}):
        seen = asked({"a / b": vector(value)}, "a / b", **wanted)
        assert (seen.status, reason(seen), share(seen)) == ("unmet", "query-not-a-number", 0.5)
    assert asked({"a / b": vector("1", value)}, "a / b").status == "met"


def test_values_are_compared_with_the_bounds() -> None:
    """Strictly; one good series is enough unless more are asked for."""
    known = {"q": vector("0", "0.5")}
    assert asked(known, "q", above=0).status == "met"
    assert asked(known, "q", above=0, below=0.5).status == "unmet"
    assert asked(known, "q", above=0, at_least=2).status == "unmet"
    seen = asked(known, "q", above=1)
    assert (reason(seen), share(seen)) == ("query-value-differs", 0)


def test_a_window_below_two_scrapes_gives_no_rate() -> None:
    """The counter is there; a window that is wide enough is named."""
    seen = asked({"x_total": vector("412")}, RATE)
    assert (seen.status, reason(seen), share(seen)) == ("unmet", "query-window-short", 0.5)
    assert seen.reason is not None
    assert (seen.reason.params["value"], seen.reason.params["wide"]) == ("412", "2m")


def test_a_series_younger_than_the_window_is_early() -> None:
    """Without a rate or with a rise of zero; an older one that does not rise is no doubt."""
    wide = "increase(x_total[5m])"
    for rise in (vector(), vector("0")):
        known = {"x_total": vector("8"), wide: rise}
        assert asked(known, wide, above=0).status == "early"
        old = asked(known | {"x_total offset 5m": vector("8")}, wide, above=0)
        assert old.status == "unmet"
    assert asked({"x_total": vector("0"), wide: vector("0")}, wide, above=0).status == "unmet"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"resultType": "matrix", "result": [{"metric": {}, "values": [[0, "1"], [1, "2"]]}]}, "met"),
        (
            {
                "resultType": "vector",
                "result": [{"metric": {}, "histogram": [0, {"count": "3", "sum": "9"}]}],
            },
            "met",
        ),
        ({"resultType": "vector", "result": None}, "unmet"),
    ],
)
def test_every_type_of_result_is_read(body: Object, expected: str) -> None:
    """A range vector by its newest value, a native histogram by its count."""
    answer = (200, {"status": "success", "data": body})
    assert asked({"q": answer}, "q", above=1).status == expected


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ((503, {"status": "error", "errorType": "timeout"}), "cannot-tell"),
        ((503, {"status": "error", "errorType": "unavailable"}), "unmet"),
        ((422, {"status": "error", "errorType": "execution"}), "cannot-tell"),
        ((500, {"status": "error", "errorType": "internal"}), "cannot-tell"),
        ((404, "404 page not found"), "cannot-tell"),
    ],
)
def test_an_error_of_the_query_is_not_the_student_s(answer: Answer, status: str) -> None:
    """Only a Prometheus that is not ready is a state of the cluster."""
    assert asked({"q": answer}, "q").status == status


def container_metrics(**known: Answer) -> Any:
    """One look at the container metrics."""
    answers = {
        'up{metrics_path="/metrics/cadvisor"}': known.get("up", vector("1")),
        'cpu{container!=""}': known.get("cpu", vector("1")),
    }

    def answer(params: Mapping[str, str]) -> Answer:
        return answers.get(params["query"], vector())

    stack = MemoryApi(*operated("Prometheus"))
    own: dict[str, Any] = {"/api/v1/query": answer, "/-/ready": (200, "x"), "/api/v1/status/runtimeinfo": OLD}
    stack.service("kps-prometheus", own)
    return look(prometheus.test_container_metrics, stack.cluster(), namespace="monitoring", metrics=["cpu"])


def test_container_metrics_need_their_label() -> None:
    """A scraped cAdvisor is half of it."""
    assert container_metrics().status == "met"
    seen = container_metrics(cpu=vector())
    assert (reason(seen), share(seen)) == ("containers-without-label", 0.5)
    assert share(container_metrics(cpu=vector(), up=vector("0"))) == 0

"""Tracing: the collector's health and counters, both interfaces of Jaeger, spans that make up traces."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from checks import tracing
from tests.packs.traces import HOURS_AGO, JUST_NOW, counters, listed, traces
from tests.unit.checks.api import NOW, MemoryApi, look, parts, reason, share
from tests.unit.checks.objects import Object, endpoints, item, namespace

WHERE = {"namespace": "tracing"}
CALL = {**WHERE, "caller": "frontend", "called": "backend"}
STATUS = {"kind": "Status", "apiVersion": "v1", "reason": "ServiceUnavailable", "code": 503}
HTML = (200, "<!doctype html><title>Jaeger UI</title>")


def api(**pages: Mapping[str, Any]) -> MemoryApi:
    """The two Services with what they answer."""
    stack = MemoryApi(namespace("tracing"))
    for name, ports in (("otel-collector", (4317, 8888, 13133)), ("jaeger", (4317, 16686))):
        spec = {"selector": {"app": name}, "ports": [{"name": f"p{at}", "port": at} for at in ports]}
        stack.add(
            item("v1", "Service", name, "tracing", spec=spec),
            endpoints(name, "tracing", ready=1, port=ports[0]),
        )
        stack.service(name, pages.get(name.replace("-", "_"), {}))
    return stack


@pytest.mark.parametrize(
    ("page", "status", "expected"),
    [
        ((200, {"status": "Server available", "upSince": "2026-03-02T08:00:00Z"}), "met", None),
        ((200, {"status": "StatusOK", "healthy": True}), "met", None),
        ((503, {"status": "Server not available"}), "unmet", "otel-unhealthy"),
        ((503, {"status": "StatusStarting", "healthy": False}), "unmet", "otel-unhealthy"),
        ((200, {"status": "StatusPermanentError", "healthy": True}), "unmet", "otel-unhealthy"),
        ((200, {"status": "StatusRecoverableError", "healthy": True}), "unmet", "otel-unhealthy"),
        ((200, {"status": "fine"}), "cannot-tell", "otel-health-unknown"),
        ((200, {"status": ["StatusOK"]}), "cannot-tell", "otel-health-unknown"),
        ((200, "<html>"), "cannot-tell", "otel-health-unknown"),
        ((200, {"healthy": True}), "cannot-tell", "otel-health-unknown"),
        ((404, "404 page not found"), "cannot-tell", "otel-health-unknown"),
        ((200, ["status"]), "cannot-tell", "otel-health-unknown"),
    ],
)
def test_the_health_check_has_a_status(page: Any, status: str, expected: str | None) -> None:
    """Of both versions of the extension; what has none is something else."""
    seen = look(tracing.test_collector, api(otel_collector={"/": page}).cluster(), **WHERE)
    assert (seen.status, reason(seen)) == (status, expected)


def test_a_service_without_the_health_port_is_named() -> None:
    """The first port is not taken for it."""
    stack = api(otel_collector={"/": (503, STATUS)})
    service = next(one for one in stack.objects if one["metadata"]["name"] == "otel-collector")
    service["spec"]["ports"].pop()
    assert reason(look(tracing.test_collector, stack.cluster(), **WHERE)) == "service-port-absent"


def pipeline(text: str, code: int = 200) -> Any:
    """One look at the collector's counters."""
    return look(tracing.test_pipeline, api(otel_collector={"/metrics": (code, text)}).cluster(), **WHERE)


def test_spans_go_in_and_out() -> None:
    """Each exporter that keeps them is a part; what only prints them is none."""
    good = counters(840, 840)[1]
    assert pipeline(good).status == "met"
    assert pipeline(good.replace("_spans_total", "_spans")).status == "met"
    assert pipeline(good.replace("_spans_total", "_spans__spans__total")).status == "met"
    assert reason(pipeline(counters(0, 0)[1])) == "otel-receives-nothing"
    assert reason(pipeline(counters(9, 9, exporter="debug")[1])) == "otel-without-exporter"
    failing = pipeline(counters(9, 0, 9)[1])
    assert (reason(failing), share(failing)) == ("otel-exports-nothing", 0.5)
    both = good + 'otelcol_exporter_sent_spans_total{exporter="debug"} 9\n'
    assert pipeline(both).status == "met"
    other = good + 'otelcol_exporter_send_failed_spans_total{exporter="otlp/tempo"} 9\n'
    assert parts(pipeline(other))["exporter/otlp/tempo"] == "otel-exports-nothing"
    unseen = "\n".join(line for line in good.splitlines() if "exporter" not in line)
    assert reason(pipeline(unseen)) == "otel-exports-nothing"


def test_in_the_first_minute_it_is_early() -> None:
    """Nothing received yet is no fault then; a failure is one."""
    young = counters(0, 0)[1].replace("7200", "20")
    assert pipeline(young).status == "early"
    assert pipeline(counters(9, 0)[1].replace("7200", "20")).status == "early"
    assert pipeline(counters(9, 0, 9)[1].replace("7200", "20")).status == "unmet"


def test_what_shows_no_counters_of_a_collector_is_in_doubt() -> None:
    """A page, another program's metrics, or another status."""
    assert reason(pipeline("<html>")) == "otel-telemetry-unreadable"
    assert reason(pipeline("http_requests_total 4\n")) == "otel-telemetry-unreadable"
    assert reason(pipeline("", 404)) == "service-answers-otherwise"


def legacy(found: list[Object], *services: str) -> dict[str, Any]:
    """Jaeger with the interface of its user interface."""
    return {"/api/services": listed(list(services) or None), "/api/traces": listed(found)}


def otlp(found: list[Object], *services: str) -> dict[str, Any]:
    """Jaeger with version 3 only: other paths answer with the page for browsers."""
    resources = [
        {
            "resource": {
                "attributes": [{"key": "service.name", "value": {"stringValue": _name(trace, one)}}]
            },
            "scopeSpans": [{"spans": [_span(one)]}],
        }
        for trace in found
        for one in trace["spans"]
    ]
    none = (404, {"error": {"httpCode": 404, "message": "No traces found"}})
    return {
        "/api/services": HTML,
        "/api/traces": HTML,
        "/api/v3/services": (200, {"services": list(services)}),
        "/api/v3/traces": (200, {"result": {"resourceSpans": resources}}) if resources else none,
    }


def _name(trace: Object, span: Object) -> str:
    return str(trace["processes"][span["processID"]]["serviceName"])


def _span(span: Object) -> Object:
    above = [ref["spanID"] for ref in span["references"]]
    start = {"startTimeUnixNano": str(span["startTime"] * 1000)}
    parent = {"parentSpanId": above[0]} if above else {}
    return {"traceId": span["traceID"], "spanId": span["spanID"], "name": "GET /", **start, **parent}


BOTH = pytest.mark.parametrize("interface", [legacy, otlp])


@BOTH
def test_jaeger_answers(interface: Any) -> None:
    """With or without services; a page for browsers, a failure or a login is no answer."""
    assert look(tracing.test_jaeger, api(jaeger=interface([], "a")).cluster(), **WHERE).status == "met"
    assert look(tracing.test_jaeger, api(jaeger=interface([])).cluster(), **WHERE).status == "met"
    older = {"/api/services": HTML, "/api/v3/services": (200, {})}
    assert look(tracing.test_jaeger, api(jaeger=older).cluster(), **WHERE).status == "met"


@pytest.mark.parametrize(
    ("page", "status", "expected"),
    [
        (HTML, "cannot-tell", "jaeger-bad-answer"),
        ((404, "404 page not found"), "cannot-tell", "jaeger-bad-answer"),
        ((200, {"status": "success"}), "cannot-tell", "jaeger-bad-answer"),
        ((500, {"data": None, "errors": [{"code": 500}]}), "unmet", "jaeger-unavailable"),
        ((403, ""), "cannot-tell", "jaeger-wants-password"),
    ],
)
def test_what_is_no_answer_of_jaeger(page: Any, status: str, expected: str) -> None:
    """Each is told apart."""
    pages = {"/api/services": page, "/api/v3/services": page}
    seen = look(tracing.test_jaeger, api(jaeger=pages).cluster(), **WHERE)
    assert (seen.status, reason(seen)) == (status, expected)


def test_a_sub_path_is_asked_below() -> None:
    """As Jaeger's base path says."""
    stack = api(jaeger={"/jaeger/api/services": listed(["a"])})
    assert look(tracing.test_jaeger, stack.cluster(), **WHERE, prefix="/jaeger/").status == "met"


@BOTH
def test_spans_must_be_new_and_of_the_service(interface: Any) -> None:
    """Those of others in the same trace do not count."""

    def spans(traced: str, at: datetime, **params: Any) -> Any:
        stack = api(jaeger=interface(traces(at), "backend", "frontend"))
        return look(tracing.test_spans, stack.cluster(), **WHERE, traced=traced, **params)

    assert spans("backend", JUST_NOW).status == "met"
    assert reason(spans("backend", HOURS_AGO)) == "spans-stale"
    assert spans("backend", HOURS_AGO, fresh="6h").status == "met"
    assert reason(spans("backend", JUST_NOW, at_least=2)) == "service-not-traced"
    absent = spans("database", JUST_NOW)
    assert (reason(absent), absent.seen) == ("service-not-traced", ["backend", "frontend"])
    future = spans("backend", NOW + timedelta(seconds=3))
    assert future.status == "met"  # another machine's clock may be a little ahead


@BOTH
def test_no_trace_at_all(interface: Any) -> None:
    """Version 3 says so with 404."""
    stack = api(jaeger=interface([]))
    assert reason(look(tracing.test_spans, stack.cluster(), **WHERE, traced="a")) == "service-not-traced"
    assert reason(look(tracing.test_connected, stack.cluster(), **CALL)) == "service-not-traced"


@BOTH
def test_a_call_is_one_trace(interface: Any) -> None:
    """One trace, and below a span of the caller."""

    def call(found: list[Object], **params: Any) -> Any:
        pages = interface(found, "backend", "frontend")
        return look(tracing.test_connected, api(jaeger=pages).cluster(), **CALL | params)

    assert call(traces(JUST_NOW)).status == "met"
    apart = call(traces(JUST_NOW, trace="t2", parent=""))
    assert (reason(apart), share(apart)) == ("trace-not-propagated", 0)
    orphan = call(traces(JUST_NOW, parent="ffff"))
    assert (reason(orphan), share(orphan)) == ("trace-parent-missing", 0.5)
    assert reason(call(traces(JUST_NOW), caller="backend", called="frontend")) == "trace-parent-missing"


def test_a_span_may_lie_deeper_and_a_circle_ends() -> None:
    """A proxy between the two that sends its spans is no obstacle."""
    (trace,) = traces(JUST_NOW)
    first, second = trace["spans"]
    between = {**second, "spanID": "p1", "processID": "p3", "references": second["references"]}
    second["references"] = [{"refType": "CHILD_OF", "traceID": "t1", "spanID": "p1"}]
    trace["processes"]["p3"] = {"serviceName": "proxy"}
    deep = {**trace, "spans": [first, between, second]}
    assert look(tracing.test_connected, api(jaeger=legacy([deep])).cluster(), **CALL).status == "met"
    between["references"] = [{"refType": "CHILD_OF", "traceID": "t1", "spanID": "b1"}]
    circle = look(tracing.test_connected, api(jaeger=legacy([deep])).cluster(), **CALL)
    assert reason(circle) == "trace-parent-missing"


@pytest.mark.parametrize(
    "broken",
    [
        {"traceID": "t1"},
        {"traceID": "t1", "spans": [{}], "processes": None},
        {"spans": [{"startTime": 10**30, "processID": "p", "references": None}], "processes": {"p": {}}},
    ],
)
def test_traces_that_lack_something_are_no_bug_of_ours(broken: Object) -> None:
    """They have no span of the service."""
    stack = api(jaeger=legacy([broken]))
    assert reason(look(tracing.test_spans, stack.cluster(), **WHERE, traced="a")) == "service-not-traced"


def test_one_of_several_collectors_knows_only_its_own_spans() -> None:
    """None there is a doubt, some are a proof."""
    several = endpoints("otel-collector", "tracing", ready=2, port=4317)
    for text, status in ((counters(0, 0)[1], "cannot-tell"), (counters(9, 9)[1], "met")):
        stack = api(otel_collector={"/metrics": (200, text)})
        stack.objects = [one for one in stack.objects if one["metadata"]["name"] != "otel-collector-x"]
        assert look(tracing.test_pipeline, stack.add(several).cluster(), **WHERE).status == status


def test_counters_on_localhost_are_out_of_sight() -> None:
    """Refused at a port that the Service has, before pods that are ready; without any it is a fault."""
    stack = api(otel_collector={"/metrics": (503, STATUS)})
    seen = look(tracing.test_pipeline, stack.cluster(), **WHERE)
    assert (seen.status, reason(seen)) == ("cannot-tell", "otel-telemetry-unreadable")
    stack.objects = [one for one in stack.objects if one["kind"] != "EndpointSlice"]
    assert look(tracing.test_pipeline, stack.cluster(), **WHERE).status == "unmet"


@pytest.mark.parametrize(("trace_id", "status"), [("t1", "met"), ("t9", "unmet")])
def test_what_follows_from_a_span_lies_below_it(trace_id: str, status: str) -> None:
    """In the same trace, as after a queue; a link to another trace is none."""
    (trace,) = traces(JUST_NOW)
    (above,) = trace["spans"][1]["references"]
    above |= {"refType": "FOLLOWS_FROM", "traceID": trace_id}
    assert look(tracing.test_connected, api(jaeger=legacy([trace])).cluster(), **CALL).status == status

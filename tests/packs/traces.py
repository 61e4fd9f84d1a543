"""The tracing lab in memory: OpenTelemetry Collector and Jaeger, and what can go wrong with them.

A stand-in: neither runs here. The shapes of their answers are those of real ones (Jaeger 1.76.0 and a
collector 0.140.0 built into it), which were asked once; what is in them is made up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from tests.packs.stack import Stack, deployment, fresh, service
from tests.unit.checks.api import NOW, Answer
from tests.unit.checks.objects import Object, namespace

SPACE: Final = "tracing"
COLLECTOR: Final = "otel-collector"
JUST_NOW: Final = NOW - timedelta(seconds=40)
HOURS_AGO: Final = NOW - timedelta(hours=5)


def reference() -> Stack:
    """All of it works."""
    stack = fresh()
    stack.objects += [
        namespace(SPACE),
        *deployment(COLLECTOR, SPACE),
        *service(
            COLLECTOR, SPACE, **{"otlp-grpc": 4317, "otlp-http": 4318, "metrics": 8888, "health": 13133}
        ),
        *deployment("jaeger", SPACE),
        *service("jaeger", SPACE, query=16686, grpc=4317),
    ]
    stack.answer(COLLECTOR, {"/": health("Server available"), "/metrics": counters(accepted=840, sent=840)})
    known(stack, traces(JUST_NOW), "backend", "frontend")
    return stack


def health(status: str) -> Answer:
    """The answer of health_check."""
    up = {"upSince": "2026-03-02T08:00:00Z", "uptime": "2h0m0s"} if status == "Server available" else {}
    return (200 if up else 503), {"status": status, **up}


def counters(accepted: int, sent: int, failed: int = 0, exporter: str = "otlp/jaeger") -> Answer:
    """The collector's own metrics, as far as they are about spans."""
    lines = _counter("process_uptime_seconds", "", 7200)
    if accepted:
        lines += _counter("exporter_send_failed_spans", f'exporter="{exporter}",', failed)
        lines += _counter("exporter_sent_spans", f'exporter="{exporter}",', sent)
        lines += _counter("receiver_accepted_spans", 'receiver="otlp",transport="http",', accepted)
    return 200, "\n".join(lines) + "\n"


def _counter(name: str, labels: str, value: int) -> list[str]:
    scope = 'otel_scope_name="go.opentelemetry.io/collector",otel_scope_schema_url="",otel_scope_version=""'
    metric = f"otelcol_{name}_total"
    return [f"# TYPE {metric} counter", f"{metric}{{{labels}{scope}}} {value}"]


def traces(at: datetime, *, parent: str = "a1", trace: str = "t1", names: Sequence[str] = ()) -> list[Object]:
    """A request to the frontend that goes on to the backend; in traces of their own if they differ."""
    caller, called = names or ("frontend", "backend")
    first = span("t1", "a1", "", "p1", at)
    second = span(trace, "b1", parent, "p2", at + timedelta(milliseconds=5))
    if trace == "t1":
        return [_trace("t1", [first, second], p1=caller, p2=called)]
    return [_trace("t1", [first], p1=caller), _trace(trace, [second], p2=called)]


def _trace(trace: str, spans: Sequence[Object], **processes: str) -> Object:
    named = {key: {"serviceName": name, "tags": []} for key, name in processes.items()}
    return {"traceID": trace, "spans": list(spans), "processes": named, "warnings": None}


def span(trace: str, own: str, parent: str, process: str, at: datetime) -> Object:
    """A span as Jaeger's user interface gets it."""
    above = [{"refType": "CHILD_OF", "traceID": trace, "spanID": parent}] if parent else []
    return {
        "traceID": trace,
        "spanID": own,
        "operationName": "GET /",
        "references": above,
        "startTime": int(at.timestamp() * 1_000_000),
        "duration": 4000,
        "tags": [],
        "logs": [],
        "processID": process,
        "warnings": None,
    }


def listed(data: Any) -> Answer:
    """An answer of Jaeger with that data."""
    count = len(data) if isinstance(data, list) else 0
    return 200, {"data": data, "total": count, "limit": 0, "offset": 0, "errors": None}


def known(stack: Stack, found: Sequence[Object], *services: str) -> None:
    """What Jaeger has: the traces are those of every service that it knows."""
    stack.answer(
        "jaeger", {"/api/services": listed(list(services) or None), "/api/traces": listed(list(found))}
    )


def _never_sent(stack: Stack) -> None:
    known(stack, [])


def _cut_off(stack: Stack) -> None:
    """What was there before remains."""
    known(stack, traces(HOURS_AGO), "backend", "frontend")


def collector_absent(stack: Stack) -> None:
    """The Deployment was deleted."""
    stack.objects = [
        one
        for one in stack.objects
        if one["metadata"]["name"] not in (COLLECTOR, f"{COLLECTOR}-abc-1") or one["kind"] == "Service"
    ]
    stack.nowhere(COLLECTOR)
    _cut_off(stack)


def collector_crashes(stack: Stack) -> None:
    """A key of the configuration is wrong."""
    stack.unready(COLLECTOR, "CrashLoopBackOff", 7)
    _cut_off(stack)


def collector_unavailable(stack: Stack) -> None:
    """It runs and is not ready to take spans."""
    stack.answer(COLLECTOR, {"/": health("Server not available")})


def health_port_missing(stack: Stack) -> None:
    """The Service has no port for the health check."""
    spec = stack.get("Service", COLLECTOR)["spec"]
    spec["ports"] = [one for one in spec["ports"] if one["port"] != 13133]
    gone = {
        "kind": "Status",
        "apiVersion": "v1",
        "status": "Failure",
        "reason": "ServiceUnavailable",
        "code": 503,
    }
    stack.answer(COLLECTOR, {"/": (503, gone)})


def health_check_other(stack: Stack) -> None:
    """Something else answers at that port."""
    stack.answer(COLLECTOR, {"/": (200, "<html>zpages</html>")})


def nothing_sent_to_it(stack: Stack) -> None:
    """The applications have another endpoint."""
    stack.answer(COLLECTOR, {"/metrics": counters(0, 0)})
    _never_sent(stack)


def debug_exporter_only(stack: Stack) -> None:
    """Spans end in the collector's log."""
    stack.answer(COLLECTOR, {"/metrics": counters(840, 840, exporter="debug")})
    _never_sent(stack)


def exporter_wrong_endpoint(stack: Stack) -> None:
    """The exporter names a Service that does not exist."""
    stack.answer(COLLECTOR, {"/metrics": counters(840, 0, 840)})
    _never_sent(stack)


def jaeger_absent(stack: Stack) -> None:
    """Jaeger was not installed."""
    stack.drop("jaeger", "jaeger-x", "jaeger-abc-1")
    stack.answer(COLLECTOR, {"/metrics": counters(840, 0, 840)})


def jaeger_image_missing(stack: Stack) -> None:
    """Its image cannot be pulled."""
    stack.unready("jaeger", "ImagePullBackOff")


def jaeger_storage_fails(stack: Stack) -> None:
    """Its storage is not reached."""
    failed = {
        "data": None,
        "total": 0,
        "limit": 0,
        "offset": 0,
        "errors": [{"code": 500, "msg": "no storage"}],
    }
    stack.answer("jaeger", {"/api/services": (500, failed), "/api/traces": (500, failed)})


def jaeger_other_port(stack: Stack) -> None:
    """The Service leads to a port that takes spans and answers no questions."""
    stack.silence("jaeger", "/api/services", "/api/traces")


def caller_without_name(stack: Stack) -> None:
    """OTEL_SERVICE_NAME is not set."""
    known(
        stack, traces(JUST_NOW, names=("unknown_service:node", "backend")), "backend", "unknown_service:node"
    )


def called_not_instrumented(stack: Stack) -> None:
    """The backend sends nothing."""
    known(stack, [_trace("t1", [span("t1", "a1", "", "p1", JUST_NOW)], p1="frontend")], "frontend")


def no_new_requests(stack: Stack) -> None:
    """The newest span is hours old."""
    _cut_off(stack)


def context_not_propagated(stack: Stack) -> None:
    """Every service begins a trace of its own."""
    known(stack, traces(JUST_NOW, trace="t2", parent=""), "backend", "frontend")


def parent_missing(stack: Stack) -> None:
    """The span between the two is sent to nobody."""
    known(stack, traces(JUST_NOW, parent="ffff"), "backend", "frontend")


MUTATIONS: Final[Mapping[str, Callable[[Stack], None]]] = {
    change.__name__.replace("_", "-"): change
    for change in (
        collector_absent,
        collector_crashes,
        collector_unavailable,
        health_port_missing,
        health_check_other,
        nothing_sent_to_it,
        debug_exporter_only,
        exporter_wrong_endpoint,
        jaeger_absent,
        jaeger_image_missing,
        jaeger_storage_fails,
        jaeger_other_port,
        caller_without_name,
        called_not_instrumented,
        no_new_requests,
        context_not_propagated,
        parent_missing,
    )
}

"""Jaeger's query service: which services have sent spans, and the spans of their traces.

Two interfaces answer the same: the one of the user interface (`/api/services`), which newer
versions no longer have, and version 3 (`/api/v3`), whose traces are those of OpenTelemetry. A
server that has neither answers with its page for browsers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, NoReturn

from pytest_k8sgrade.kube.times import format_time
from pytest_k8sgrade.outcome import cannot_tell, unmet
from pytest_k8sgrade.services.web import Page, Web

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster

PORT: Final = 16686
LOOKBACK: Final = timedelta(hours=48)
"""How far the older interface looks back by itself; the newer one is asked for the same."""
MOST: Final = 50
"""Traces that are looked at."""


@dataclass(frozen=True, slots=True)
class Span:
    """One span: `parent` is the id of the span above it, empty for the first of a trace."""

    trace: str
    id: str
    parent: str
    service: str
    at: datetime | None


class Jaeger:
    """One query service behind the service proxy; `prefix` is a sub-path that it is served from."""

    def __init__(self, cluster: Cluster, namespace: str, service: str, prefix: str = "") -> None:
        self.web = Web(cluster, service, namespace, PORT)
        self._prefix = prefix.rstrip("/")
        self._now = cluster.now

    def services(self) -> list[str]:
        """The services that have sent spans, by name."""
        page = self._get("/api/services")
        if _has(page, "data"):
            return sorted(str(one) for one in page["data"] or [])
        page = self._get("/api/v3/services")
        if not _has(page, "services") and (page.status, page.body) != (200, {}):  # older ones leave out none
            self._unusable(page)
        return sorted(str(one) for one in page["services"] or [])

    def spans(self, service: str) -> list[Span]:
        """The spans of the newest traces in which a service takes part, those of other services too."""
        page = self._get("/api/traces", {"service": service, "limit": str(MOST)})
        if _has(page, "data"):
            return [span for trace in page["data"] or [] for span in _of_trace(trace)]
        params = {
            "query.service_name": service,
            "query.start_time_min": format_time(self._now - LOOKBACK),
            "query.start_time_max": format_time(self._now),
            "query.num_traces": str(MOST),
        }
        page = self._get("/api/v3/traces", params)
        if page.status == 404 and page.body is not None:
            return []
        if not _has(page, "result"):
            self._unusable(page)
        resources = (page["result"] or {}).get("resourceSpans") or []
        return [span for resource in resources for span in _of_resource(resource)]

    def _get(self, path: str, params: Mapping[str, str] | None = None) -> Page:
        page = self.web.get(self._prefix + path, params)
        if page.status in (401, 403):
            cannot_tell("jaeger-wants-password", seen=page.status, status=page.status, **self.web.where)
        if page.status >= 500:
            unmet("jaeger-unavailable", seen=page.status, wanted=200, status=page.status, **self.web.where)
        return page

    def _unusable(self, page: Page) -> NoReturn:
        cannot_tell("jaeger-bad-answer", seen=page.status, status=page.status, **self.web.where)


def _has(page: Page, key: str) -> bool:
    return page.status == 200 and isinstance(page.body, dict) and key in page.body


def _of_trace(trace: Mapping[str, Any]) -> Iterator[Span]:
    """The spans of a trace as the user interface gets it."""
    processes = trace.get("processes") or {}
    for one in trace.get("spans") or []:
        above = _references(one, str(one.get("traceID") or trace.get("traceID")))
        start = one.get("startTime")
        yield Span(
            trace=str(one.get("traceID") or trace.get("traceID")),
            id=str(one.get("spanID")),
            parent=str(above[0].get("spanID")) if above else "",
            service=str((processes.get(one.get("processID")) or {}).get("serviceName") or ""),
            at=_moment(start, 1_000_000) if isinstance(start, int) else None,
        )


def _references(span: Mapping[str, Any], trace: str) -> list[Mapping[str, Any]]:
    """What a span refers to in its own trace: first what it is a child of, then what it follows from."""
    own = [one for one in span.get("references") or [] if one.get("traceID", trace) == trace]
    kinds = ("CHILD_OF", "FOLLOWS_FROM")
    return [one for kind in kinds for one in own if one.get("refType") == kind]


def _of_resource(resource: Mapping[str, Any]) -> Iterator[Span]:
    """The spans of one resource in OpenTelemetry's form."""
    attributes = (resource.get("resource") or {}).get("attributes") or []
    named = [one.get("value") or {} for one in attributes if one.get("key") == "service.name"]
    service = str(named[0].get("stringValue") or "") if named else ""
    for scope in resource.get("scopeSpans") or []:
        for one in scope.get("spans") or []:
            start = str(one.get("startTimeUnixNano") or "")
            yield Span(
                trace=str(one.get("traceId")),
                id=str(one.get("spanId")),
                parent=str(one.get("parentSpanId") or ""),
                service=service,
                at=_moment(int(start), 1_000_000_000) if start.isdecimal() else None,
            )


def _moment(count: int, per_second: int) -> datetime | None:
    try:
        return datetime.fromtimestamp(count / per_second, UTC)
    except (OverflowError, OSError, ValueError):
        return None

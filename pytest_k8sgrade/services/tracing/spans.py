"""What the spans of a service show: that it sends any, that they are new, whom it calls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, NoReturn

from pytest_k8sgrade.kube.duration import parse_duration
from pytest_k8sgrade.kube.times import format_time
from pytest_k8sgrade.outcome import Findings, unmet
from pytest_k8sgrade.services.tracing.jaeger import Jaeger, Span


def require_new(jaeger: Jaeger, traced: str, now: datetime, fresh: str, at_least: int) -> None:
    """Unmet unless so many spans of a service are known, the newest not older than `fresh`."""
    own = [span for span in jaeger.spans(traced) if span.service == traced]
    if len(own) < at_least:
        not_traced(jaeger, traced, len(own), at_least)
    newest = max((span.at for span in own if span.at is not None), default=None)
    if newest is None or now - newest > timedelta(seconds=parse_duration(fresh)):
        told = {"count": len(own), "newest": format_time(newest) if newest else None, "fresh": fresh}
        where = {"traced": traced, "now": format_time(now), **jaeger.web.where}
        unmet("spans-stale", seen=told["newest"], wanted=fresh, **told, **where)


def not_traced(jaeger: Jaeger, traced: str, found: int = 0, wanted: int = 1) -> NoReturn:
    """Tell that a service has sent no or too few spans, and which services have."""
    others = jaeger.services()
    told = {"traced": traced, "found": found, "asked": wanted, "others": others, **jaeger.web.where}
    unmet("service-not-traced", seen=others, wanted=traced, **told)


def judge_call(found: Findings, jaeger: Jaeger, caller: str, called: str) -> None:
    """Record that both have spans, that a trace has spans of both, and that one leads to the other."""
    spans = [*jaeger.spans(caller), *jaeger.spans(called)]
    by_service = {name: [one for one in spans if one.service == name] for name in (caller, called)}
    for name, own in by_service.items():
        if not own:
            not_traced(jaeger, name)
    shared = {one.trace for one in by_service[caller]} & {one.trace for one in by_service[called]}
    told: dict[str, Any] = {"caller": caller, "called": called, **jaeger.web.where}
    found.require(bool(shared), "trace-not-propagated", part="trace", seen=len(shared), wanted=1, **told)
    if shared:
        known = {(one.trace, one.id): one for one in spans}
        led = any(caller in _above(one, known) for one in by_service[called])
        found.require(led, "trace-parent-missing", part="parent", seen=led, wanted=True, **told)


def _above(span: Span, known: Mapping[tuple[str, str], Span]) -> set[str]:
    """The services of the spans that a span lies below."""
    return {one.service for one in _ancestors(span, known)}


def _ancestors(span: Span, known: Mapping[tuple[str, str], Span]) -> Iterator[Span]:
    seen: set[str] = set()
    above = known.get((span.trace, span.parent))
    while above is not None and above.id not in seen:
        seen.add(above.id)
        yield above
        above = known.get((above.trace, above.parent))

"""The OpenTelemetry Collector: its health, and what its own counters say went through it.

The health check names a status in its body, whatever the HTTP status is; what has no such body
is something else behind that port. Counters are those
of one pod behind the Service, since its last start. Their names gained endings over time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pytest_k8sgrade.outcome import Findings, Unmet, cannot_tell, unmet
from pytest_k8sgrade.services.diagnosis import if_readable
from pytest_k8sgrade.services.metrics.exposition import Exposed, parse
from pytest_k8sgrade.services.running.backends import ready_addresses
from pytest_k8sgrade.services.web import Web, answered

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster

_HEALTHY: Final = frozenset({"Server available", "StatusOK"})
_UNHEALTHY: Final = frozenset(
    {
        "Server not available",
        *("StatusNone", "StatusStarting", "StatusStopping", "StatusStopped"),
        *("StatusRecoverableError", "StatusPermanentError", "StatusFatalError"),
    }
)
"""Of both versions of the extension; the second answers 200 to an error that it may recover from."""
FIRST_BATCH_S: Final = 60
"""In its first minute a collector may not have been given a span yet."""
_ENDINGS: Final = ("", "_total", "__spans__total")
_FOR_EYES_ONLY: Final = frozenset({"debug", "logging", "nop"})
"""Exporters that keep no span."""


@dataclass(frozen=True, slots=True)
class Flow:
    """Spans that were accepted, by receiver, and sent or failed, by exporter."""

    accepted: Mapping[str, int]
    sent: Mapping[str, int]
    failed: Mapping[str, int]
    uptime_s: float | None

    @property
    def keeping(self) -> list[str]:
        """The exporters that hand spans on to somebody who keeps them."""
        names = sorted({*self.sent, *self.failed})
        return [name for name in names if name.partition("/")[0] not in _FOR_EYES_ONLY]


def require_healthy(web: Web, path: str) -> None:
    """Unmet unless the health check says that the collector is available."""
    page = web.get(path)
    state = page["status"]
    if not isinstance(state, str) or state not in _HEALTHY | _UNHEALTHY:
        cannot_tell("otel-health-unknown", seen=page.status, status=page.status, path=path, **web.where)
    if state not in _HEALTHY or page.status != 200:
        told = {"state": state, "status": page.status, **web.where}
        unmet("otel-unhealthy", seen=state, wanted=sorted(_HEALTHY), **told)


def flow(cluster: Cluster, service: str, namespace: str, port: str) -> Flow:
    """What the collector's own counters say; CannotTell when they are none."""
    try:
        text = answered(cluster, service, namespace, port, "/metrics").text
    except Unmet as finding:
        if finding.reason.id not in ("service-unreachable", "service-port-absent"):
            raise
        cannot_tell("otel-telemetry-unreadable", service=service, namespace=namespace, port=port)
    try:
        samples = parse(text)
    except ValueError:
        samples = []
    if not any(one.name.startswith("otelcol_") for one in samples):
        cannot_tell("otel-telemetry-unreadable", service=service, namespace=namespace, port=port)
    uptimes = [one.value for one in samples if one.name.startswith("otelcol_process_uptime")]
    return Flow(
        accepted=_by(samples, "otelcol_receiver_accepted_spans", "receiver"),
        sent=_by(samples, "otelcol_exporter_sent_spans", "exporter"),
        failed=_by(samples, "otelcol_exporter_send_failed_spans", "exporter"),
        uptime_s=max(uptimes, default=None),
    )


def _by(samples: Iterable[Exposed], name: str, label: str) -> dict[str, int]:
    """The counts of a metric by one label; the others are added up."""
    names = {name + ending for ending in _ENDINGS}
    found: dict[str, int] = {}
    for one in samples:
        if one.name in names and one.value >= 0:
            key = one.labels.get(label, "-")
            found[key] = found.get(key, 0) + int(one.value)
    return found


def require_telling(cluster: Cluster, flow: Flow, where: Mapping[str, Any]) -> None:
    """CannotTell when only one of several collectors was heard, and it knows of no span."""
    if sum(flow.accepted.values()) > 0:
        return
    service = if_readable(lambda: cluster.get("v1", "Service", where["service"], where["namespace"]))
    ready = if_readable(lambda: ready_addresses(cluster, service)) if service is not None else None
    if ready is not None and len(ready) > 1:
        cannot_tell("otel-one-of-several", seen=0, wanted=1, replicas=len(ready), **where)


def judge_flow(found: Findings, flow: Flow, where: Mapping[str, Any]) -> None:
    """Record what came in and, once something has, each exporter that keeps spans, as parts."""
    accepted = sum(flow.accepted.values())
    early = flow.uptime_s is not None and flow.uptime_s < FIRST_BATCH_S
    told: dict[str, Any] = {"seen": accepted, "wanted": 1, "receivers": sorted(flow.accepted), **where}
    found.require(accepted > 0, "otel-receives-nothing", part="received", early=early, **told)
    if not accepted:
        return
    others = sorted(flow.sent)
    if others and not flow.keeping:
        params: dict[str, Any] = {"seen": others, "wanted": "otlp", "others": others, **where}
        found.require(False, "otel-without-exporter", part="exported", **params)
        return
    for name in flow.keeping or ["-"]:
        sent, failed = flow.sent.get(name, 0), flow.failed.get(name, 0)
        counts: dict[str, Any] = {"exporter": name, "sent": sent, "failed": failed, "accepted": accepted}
        part: dict[str, Any] = {"part": f"exporter/{name}", "seen": sent, "wanted": 1}
        found.require(sent > 0, "otel-exports-nothing", early=early and not failed, **part, **counts, **where)

"""Tracing: the collector takes spans and hands them on, Jaeger knows them, they make up traces.

Each level is asked apart: the OpenTelemetry Collector is healthy (`collector`), spans go through
it (`pipeline`), Jaeger answers (`jaeger`), it has new spans of a service (`spans`), and the spans
of two services are one trace, so that the context is handed on (`connected`). A user interface
that opens proves none of the others.
"""

from __future__ import annotations

from pytest_k8sgrade.cluster import Cluster
from pytest_k8sgrade.outcome import Findings
from pytest_k8sgrade.services.tracing import collector, spans
from pytest_k8sgrade.services.tracing.jaeger import Jaeger
from pytest_k8sgrade.services.web import Web

COLLECTOR = "otel-collector"
JAEGER = "jaeger"


def test_collector(
    cluster: Cluster, namespace: str, service: str = COLLECTOR, port: str = "13133", path: str = "/"
) -> None:
    """The OpenTelemetry Collector behind {service} is healthy.

    `port` is that of the Service which leads to the extension health_check, `path` where it answers.
    """
    collector.require_healthy(Web(cluster, service, namespace, port=port), path)


def test_pipeline(cluster: Cluster, namespace: str, service: str = COLLECTOR, port: str = "8888") -> None:
    """Spans go through the OpenTelemetry Collector behind {service}.

    `port` is where the collector exposes its own metrics.
    """
    found = Findings()
    where = {"service": service, "namespace": namespace}
    flow = collector.flow(cluster, service, namespace, port)
    collector.require_telling(cluster, flow, where)
    collector.judge_flow(found, flow, where)
    found.close()


def test_jaeger(cluster: Cluster, namespace: str, service: str = JAEGER, prefix: str = "") -> None:
    """Jaeger behind {service} answers questions about traces."""
    Jaeger(cluster, namespace, service, prefix).services()


def test_spans(
    cluster: Cluster,
    namespace: str,
    traced: str,
    *,
    fresh: str = "1h",
    at_least: int = 1,
    service: str = JAEGER,
    prefix: str = "",
) -> None:
    """Jaeger has new spans of {traced}."""
    spans.require_new(Jaeger(cluster, namespace, service, prefix), traced, cluster.now, fresh, at_least)


def test_connected(
    cluster: Cluster,
    namespace: str,
    caller: str,
    called: str,
    *,
    service: str = JAEGER,
    prefix: str = "",
) -> None:
    """A call from {caller} to {called} is one trace."""
    found = Findings()
    spans.judge_call(found, Jaeger(cluster, namespace, service, prefix), caller, called)
    found.close()

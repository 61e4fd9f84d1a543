"""What an application exposes at its metrics address, before anything has scraped it.

The page is read through the Service, so from one of its pods: that each pod is scraped
is what Prometheus' targets are asked for. A metric with labels is on the page only
once it has counted something.
"""

from __future__ import annotations

from typing import Any, Literal

from pytest_k8sgrade.cluster import Cluster
from pytest_k8sgrade.outcome import Findings, unmet
from pytest_k8sgrade.services.metrics.exposition import parse, type_of
from pytest_k8sgrade.services.web import answered

Kind = Literal["counter", "gauge", "histogram", "summary", "untyped"]
_SUFFIX = {"histogram": "_bucket", "summary": "_count"}
_LONGEST = 60


def test_exposes(
    cluster: Cluster,
    name: str,
    namespace: str,
    port: str,
    metric: str,
    *,
    kind: Kind = "counter",
    labels: list[str] = [],  # noqa: B006 - never changed
    path: str = "/metrics",
) -> None:
    """The Service {name} exposes the {kind} {metric} at {path}."""
    text = answered(cluster, name, namespace, port, path).text
    told: dict[str, Any] = {"name": name, "namespace": namespace, "path": path, "metric": metric}
    try:
        samples = parse(text)
    except ValueError:
        begins = text.strip()[:_LONGEST]
        unmet("exposition-unreadable", seen=begins, wanted=metric, begins=begins, **told)
    own = [sample for sample in samples if sample.name == metric + _SUFFIX.get(kind, "")]
    if not own:
        offered = sorted({sample.name for sample in samples})
        unmet("metric-not-exposed", seen=offered, wanted=metric, offered=offered, **told)
    found, has = Findings(), type_of(text, metric)
    found.require(True, "metric-not-exposed", part="exposed", weight=2)
    found.require(has == kind, "metric-of-other-type", part="type", seen=has, wanted=kind, has=has, **told)
    for label in labels:
        seen = sorted({one for sample in own for one in sample.labels})
        everywhere = all(label in sample.labels for sample in own)
        found.require(
            everywhere,
            "metric-without-label",
            part=f"label/{label}",
            seen=seen,
            wanted=label,
            label=label,
            **told,
        )
    found.close()

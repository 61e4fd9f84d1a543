"""Changes to KEDA's programs, and to the APIService that leads to one of them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tests.testbed.layers import look
from tests.testbed.layers.keda import NAMESPACE, served
from tests.testbed.scenarios.change import Target

from .event_driven import of

if TYPE_CHECKING:
    from tests.testbed.node import Bed

OPERATOR = Target("deployment", NAMESPACE, "keda-operator")
SERVER = Target("deployment", NAMESPACE, "keda-metrics-apiserver")
API = Target("apiservice", NAMESPACE, "v1beta1.external.metrics.k8s.io")


def stopped(bed: Bed, target: Target, count: int = 0) -> None:
    """Scale one of KEDA's programs."""
    target.patch(bed, {"spec": {"replicas": count}})


def gone(bed: Bed, target: Target) -> str | None:
    """Whether a program has no pod."""
    found = (target.read(bed) or {"status": {}})["status"]
    return f"{found.get('replicas')} pods" if found.get("replicas") else None


def unavailable(bed: Bed) -> str | None:
    """Whether the external metrics API is not available."""
    return None if served(bed) else "still available"


def back(bed: Bed, target: Target) -> None:
    """One pod again, ready."""
    stopped(bed, target, 1)
    look.until(f"{target.name} ready", partial(look.ready, bed, target.kind, target.namespace, target.name))


of(
    "keda-operator-stopped",
    "KEDA's operator has 0 replicas",
    lambda bed: stopped(bed, OPERATOR),
    effect=lambda bed: gone(bed, OPERATOR),
    undo=lambda bed: back(bed, OPERATOR),
)
of(
    "keda-metrics-server-stopped",
    "KEDA's metrics server has 0 replicas",
    lambda bed: stopped(bed, SERVER),
    effect=lambda bed: gone(bed, SERVER) or unavailable(bed),
    undo=lambda bed: back(bed, SERVER),
)
of(
    "external-metrics-taken",
    "The external metrics API belongs to another adapter",
    lambda bed: API.patch(
        bed, {"spec": {"service": {"name": "prometheus-adapter", "namespace": "monitoring"}}}
    ),
    effect=unavailable,
    undo=lambda bed: API.patch(
        bed, {"spec": {"service": {"name": "keda-metrics-apiserver", "namespace": NAMESPACE}}}
    ),
)

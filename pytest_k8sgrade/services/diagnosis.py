"""Reads that only explain a fault which is already known.

A student is told the cause where it can be found. When such a read fails, the
fault stays what it is and only its explanation is missing: it must never turn a
known fault into an item that could not be graded.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from pytest_k8sgrade.kube.conditions import Condition
from pytest_k8sgrade.kube.rollout import named
from pytest_k8sgrade.outcome import CannotTell, Finding, absent, cannot_tell, unmet

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster

T = TypeVar("T")


def if_readable(read: Callable[[], T]) -> T | None:
    """What the read gives, or None when it cannot be had."""
    try:
        return read()
    except Finding:
        return None


def if_recorded(read: Callable[[], T], otherwise: T) -> T:
    """What the read gives; `otherwise` where the question is newer than the evidence."""
    try:
        return read()
    except CannotTell as doubt:
        if doubt.reason.id != "not-recorded":
            raise
        return otherwise


def require_namespace(cluster: Cluster, namespace: str) -> None:
    """Absent when there is no such namespace: a list in it is only empty."""
    if cluster.find("v1", "Namespace", namespace) is None:
        absent("namespace-absent", namespace=namespace)


def require_known(item: Mapping[str, Any], found: Condition, reasons: Collection[str]) -> None:
    """CannotTell when a condition has a reason that no version we know gives: what it means is not known."""
    if found.reason not in reasons:
        cannot_tell(
            "condition-unknown",
            seen=found.reason,
            wanted=sorted(reasons),
            condition=found.type,
            status=found.status,
            why=found.reason,
            **named(item),
        )


def require_lasting(item: Mapping[str, Any]) -> None:
    """Unmet while an object is being deleted: it still works, but not for long."""
    metadata = item["metadata"]
    if metadata.get("deletionTimestamp"):
        where = named(item)
        place = f"{where['namespace']}/{where['name']}".removeprefix("/")
        finalizers = list(metadata.get("finalizers") or [])
        details = {**where, "place": place, "finalizers": finalizers}
        unmet("object-terminating", seen=metadata["deletionTimestamp"], wanted=None, **details)

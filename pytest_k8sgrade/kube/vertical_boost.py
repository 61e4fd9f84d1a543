"""The CPU that a VerticalPodAutoscaler adds to a pod until it has started.

While it lasts, requests are higher than what is recommended, and the updater leaves the
pod alone; an annotation for each container says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypeAlias

from pytest_k8sgrade.kube.objects import spec_of
from pytest_k8sgrade.kube.quantity import parse_quantity
from pytest_k8sgrade.kube.verticals import container_policy

Object: TypeAlias = Mapping[str, Any]

PREFIX = "vpaCpuStartupBoost/"


def boosted(pod: Object) -> list[str]:
    """The containers whose boost has not been taken back."""
    annotations = pod["metadata"].get("annotations") or {}
    return sorted(key.removeprefix(PREFIX) for key in annotations if key.startswith(PREFIX))


def without(vpa: Object, container: str, amount: Decimal) -> Decimal:
    """What a CPU request would be without the boost."""
    boost = _boost(vpa, container)
    if boost.get("type") == "Quantity":
        return amount - parse_quantity(boost.get("quantity") or "0")
    return amount / (int(boost.get("factor") or 0) or 1)


def lasts_s(vpa: Object, container: str) -> int:
    """How long the boost of a container stays once its pod is ready."""
    own = _cpu(container_policy(vpa, container)).get("durationSeconds")
    return int(_cpu(spec_of(vpa)).get("durationSeconds") or 0) if own is None else int(own)


def _boost(vpa: Object, container: str) -> Object:
    policy = container_policy(vpa, container)
    return _cpu(policy if policy.get("startupBoost") is not None else spec_of(vpa))


def _cpu(holder: Object) -> Object:
    return (holder.get("startupBoost") or {}).get("cpu") or {}

"""What becomes of a recommendation on its way to a pod.

The object shows what the recommender found, within its own policy. When a pod is made or
looked at, the number is also fitted to the LimitRanges of the namespace, and where only
requests are controlled, to the container's own limit. Pods then have less, or more, than
the object says, and that is right.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, Decimal
from typing import Any, TypeAlias

from pytest_k8sgrade.kube.verticals import Amounts, Recommendation, amounts, container_policy

Object: TypeAlias = Mapping[str, Any]

_UNIT = {"cpu": Decimal("0.001")}
"""CPU is counted in thousandths, everything else in whole units."""


@dataclass(frozen=True, slots=True)
class ContainerRange:
    """What the LimitRanges of a namespace allow a container, taken together."""

    least: Amounts = field(default_factory=dict)
    most: Amounts = field(default_factory=dict)
    default: Amounts = field(default_factory=dict)


def container_range(limit_ranges: Sequence[Object]) -> ContainerRange:
    """The strictest bounds of all; of the default limits the last ones."""
    limits = [
        limit
        for one in limit_ranges
        for limit in (one.get("spec") or {}).get("limits") or []
        if limit.get("type") == "Container"
    ]
    least: dict[str, Decimal] = {}
    most: dict[str, Decimal] = {}
    default: Amounts = {}
    for limit in limits:
        for resource, amount in amounts(limit.get("min")).items():
            least[resource] = max(amount, least.get(resource, amount))
        for resource, amount in amounts(limit.get("max")).items():
            most[resource] = min(amount, most.get(resource, amount))
        default = amounts(limit.get("default")) or default
    return ContainerRange(least, most, default)


def capped(vpa: Object, resources: Object, advice: Recommendation, allowed: ContainerRange) -> Recommendation:
    """The recommendation as a container with these requests and limits gets it."""
    policy = container_policy(vpa, advice.container)
    requests, limits = amounts(resources.get("requests")), amounts(resources.get("limits"))

    def fitted(side: Amounts) -> Amounts:
        return {
            resource: _capped(resource, amount, requests, limits, policy, allowed)
            for resource, amount in side.items()
        }

    return Recommendation(advice.container, fitted(advice.target), fitted(advice.lower), fitted(advice.upper))


def _capped(
    resource: str,
    amount: Decimal,
    requests: Amounts,
    limits: Amounts,
    policy: Object,
    allowed: ContainerRange,
) -> Decimal:
    limit = limits.get(resource) or allowed.default.get(resource)
    by_limit = [
        _request_for(resource, side.get(resource), requests.get(resource), limit)
        for side in (allowed.least, allowed.most)
    ]
    least = max((one for one in (by_limit[0], allowed.least.get(resource)) if one), default=None)
    found = _between(amount, least, by_limit[1])
    own_least, own_most = amounts(policy.get("minAllowed")), amounts(policy.get("maxAllowed"))
    found = _between(found, own_least.get(resource), own_most.get(resource))
    if policy.get("controlledValues") == "RequestsOnly":
        found = _between(found, None, limits.get(resource))
    return found


def _request_for(
    resource: str, bound: Decimal | None, request: Decimal | None, limit: Decimal | None
) -> Decimal | None:
    """The request at which the limit, kept in its proportion to it, meets the bound."""
    if not bound or not limit:
        return None
    if not request:
        return bound
    unit = _UNIT.get(resource, Decimal(1))
    return (request * bound / limit / unit).to_integral_value(ROUND_FLOOR) * unit


def _between(amount: Decimal, least: Decimal | None, most: Decimal | None) -> Decimal:
    raised = max(amount, least) if least else amount
    return min(raised, most) if most else raised

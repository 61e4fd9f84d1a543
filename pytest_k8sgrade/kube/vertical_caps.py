"""What becomes of a recommendation on its way to a pod.

The object shows what the recommender found, within its own policy. When a pod is made or
looked at, the number is also fitted to the LimitRanges of the namespace, and where only
requests are controlled, to the container's own limit. Pods then have less, or more, than
the object says, and that is right.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_FLOOR, Decimal
from typing import Any, TypeAlias

from pytest_k8sgrade.kube.vertical_ranges import UNITS, Allowed, Range, in_pod
from pytest_k8sgrade.kube.verticals import (
    Amounts,
    Recommendation,
    amounts,
    container_policy,
    recommendations,
    resources_of,
)

Object: TypeAlias = Mapping[str, Any]


def capped(vpa: Object, pod: Object, allowed: Allowed) -> dict[str, Recommendation]:
    """The recommendations as a pod gets them: the pod's range counts first, then each container's."""
    return {
        container: _in_container(vpa, resources_of(pod)[container], advice, allowed.container)
        for container, advice in in_pod(pod, recommendations(vpa), allowed.pod).items()
        if container in resources_of(pod)
    }


def _in_container(vpa: Object, resources: Object, advice: Recommendation, allowed: Range) -> Recommendation:
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
    allowed: Range,
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
    unit = UNITS.get(resource, Decimal(1))
    return (request * bound / limit / unit).to_integral_value(ROUND_FLOOR) * unit


def _between(amount: Decimal, least: Decimal | None, most: Decimal | None) -> Decimal:
    raised = max(amount, least) if least else amount
    return min(raised, most) if most else raised

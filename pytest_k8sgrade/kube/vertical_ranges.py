"""What LimitRanges leave of recommendations for the containers of a pod.

A range of type Pod bounds the sums: numbers are shared out in proportion where the limits that
would come with them are too much or too little. What has no recommendation counts as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any, TypeAlias

from pytest_k8sgrade.kube.verticals import (
    RESOURCES,
    Amounts,
    Recommendation,
    amounts,
    resources_of,
    sidecars_of,
)

Object: TypeAlias = Mapping[str, Any]

UNITS = {"cpu": Decimal("0.001")}
"""CPU is counted in thousandths, everything else in whole units."""


@dataclass(frozen=True, slots=True)
class Range:
    """What the LimitRanges of a namespace allow a container, or a pod as a whole, taken together."""

    least: Amounts = field(default_factory=dict)
    most: Amounts = field(default_factory=dict)
    default: Amounts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Allowed:
    """The ranges of a namespace."""

    container: Range = field(default_factory=Range)
    pod: Range = field(default_factory=Range)


def allowed_by(limit_ranges: Sequence[Object]) -> Allowed:
    """What all LimitRanges of a namespace allow."""
    return Allowed(_range(limit_ranges, "Container"), _range(limit_ranges, "Pod"))


def _range(limit_ranges: Sequence[Object], kind: str) -> Range:
    """The strictest bounds of all; of the default limits the last ones."""
    limits = [
        limit
        for one in limit_ranges
        for limit in (one.get("spec") or {}).get("limits") or []
        if limit.get("type") == kind
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
    return Range(least, most, default)


def in_pod(pod: Object, advice: Mapping[str, Recommendation], allowed: Range) -> dict[str, Recommendation]:
    """The recommendations as the pod may have them all together."""
    if not (allowed.least or allowed.most):
        return dict(advice)
    own = {name: one for name, one in resources_of(pod).items() if name not in sidecars_of(pod)}

    def shared(side: Mapping[str, Amounts], *, target: bool = False) -> Mapping[str, Amounts]:
        found = {name: dict(side[name]) for name in advice}
        for resource in RESOURCES:
            has = {name: amounts(one.get("requests")).get(resource, Decimal(0)) for name, one in own.items()}
            asked = {
                name: side.get(name, {}).get(resource, has[name] if target else Decimal(0)) for name in own
            }
            for name, amount in _shared_out(resource, asked, own, allowed).items():
                if resource in found.get(name, {}):
                    found[name][resource] = amount
        return found

    target = shared({name: one.target for name, one in advice.items()}, target=True)
    lower = shared({name: one.lower for name, one in advice.items()})
    upper = shared({name: one.upper for name, one in advice.items()})
    return {name: Recommendation(name, target[name], lower[name], upper[name]) for name in advice}


def _shared_out(
    resource: str, asked: Mapping[str, Decimal], own: Mapping[str, Object], allowed: Range
) -> Mapping[str, Decimal]:
    """What each container gets of a resource where the sums are bounded."""
    least, most = (side.get(resource, Decimal(0)) for side in (allowed.least, allowed.most))
    limits = sum((_limit(resource, asked[name], own[name], allowed) for name in own), Decimal(0))
    requests = sum(asked.values(), Decimal(0))
    if not limits or (least <= min(limits, requests) and (not most or limits <= most)):
        return asked
    if least > requests:
        rounding = ROUND_CEILING if resource == "cpu" else ROUND_FLOOR
        return {name: _whole(resource, one * least / requests, rounding) for name, one in asked.items()}
    total = most if most and limits > most else least
    return {name: _whole(resource, one * total / limits, ROUND_FLOOR) for name, one in asked.items()}


def _limit(resource: str, amount: Decimal, resources: Object, allowed: Range) -> Decimal:
    """The limit that goes with a request, in its proportion; 0 where none is set."""
    request = amounts(resources.get("requests")).get(resource)
    limit = amounts(resources.get("limits")).get(resource) or allowed.default.get(resource)
    if not limit:
        return Decimal(0)
    return _whole(resource, amount * limit / request, ROUND_FLOOR) if request else amount


def _whole(resource: str, amount: Decimal, rounding: str) -> Decimal:
    unit = UNITS.get(resource, Decimal(1))
    return (amount / unit).to_integral_value(rounding) * unit

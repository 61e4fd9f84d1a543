"""HorizontalPodAutoscalers, parsed: metrics by name, conditions, scaling behaviour.

Metrics are found by their name and never by position, because the API keeps the
order in which they were written. An entry without a type in the status is a metric
that could not be read. What a spec leaves out takes the controller's default.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, TypeAlias

from pytest_k8sgrade.kube.quantity import parse_quantity
from pytest_k8sgrade.kube.selectors import selector_text

Object: TypeAlias = Mapping[str, Any]
Measure: TypeAlias = Literal["utilization", "average", "value"]
"""What a number of a metric is, as kube-state-metrics calls it."""
Series: TypeAlias = tuple[str, Measure]
"""A metric's name and measure: all that kube-state-metrics tells metrics apart by."""

_MEASURES: tuple[Measure, ...] = ("utilization", "average", "value")
_DEFAULT_WINDOW_S = {"scaleUp": 0, "scaleDown": 300}
_DEFAULT_TOLERANCE = 0.1
_DEFAULT_POLICIES: Mapping[str, Sequence[Object]] = {
    "scaleUp": [
        {"type": "Pods", "value": 4, "periodSeconds": 15},
        {"type": "Percent", "value": 100, "periodSeconds": 15},
    ],
    "scaleDown": [{"type": "Percent", "value": 100, "periodSeconds": 15}],
}
_POLICY = re.compile(r"(\d+)\s*(%|pods?)\s*/\s*(\d+)\s*s")


@dataclass(frozen=True, slots=True, order=True)
class Policy:
    """So many pods, or percent of them, in so many seconds."""

    kind: str
    value: int
    period_s: int

    def __str__(self) -> str:
        """As a rubric writes it."""
        unit = "%" if self.kind == "Percent" else " pods"
        return f"{self.value}{unit} / {self.period_s}s"


def parse_policy(text: str) -> Policy:
    """A policy as a rubric writes it: `50% / 60s`, `4 pods / 30s`; ValueError otherwise."""
    match = _POLICY.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"not a scaling policy: {text!r}; write '50% / 60s' or '4 pods / 30s'")
    return Policy("Percent" if match[2] == "%" else "Pods", int(match[1]), int(match[3]))


@dataclass(frozen=True, slots=True)
class Behavior:
    """How fast an autoscaler may go in one direction."""

    window_s: int
    select: str
    policies: frozenset[Policy]


def behavior(hpa: Object, direction: str) -> Behavior:
    """The rules for `scaleUp` or `scaleDown`, defaults put in."""
    rules = ((_spec(hpa).get("behavior") or {}).get(direction)) or {}
    window = rules.get("stabilizationWindowSeconds")
    policies = rules.get("policies") or _DEFAULT_POLICIES[direction]
    return Behavior(
        window_s=_DEFAULT_WINDOW_S[direction] if window is None else window,
        select=rules.get("selectPolicy") or "Max",
        policies=frozenset(Policy(one["type"], one["value"], one["periodSeconds"]) for one in policies),
    )


def tolerance(hpa: Object, direction: str) -> float:
    """How far a metric may be from its target, as a share of it, before the controller acts."""
    given = (((_spec(hpa).get("behavior") or {}).get(direction)) or {}).get("tolerance")
    return _DEFAULT_TOLERANCE if given is None else float(parse_quantity(given))


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric of a spec or a status: its target or its current value."""

    type: str
    name: str
    utilization: int | None
    average_value: str | None
    value: str | None
    container: str = ""
    selector: str = ""
    described: str = ""

    @property
    def identity(self) -> tuple[str, ...]:
        """What tells metrics of one name apart, the same in spec and status."""
        return self.type, self.name, self.container, self.selector, self.described

    @property
    def measure(self) -> Measure | None:
        """The number that a target sets."""
        return next((one for one in _MEASURES if self.amount(one) is not None), None)

    def amount(self, measure: Measure) -> Decimal | None:
        """One of its numbers, None where it has none."""
        written = {"utilization": self.utilization, "average": self.average_value, "value": self.value}[
            measure
        ]
        return None if written is None else parse_quantity(str(written))

    @property
    def shown(self) -> str:
        """The name for messages, with the selector where there is one."""
        return f"{self.name} ({self.selector})" if self.selector else self.name


def asked_metrics(hpa: Object) -> list[Metric]:
    """The metrics of the spec; none at all means CPU at 80 percent, as the API server fills in."""
    return [_metric(metric, "target") for metric in _spec(hpa).get("metrics") or []]


def read_metrics(hpa: Object) -> list[Metric]:
    """The metrics of the status that have a value."""
    current = (hpa.get("status") or {}).get("currentMetrics") or []
    return [_metric(metric, "current") for metric in current if metric.get("type")]


def _metric(metric: Object, side: str) -> Metric:
    kind = metric["type"]
    source = metric.get(kind[:1].lower() + kind[1:]) or {}
    values, asked = source.get(side) or {}, source.get("metric") or {}
    described = source.get("describedObject") or {}
    return Metric(
        type=kind,
        name=source.get("name") or asked.get("name", ""),
        utilization=values.get("averageUtilization"),
        average_value=values.get("averageValue"),
        value=values.get("value"),
        container=source.get("container", ""),
        selector=selector_text(asked.get("selector")),
        described="/".join(str(described[key]) for key in ("kind", "name") if key in described),
    )


def unread_metrics(hpa: Object) -> list[Metric]:
    """The metrics of the spec without a value in the status."""
    read = {metric.identity for metric in read_metrics(hpa)}
    return [one for one in asked_metrics(hpa) if one.identity not in read]


def min_replicas(hpa: Object) -> int:
    """The lower bound, 1 where the spec leaves it out."""
    return int(_spec(hpa).get("minReplicas", 1))


def _spec(hpa: Object) -> Object:
    return hpa.get("spec") or {}


@dataclass(frozen=True, slots=True)
class Level:
    """What a metric is at now, beside its target."""

    metric: Metric
    measure: Measure
    amount: Decimal
    target: Decimal

    @property
    def ratio(self) -> float:
        """By how much the target is reached."""
        return float(self.amount / self.target)


def levels(hpa: Object) -> list[Level]:
    """The metrics of the status that have a value and a target."""
    targets = {one.identity: one for one in asked_metrics(hpa)}
    found = (_level(current, targets.get(current.identity)) for current in read_metrics(hpa))
    return [one for one in found if one is not None]


def _level(current: Metric, target: Metric | None) -> Level | None:
    measure = target.measure if target else None
    if target is None or measure is None:
        return None
    amount, wanted = current.amount(measure), target.amount(measure)
    return Level(current, measure, amount, wanted) if amount is not None and wanted else None


def targets(hpa: Object) -> dict[Series, Decimal]:
    """The target of each series; of metrics that share one the lowest."""
    found: dict[Series, Decimal] = {}
    for metric in asked_metrics(hpa):
        amount = metric.amount(metric.measure) if metric.measure else None
        if metric.measure and amount:
            series = metric.name, metric.measure
            found[series] = min(amount, found.get(series, amount))
    return found


def ratios(hpa: Object) -> dict[Metric, float]:
    """Current value divided by target, for each metric of the status that has both."""
    return {one.metric: one.ratio for one in levels(hpa)}


def needed_replicas(hpa: Object) -> dict[Metric, int]:
    """How many pods each metric needs by the bare arithmetic, without any tolerance."""
    replicas = _replicas(hpa)
    return {metric: math.ceil(round(replicas * ratio, 6)) for metric, ratio in ratios(hpa).items()}


def holding_metrics(hpa: Object) -> list[Metric]:
    """The metrics for which the controller takes no pod away."""
    replicas, least = _replicas(hpa), 1 - tolerance(hpa, "scaleDown")
    found, needed = ratios(hpa), needed_replicas(hpa)
    return [metric for metric, ratio in found.items() if ratio >= least or needed[metric] >= replicas]


def raising_metrics(hpa: Object) -> list[Metric]:
    """The metrics for which the controller wants more pods, whether or not there may be more."""
    replicas, most = _replicas(hpa), 1 + tolerance(hpa, "scaleUp")
    found, needed = ratios(hpa), needed_replicas(hpa)
    return [metric for metric, ratio in found.items() if ratio > most and needed[metric] > replicas]


def _replicas(hpa: Object) -> int:
    return int((hpa.get("status") or {}).get("currentReplicas", 0))


def missing_requests(pod_spec: Object, resource: str, container: str = "") -> list[str]:
    """Containers without a request of a resource, so that no utilisation can be computed.

    A limit stands for a missing request, and a request of the whole pod for all of its
    containers, as the API server and the controller have it.
    """
    if resource in ((pod_spec.get("resources") or {}).get("requests") or {}):
        return []
    sidecars = [one for one in pod_spec.get("initContainers") or [] if one.get("restartPolicy") == "Always"]
    containers: Sequence[Object] = [*(pod_spec.get("containers") or []), *sidecars]
    return [
        one["name"]
        for one in containers
        if (not container or one["name"] == container) and not _requests(one, resource)
    ]


def _requests(container: Object, resource: str) -> bool:
    resources = container.get("resources") or {}
    return any(resource in (resources.get(side) or {}) for side in ("requests", "limits"))

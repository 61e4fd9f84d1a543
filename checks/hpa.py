"""HorizontalPodAutoscalers: configured, working, and proven to have scaled.

`configured` and `behavior` read the spec, `active` asks whether the controller
reads every metric, `scaled_up` and `scaled_down` look for proof in the past. An
object stored as autoscaling/v1 is read the same way.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pytest_k8sgrade.cluster import Cluster
from pytest_k8sgrade.kube import autoscalers
from pytest_k8sgrade.kube.conditions import condition
from pytest_k8sgrade.kube.duration import parse_duration
from pytest_k8sgrade.kube.quantity import parse_quantity
from pytest_k8sgrade.kube.rollout import Shortfall, named
from pytest_k8sgrade.kube.selectors import selector_text
from pytest_k8sgrade.outcome import Findings
from pytest_k8sgrade.services.autoscalers import autoscaling
from pytest_k8sgrade.services.autoscalers.autoscaling import API_VERSION, KIND
from pytest_k8sgrade.services.autoscalers.scaling import require_scaled_down, require_scaled_up
from pytest_k8sgrade.services.diagnosis import if_readable, require_lasting
from pytest_k8sgrade.services.fields import require_equal, require_that
from pytest_k8sgrade.services.running import workloads


def _get(cluster: Cluster, name: str, namespace: str) -> Mapping[str, Any]:
    return cluster.get(API_VERSION, KIND, name, namespace)


def test_configured(
    cluster: Cluster,
    name: str,
    namespace: str,
    *,
    target: str,
    target_kind: str = "Deployment",
    min_replicas: int | None = None,
    max_replicas: int | None = None,
    utilization: dict[str, int] | None = None,
    average_value: dict[str, str] | None = None,
) -> None:
    """The HorizontalPodAutoscaler {name} has the target, bounds and metrics that were asked for."""
    hpa = _get(cluster, name, namespace)
    subject, found, spec = named(hpa), Findings(), hpa["spec"]
    ref = spec["scaleTargetRef"]
    scaled = f"{ref.get('kind')}/{ref.get('name')}"
    require_equal(found, subject, "spec.scaleTargetRef", scaled, f"{target_kind}/{target}")
    if min_replicas is not None:
        require_equal(found, subject, "spec.minReplicas", autoscalers.min_replicas(hpa), min_replicas)
    if max_replicas is not None:
        require_equal(found, subject, "spec.maxReplicas", spec.get("maxReplicas"), max_replicas)
    metrics = autoscalers.asked_metrics(hpa)
    for metric, percent in (utilization or {}).items():
        percents = [one.utilization for one in metrics if one.name == metric and one.utilization is not None]
        has = percent if percent in percents else min(percents, default=None)
        require_equal(found, subject, f"spec.metrics[{metric}].target.averageUtilization", has, percent)
    for metric, amount in (average_value or {}).items():
        values = [one.average_value for one in metrics if one.name == metric and one.average_value]
        same = [value for value in values if parse_quantity(value) == parse_quantity(amount)]
        value = min(same or values, default=None)
        field = f"spec.metrics[{metric}].target.averageValue"
        require_that(found, subject, field, value, amount, met=bool(same))
    found.close()


def test_behavior(
    cluster: Cluster,
    name: str,
    namespace: str,
    *,
    direction: Literal["scaleUp", "scaleDown"],
    window: str = "",
    policies: list[str] | None = None,
    select: Literal["Max", "Min", "Disabled"] | None = None,
) -> None:
    """The HorizontalPodAutoscaler {name} has the {direction} rules that were asked for."""
    hpa = _get(cluster, name, namespace)
    subject, found, rules = named(hpa), Findings(), autoscalers.behavior(hpa, direction)
    field = f"spec.behavior.{direction}"
    if window:
        asked = int(parse_duration(window))
        require_equal(found, subject, f"{field}.stabilizationWindowSeconds", rules.window_s, asked)
    if policies:
        wanted = frozenset(autoscalers.parse_policy(policy) for policy in policies)
        require_that(
            found,
            subject,
            f"{field}.policies",
            sorted(str(policy) for policy in rules.policies),
            sorted(str(policy) for policy in wanted),
            met=rules.policies == wanted,
        )
    if select is not None:
        require_equal(found, subject, f"{field}.selectPolicy", rules.select, select)
    found.close()


def test_active(cluster: Cluster, name: str, namespace: str, metrics: list[str]) -> None:
    """The HorizontalPodAutoscaler {name} finds its target and reads its metrics."""
    hpa = _get(cluster, name, namespace)
    require_lasting(hpa)
    autoscaling.require_working(cluster, hpa)
    found, unread = Findings(), {metric.name: metric for metric in autoscalers.unread_metrics(hpa)}
    read = {metric.name for metric in autoscalers.read_metrics(hpa)} - unread.keys()
    for metric in metrics:
        missing = None if metric in read else _why_unread(cluster, hpa, metric, unread.get(metric))
        workloads.require(found, missing, f"metric/{metric}", weight=3)
    _require_own_pods(cluster, found, hpa)
    found.close()
    active = condition(hpa, "ScalingActive")
    cluster.held_since(active.since if active else None)


def _why_unread(
    cluster: Cluster, hpa: Mapping[str, Any], name: str, metric: autoscalers.Metric | None
) -> Shortfall:
    if metric is not None:
        return autoscaling.why_unread(cluster, hpa, metric)
    params = {**autoscaling.details(hpa), "metric": name, "group": None}
    asked = sorted(one.name for one in autoscalers.asked_metrics(hpa))
    if name not in asked:
        return Shortfall("hpa-metric-not-asked", {**params, "asked": asked}, seen=asked, wanted=name)
    return Shortfall("hpa-metric-without-value", params, wanted=name)


def _require_own_pods(cluster: Cluster, found: Findings, hpa: Mapping[str, Any]) -> None:
    target = if_readable(lambda: autoscaling.target_of(cluster, hpa))
    strangers = if_readable(lambda: autoscaling.foreign_pods(cluster, target)) if target else None
    if target is not None and strangers is not None:
        found.require(
            not strangers,
            "hpa-foreign-pods",
            part="own pods",
            seen=strangers,
            wanted=[],
            pods=strangers,
            selector=selector_text(target["spec"].get("selector")),
            **autoscaling.details(hpa),
        )


def test_scaled_up(cluster: Cluster, name: str, namespace: str, monitoring: str = "monitoring") -> None:
    """The HorizontalPodAutoscaler {name} has raised the number of pods above its minimum."""
    require_scaled_up(cluster, _get(cluster, name, namespace), monitoring)


def test_scaled_down(cluster: Cluster, name: str, namespace: str, monitoring: str = "monitoring") -> None:
    """The HorizontalPodAutoscaler {name} has brought the number of pods back to its minimum."""
    require_scaled_down(cluster, _get(cluster, name, namespace), monitoring)

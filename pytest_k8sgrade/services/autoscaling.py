"""Why a HorizontalPodAutoscaler does not work: the cause behind its condition.

The condition's reason alone is the same for a missing API, missing requests and
pods that are too young. The cause is found in the APIService, in the target and in
its pods. The order follows the controller: a target that cannot be found hides
everything else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NoReturn

from pytest_k8sgrade.kube.autoscalers import Metric, asked_metrics, missing_requests, unread_metrics
from pytest_k8sgrade.kube.conditions import condition
from pytest_k8sgrade.kube.rollout import Shortfall, living, named
from pytest_k8sgrade.kube.times import parse_time
from pytest_k8sgrade.outcome import hopeless, unmet
from pytest_k8sgrade.services import metrics_api, workloads
from pytest_k8sgrade.services.diagnosis import if_readable

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster

Object = Mapping[str, Any]

API_VERSION = "autoscaling/v2"
KIND = "HorizontalPodAutoscaler"
YOUNG = timedelta(seconds=90)

_GROUPS = {
    "Resource": metrics_api.RESOURCE,
    "ContainerResource": metrics_api.RESOURCE,
    "Pods": metrics_api.CUSTOM,
    "Object": metrics_api.CUSTOM,
    "External": metrics_api.EXTERNAL,
}
_SWITCHED_OFF = {
    "ScalingDisabled": "hpa-target-at-zero",
    "AmbiguousSelector": "hpa-ambiguous",
    "InvalidSelector": "hpa-target-without-selector",
}


def require_working(cluster: Cluster, hpa: Object) -> None:
    """Unmet, with the true cause, unless the autoscaler finds its target and reads a metric."""
    subject = details(hpa)
    able, active = condition(hpa, "AbleToScale"), condition(hpa, "ScalingActive")
    if able is not None and not able.true:
        _explain_target(cluster, hpa, able.reason)
    if active is None:
        unmet("hpa-not-evaluated", seen=None, wanted="ScalingActive", **subject)
    if active.status == "True":
        return
    if active.reason in _SWITCHED_OFF:
        others = _others(cluster, hpa) if active.reason == "AmbiguousSelector" else []
        reason = _SWITCHED_OFF[active.reason]
        say = hopeless if others else unmet
        say(reason, seen=active.reason, wanted="ValidMetricFound", others=others, **subject)
    for metric in (unread_metrics(hpa) or asked_metrics(hpa))[:1]:
        workloads.raise_shortfall(why_unread(cluster, hpa, metric))
    unmet("hpa-not-active", seen=active.reason, wanted="ValidMetricFound", why=active.reason, **subject)


def details(hpa: Object) -> dict[str, Any]:
    """What every message about an autoscaler may name."""
    target = (hpa.get("spec") or {}).get("scaleTargetRef") or {}
    subject = named(hpa)
    del subject["kind"]
    return {**subject, "target_kind": target.get("kind", ""), "target": target.get("name", "")}


def target_of(cluster: Cluster, hpa: Object) -> Object:
    """The workload that is scaled; Absent when it is not there."""
    ref = hpa["spec"]["scaleTargetRef"]
    api_version, kind = ref.get("apiVersion") or "apps/v1", ref["kind"]
    return cluster.get(api_version, kind, ref["name"], hpa["metadata"]["namespace"])


def _explain_target(cluster: Cluster, hpa: Object, why: str) -> NoReturn:
    subject = details(hpa)
    reason = "hpa-cannot-scale"
    if why == "FailedGetScale" and if_readable(lambda: target_of(cluster, hpa)) is None:
        reason = "hpa-target-missing"
    unmet(reason, seen=why, wanted="True", why=why, **subject)


def _others(cluster: Cluster, hpa: Object) -> list[str]:
    """Other autoscalers of the namespace that scale the same target or the same pods."""
    metadata = hpa["metadata"]
    listed = if_readable(lambda: cluster.list(API_VERSION, KIND, metadata["namespace"])) or []
    rivals = [
        one["metadata"]["name"]
        for one in listed
        if one["metadata"]["name"] != metadata["name"]
        and "AmbiguousSelector"
        in {c.get("reason") for c in (one.get("status") or {}).get("conditions") or []}
    ]
    return sorted(rivals)


def why_unread(cluster: Cluster, hpa: Object, metric: Metric) -> Shortfall:
    """Why a metric has no value: its API, requests, pods that are too young, or nothing to be seen."""
    group = _GROUPS.get(metric.type)
    subject = {**details(hpa), "metric": metric.name, "group": group}
    if group is None:
        return Shortfall("hpa-metric-type-unknown", subject, seen=metric.type)
    registered = if_readable(lambda: [metrics_api.registered(cluster, group)])
    api = registered[0] if registered else None
    if registered and api is None:
        return Shortfall("hpa-metrics-api-absent", subject, wanted=group)
    if api is not None and not api.available:
        named_api = {**subject, "api": api.name, "why": api.why}
        return Shortfall("hpa-metrics-api-down", named_api, seen=api.why, wanted="True")
    found = _in_pods(cluster, hpa, metric, subject) if group == metrics_api.RESOURCE else None
    return found or Shortfall("hpa-metric-without-value", subject, wanted=metric.name)


def _in_pods(cluster: Cluster, hpa: Object, metric: Metric, subject: Mapping[str, Any]) -> Shortfall | None:
    target = if_readable(lambda: target_of(cluster, hpa))
    if target is None:
        return None
    pods = living(if_readable(lambda: workloads.selected_pods(cluster, target)) or [])
    found = _missing_requests(target, pods, metric, subject) if metric.utilization is not None else None
    ages = [cluster.now - at for pod in pods if (at := _started(pod)) is not None]
    if found is None and ages and min(ages) < YOUNG:
        seconds = int(min(ages).total_seconds())
        limit = int(YOUNG.total_seconds())
        return Shortfall("hpa-pods-too-young", {**subject, "age_s": seconds}, seen=seconds, wanted=limit)
    return found


def _missing_requests(
    target: Object, pods: Sequence[Object], metric: Metric, subject: Mapping[str, Any]
) -> Shortfall | None:
    """A template without a request does not mend itself; a pod without one may belong to an old template."""
    named_pods = [(f"Pod {pod['metadata']['name']}", pod["spec"], False) for pod in pods]
    template = target["spec"]["template"]["spec"]
    where = f"{target['kind']} {target['metadata']['name']}"
    for place, spec, terminal in [(where, template, True), *named_pods]:
        without = missing_requests(spec, metric.name, metric.container)
        if without:
            params = {**subject, "containers": without, "where": place}
            wanted = f"requests.{metric.name}"
            return Shortfall("hpa-request-missing", params, terminal=terminal, wanted=wanted)
    return None


def _started(pod: Object) -> Any:
    return parse_time((pod.get("status") or {}).get("startTime") or pod["metadata"].get("creationTimestamp"))


def foreign_pods(cluster: Cluster, target: Object) -> list[str]:
    """Pods that share the target's labels without belonging to it: they distort its average."""
    pods = living(workloads.selected_pods(cluster, target))
    return sorted(pod["metadata"]["name"] for pod in pods if not workloads.owns(target, pod))

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

from pytest_k8sgrade.kube.autoscalers import (
    Metric,
    asked_metrics,
    min_replicas,
    missing_requests,
    read_metrics,
    unread_metrics,
)
from pytest_k8sgrade.kube.conditions import condition
from pytest_k8sgrade.kube.rollout import Shortfall, living, named, pod_ready
from pytest_k8sgrade.kube.selectors import controller, selector_text
from pytest_k8sgrade.kube.times import parse_time
from pytest_k8sgrade.outcome import cannot_tell, hopeless, too_early, unmet
from pytest_k8sgrade.services.diagnosis import if_readable, require_known
from pytest_k8sgrade.services.metrics import custom_metrics, metrics_api
from pytest_k8sgrade.services.running import workloads

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
ABLE = frozenset(
    {"SucceededGetScale", "SucceededRescale", "ReadyForNewScale", "ScaleDownStabilized", "ScaleUpStabilized"}
)
_RESTING = frozenset({"BackoffBoth", "BackoffDownscale", "BackoffUpscale"})
"""Of old controllers: AbleToScale is False for the pause between two steps, and nothing is wrong."""
_UNREAD = {
    "FailedGetResourceMetric": "Resource",
    "FailedGetContainerResourceMetric": "ContainerResource",
    "FailedGetPodsMetric": "Pods",
    "FailedGetObjectMetric": "Object",
    "FailedGetExternalMetric": "External",
}
_SWITCHED_OFF = {
    "ScalingDisabled": "hpa-target-at-zero",
    "AmbiguousSelector": "hpa-ambiguous",
    "InvalidSelector": "hpa-target-without-selector",
}
FIRST_EVALUATION = timedelta(seconds=60)
"""The controller looks every 15 s; a busy one may need a few rounds for a new autoscaler."""
_SCALABLE = ("Deployment", "StatefulSet", "ReplicaSet")
_KEDA_LABEL = "scaledobject.keda.sh/name"


def require_working(cluster: Cluster, hpa: Object) -> None:
    """Unmet, with the true cause, unless the autoscaler finds its target and reads a metric.

    While there is nothing to do, one broken metric of several makes ScalingActive False,
    under load it stays True: so what counts is whether any metric is read.
    """
    _require_able(cluster, hpa)
    active = condition(hpa, "ScalingActive")
    if active is None:
        say = too_early if _is_new(cluster, hpa) else unmet
        say("hpa-not-evaluated", seen=None, wanted="ScalingActive", **details(hpa))
    if active.true:
        require_known(hpa, active, {"ValidMetricFound"})
        return
    if active.reason in _SWITCHED_OFF:
        _explain_switched_off(cluster, hpa, active.reason)
    if active.reason in _UNREAD and read_metrics(hpa):
        return
    unread = unread_metrics(hpa) or asked_metrics(hpa)
    blamed = [metric for metric in unread if metric.type == _UNREAD.get(active.reason)]
    for metric in (blamed or unread)[:1]:
        workloads.raise_shortfall(why_unread(cluster, hpa, metric))
    unmet("hpa-not-active", seen=active.reason, wanted="ValidMetricFound", why=active.reason, **details(hpa))


def _is_new(cluster: Cluster, hpa: Object) -> bool:
    created = parse_time(hpa["metadata"].get("creationTimestamp"))
    return created is not None and cluster.now - created < FIRST_EVALUATION


def details(hpa: Object) -> dict[str, Any]:
    """What every message about an autoscaler may name."""
    target = (hpa.get("spec") or {}).get("scaleTargetRef") or {}
    subject = named(hpa)
    del subject["kind"]
    return {**subject, "target_kind": target.get("kind", ""), "target": target.get("name", "")}


def target_of(cluster: Cluster, hpa: Object) -> Object:
    """The workload that is scaled; Absent when it is not there."""
    ref = (hpa.get("spec") or {}).get("scaleTargetRef")
    if not ref:
        cannot_tell("object-incomplete", field="spec.scaleTargetRef", **named(hpa))
    api_version, kind = ref.get("apiVersion") or "apps/v1", ref["kind"]
    if api_version.partition("/")[0] == "apps":
        api_version = "apps/v1"  # The controller goes by group and kind, so an old version finds its target.
    return cluster.get(api_version, kind, ref["name"], hpa["metadata"]["namespace"])


def _require_able(cluster: Cluster, hpa: Object) -> None:
    able = condition(hpa, "AbleToScale")
    if able is None or (able.status == "False" and able.reason in _RESTING):
        return
    if able.true:
        require_known(hpa, able, ABLE)
        return
    if able.reason == "FailedGetScale":
        _explain_unknown_type(cluster, hpa)
    reason = "hpa-cannot-scale"
    if able.reason == "FailedGetScale" and if_readable(lambda: target_of(cluster, hpa)) is None:
        reason = "hpa-target-missing"
    unmet(reason, seen=able.reason, wanted="True", why=able.reason, **details(hpa))


def _explain_unknown_type(cluster: Cluster, hpa: Object) -> None:
    """Unmet when the target is there, but not by the group or the kind that the autoscaler writes."""
    ref = (hpa.get("spec") or {}).get("scaleTargetRef") or {}
    written, kind = str(ref.get("apiVersion") or ""), str(ref.get("kind") or "")
    meant = next((one for one in _SCALABLE if kind.lower() in (one.lower(), f"{one.lower()}s")), None)
    if meant is None or (written.partition("/")[0] == "apps" and kind == meant):
        return
    space, name = hpa["metadata"]["namespace"], str(ref.get("name") or "")
    if name and if_readable(lambda: cluster.find("apps/v1", meant, name, space)) is not None:
        params = {**details(hpa), "api_version": written or "-", "meant": meant}
        unmet("hpa-target-type-unknown", seen=f"{written} {kind}", wanted=f"apps/v1 {meant}", **params)


def _explain_switched_off(cluster: Cluster, hpa: Object, why: str) -> NoReturn:
    reason, params = _SWITCHED_OFF[why], {**details(hpa), "least": max(1, min_replicas(hpa))}
    rivals = _rivals(cluster, hpa) if why == "AmbiguousSelector" else []
    params["others"] = sorted(rival["metadata"]["name"] for rival in rivals)
    made_by_keda = [one for one in (hpa, *rivals) if _scaled_object(one)]
    if rivals and made_by_keda:
        reason, params["scaled_object"] = "hpa-ambiguous-with-keda", _scaled_object(made_by_keda[0])
        params["made"] = made_by_keda[0]["metadata"]["name"]
    say = hopeless if rivals else unmet
    say(reason, seen=why, wanted="ValidMetricFound", **params)


def _scaled_object(hpa: Object) -> str:
    """The ScaledObject of KEDA that an autoscaler was made for, empty for any other."""
    return str((hpa["metadata"].get("labels") or {}).get(_KEDA_LABEL, ""))


def _rivals(cluster: Cluster, hpa: Object) -> list[Object]:
    """Other autoscalers of the namespace that scale the same target or the same pods."""
    metadata = hpa["metadata"]
    listed = if_readable(lambda: cluster.list(API_VERSION, KIND, metadata["namespace"])) or []
    return [
        one
        for one in listed
        if one["metadata"]["name"] != metadata["name"] and (_ambiguous(one) or _same_target(one, hpa))
    ]


def _ambiguous(hpa: Object) -> bool:
    active = condition(hpa, "ScalingActive")
    return active is not None and active.reason == "AmbiguousSelector"


def _same_target(one: Object, two: Object) -> bool:
    first, second = details(one), details(two)
    return bool(first["target"]) and all(first[key] == second[key] for key in ("target_kind", "target"))


def why_unread(cluster: Cluster, hpa: Object, metric: Metric) -> Shortfall:
    """Why a metric has no value: its API, requests, pods that are too young, or nothing to be seen."""
    group = _GROUPS.get(metric.type)
    subject = {**details(hpa), "metric": metric.shown, "group": group}
    if group is None:
        return Shortfall("hpa-metric-type-unknown", subject, seen=metric.type)
    registered = if_readable(lambda: [metrics_api.registered(cluster, group)])
    api = registered[0] if registered else None
    if registered and api is None:
        return Shortfall("hpa-metrics-api-absent", subject, wanted=group)
    if api is not None and not api.available:
        named_api = {**subject, "api": api.name, "why": api.why}
        return Shortfall("hpa-metrics-api-down", named_api, seen=api.why, wanted="True")
    if group == metrics_api.CUSTOM:
        offered = if_readable(lambda: custom_metrics.offered(cluster))
        if offered is not None and metric.name not in {one.partition("/")[2] for one in offered}:
            served = {**subject, "offered": offered}
            return Shortfall("hpa-custom-metric-not-served", served, seen=offered, wanted=metric.name)
    if group != metrics_api.RESOURCE:
        return Shortfall("hpa-metric-without-value", subject, wanted=metric.name)
    found = _in_pods(cluster, hpa, metric, subject) or _in_young_api(cluster, api, subject)
    return found or Shortfall("hpa-resource-without-value", subject, wanted=metric.name)


def _in_young_api(
    cluster: Cluster, api: metrics_api.MetricsApi | None, subject: Mapping[str, Any]
) -> Shortfall | None:
    """An API that has just come has no values yet."""
    age = cluster.now - api.since if api is not None and api.since is not None else YOUNG
    if age >= YOUNG:
        return None
    seconds, limit = int(age.total_seconds()), int(YOUNG.total_seconds())
    params = {**subject, "age_s": seconds}
    return Shortfall("hpa-metrics-api-young", params, early=True, seen=seconds, wanted=limit)


def _in_pods(cluster: Cluster, hpa: Object, metric: Metric, subject: Mapping[str, Any]) -> Shortfall | None:
    target = if_readable(lambda: target_of(cluster, hpa))
    if target is None:
        return None
    selected = if_readable(lambda: workloads.selected_pods(cluster, target)) or []
    pods = living(selected)
    found = _missing_requests(target, pods, metric, subject) if metric.utilization is not None else None
    if found is None and metric.utilization is not None:
        found = _foreign_without_request(target, selected, metric, subject)
    ages = [cluster.now - at for pod in pods if (at := _started(pod)) is not None]
    if found is None and ages and min(ages) < YOUNG:
        seconds, limit = int(min(ages).total_seconds()), int(YOUNG.total_seconds())
        params = {**subject, "age_s": seconds}
        return Shortfall("hpa-pods-too-young", params, early=True, seen=seconds, wanted=limit)
    if found is None and pods and not any(pod_ready(pod) for pod in pods):
        names = sorted(pod["metadata"]["name"] for pod in pods)
        return Shortfall("hpa-no-ready-pods", {**subject, "pods": names}, seen=0, wanted=len(pods))
    return found


def _foreign_without_request(
    target: Object, pods: Sequence[Object], metric: Metric, subject: Mapping[str, Any]
) -> Shortfall | None:
    """A pod of another owner lacks a request; finished ones are added up as well."""
    for pod in sorted(pods, key=lambda one: str(one["metadata"]["name"])):
        if target["kind"] not in workloads.KINDS or workloads.owns(target, pod):
            continue
        without = missing_requests(pod.get("spec") or {}, str(metric.name), metric.container)
        if without:
            owner = controller(pod)
            params = {
                **subject,
                "pod": pod["metadata"]["name"],
                "owner": f"{owner.get('kind')}/{owner.get('name')}" if owner else "-",
                "containers": without,
                "selector": selector_text(target["spec"].get("selector")),
            }
            wanted = f"requests.{metric.name}"
            return Shortfall("hpa-foreign-pod-without-request", params, seen=params["pod"], wanted=wanted)
    return None


def _missing_requests(
    target: Object, pods: Sequence[Object], metric: Metric, subject: Mapping[str, Any]
) -> Shortfall | None:
    """A template without a request does not mend itself; a pod without one may belong to an old template.

    A container of a pod that the template does not have was injected: its request is set elsewhere.
    """
    template = workloads.pod_template(target)
    own = {one["name"] for part in ("containers", "initContainers") for one in template.get(part) or []}
    named_pods = [(f"Pod {pod['metadata']['name']}", pod.get("spec") or {}, False) for pod in pods]
    where = f"{target['kind']} {target['metadata']['name']}"
    for place, spec, terminal in [(where, template, True), *named_pods]:
        without = missing_requests(spec, metric.name, metric.container)
        if without:
            params = {**subject, "containers": without, "where": place, "own": sorted(own)}
            reason = "hpa-request-missing" if own & set(without) else "hpa-sidecar-request-missing"
            return Shortfall(reason, params, terminal=terminal, wanted=f"requests.{metric.name}")
    return None


def _started(pod: Object) -> Any:
    return parse_time((pod.get("status") or {}).get("startTime") or pod["metadata"].get("creationTimestamp"))


def foreign_pods(cluster: Cluster, target: Object) -> list[str]:
    """Pods that share the target's labels without belonging to it: they distort its average.

    None are told for a target of another kind, of which we do not know how it marks its pods.
    """
    if target["kind"] not in workloads.KINDS:
        return []
    pods = living(workloads.selected_pods(cluster, target))
    return sorted(pod["metadata"]["name"] for pod in pods if not workloads.owns(target, pod))

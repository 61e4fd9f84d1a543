"""HorizontalPodAutoscalers in every state that their controller can write, and in ones it cannot."""

from __future__ import annotations

from typing import Any

import pytest

from checks import hpa
from tests.unit.checks.api import MemoryApi, look, parts, reason, share
from tests.unit.checks.objects import (
    WORKING,
    Object,
    api_service,
    condition,
    container,
    current_metric,
    deployment,
    pod,
    resource_metric,
)
from tests.unit.checks.objects import hpa as autoscaler

APP = [deployment(), pod("web-1"), pod("web-2")]
METRICS = api_service("v1beta1.metrics.k8s.io")
EXTERNAL: Object = {
    "type": "External",
    "external": {"metric": {"name": "queue"}, "target": {"type": "AverageValue", "averageValue": "5"}},
}
PER_CONTAINER: Object = {
    "type": "ContainerResource",
    "containerResource": {
        "name": "cpu",
        "container": "web",
        "target": {"type": "Utilization", "averageUtilization": 50},
    },
}


def active(*objects: Object, metrics: tuple[str, ...] = ("cpu", "memory")) -> Any:
    """One look at whether the autoscaler works."""
    cluster = MemoryApi(*objects).cluster()
    return look(hpa.test_active, cluster, name="web", namespace="shop", metrics=list(metrics))


def told(able: tuple[str, str] | None, scaling: tuple[str, str] | None, **status: Any) -> Object:
    """An autoscaler with these two conditions, each a status and a reason."""
    given = [("AbleToScale", able), ("ScalingActive", scaling)]
    found = [condition(kind, *one) for kind, one in given if one is not None]
    return autoscaler(status={"conditions": found, **status})


GOOD = ("True", "ValidMetricFound")
READ = ("True", "ReadyForNewScale")
NOTHING: Object = {"currentMetrics": None}
FINISHED = pod(
    "job-1", of="job", spec={"containers": [container(resources={})]}, status={"phase": "Succeeded"}
)


@pytest.mark.parametrize(
    ("autoscaler_now", "status", "expected"),
    [
        (told(("True", "SucceededRescale"), GOOD), "met", None),
        (told(("True", "ScaleUpStabilized"), GOOD), "met", None),
        (told(("False", "BackoffBoth"), GOOD), "met", None),
        (told(("False", "BackoffDownscale"), GOOD), "met", None),
        (told(("False", "FailedUpdateScale"), GOOD), "unmet", "hpa-cannot-scale"),
        (told(("Unknown", "Later"), GOOD), "unmet", "hpa-cannot-scale"),
        (told(("True", "NeverHeardOf"), GOOD), "cannot-tell", "condition-unknown"),
        (told(READ, ("True", "NeverHeardOf")), "cannot-tell", "condition-unknown"),
        (told(READ, ("True", "")), "cannot-tell", "condition-unknown"),
        (told(READ, ("False", "NeverHeardOf"), **NOTHING), "unmet", "hpa-resource-without-value"),
        (told(READ, ("False", "InvalidSelector"), **NOTHING), "unmet", "hpa-target-without-selector"),
        (told(READ, None, **NOTHING), "unmet", "hpa-not-evaluated"),
    ],
)
def test_a_reason_counts_only_when_it_is_known(
    autoscaler_now: Object, status: str, expected: str | None
) -> None:
    """A pause between steps is no fault; what no known version writes is neither a pass nor a loss."""
    seen = active(autoscaler_now, *APP, METRICS)
    assert (seen.status, reason(seen)) == (status, expected)


@pytest.mark.parametrize("load", ["idle", "busy"])
def test_one_bad_metric_of_two_costs_the_same_idle_or_busy(load: str) -> None:
    """The controller says ScalingActive False only while it would ask for fewer pods."""
    why = GOOD if load == "busy" else ("False", "FailedGetExternalMetric")
    half = told(READ, why, currentMetrics=[current_metric("cpu", 60), {"type": ""}])
    half["spec"]["metrics"] = [resource_metric("cpu", 50), EXTERNAL]
    seen = active(half, *APP, METRICS, metrics=("cpu", "queue"))
    assert reason(seen) == "hpa-metrics-api-absent"
    assert 0 < share(seen) < 1
    assert parts(seen)["metric/cpu"] is None


def test_a_metric_of_one_container_needs_the_request_of_that_one_only() -> None:
    """A sidecar without a request does no harm to ContainerResource; the named container does."""
    broken = told(READ, ("False", "FailedGetContainerResourceMetric"), **NOTHING)
    broken["spec"]["metrics"] = [PER_CONTAINER]
    sidecar = container("envoy", resources={})
    without = deployment(containers=[container(resources={}), container("envoy")])
    assert reason(active(broken, without, METRICS, metrics=("cpu",))) == "hpa-request-missing"
    beside = deployment(containers=[container(), sidecar])
    assert reason(active(broken, beside, METRICS, metrics=("cpu",))) == "hpa-resource-without-value"


def test_an_injected_container_is_not_the_manifests_fault() -> None:
    """The template is right; the hint names the container and the way around it."""
    broken = told(READ, ("False", "FailedGetResourceMetric"), **NOTHING)
    injected = pod("web-1", spec={"containers": [container(), container("envoy", resources={})]})
    seen = active(broken, deployment(), injected, METRICS)
    assert reason(seen) == "hpa-sidecar-request-missing"
    assert seen.reason.params["containers"] == ["envoy"]
    assert seen.reason.params["own"] == ["web"]


@pytest.mark.parametrize(("created", "status"), [("09:59:30", "early"), ("09:58:00", "unmet")])
def test_a_new_autoscaler_has_a_minute(created: str, status: str) -> None:
    """The controller looks every 15 s; without a status after a minute something is wrong."""
    new = told(None, None, **NOTHING)
    new["metadata"]["creationTimestamp"] = f"2026-03-02T{created}Z"
    assert (active(new, *APP, METRICS).status, reason(active(new, *APP))) == (status, "hpa-not-evaluated")


def test_pods_without_values_yet_are_early() -> None:
    """metrics-server needs two looks at a new pod."""
    broken = told(READ, ("False", "FailedGetResourceMetric"), **NOTHING)
    young = pod("web-1", status={"startTime": "2026-03-02T09:59:50Z"})
    seen = active(broken, deployment(), young, METRICS)
    assert (seen.status, reason(seen)) == ("early", "hpa-pods-too-young")


@pytest.mark.parametrize("of_keda", ["web", "keda-hpa-web"])
def test_a_rival_that_keda_makes_comes_back(of_keda: str) -> None:
    """The hint says which ScaledObject makes it, whichever of the two is looked at."""
    one, two = (told(READ, ("False", "AmbiguousSelector"), **NOTHING) for _ in range(2))
    two["metadata"]["name"] = "keda-hpa-web"
    for each in (one, two):
        if each["metadata"]["name"] == of_keda:
            each["metadata"]["labels"] = {"scaledobject.keda.sh/name": "worker"}
    seen = active(one, two, *APP)
    assert (seen.status, reason(seen)) == ("hopeless", "hpa-ambiguous-with-keda")
    assert (seen.reason.params["made"], seen.reason.params["scaled_object"]) == (of_keda, "worker")


def test_another_target_is_no_rival() -> None:
    """Autoscalers of other Deployments are left alone."""
    other = autoscaler("other", scaleTargetRef={"kind": "Deployment", "name": "other"})
    seen = active(told(READ, ("False", "AmbiguousSelector"), **NOTHING), other, *APP)
    assert (seen.status, seen.reason.params["others"]) == ("unmet", [])


def test_a_limit_is_no_fault() -> None:
    """ScalingLimited and conditions of later versions say nothing about whether it works."""
    limited = [
        *WORKING,
        condition("ScalingLimited", "True", "TooManyReplicas"),
        condition("ScaledToZero", "False", "NotScaledToZero"),
    ]
    assert active(autoscaler(status={"conditions": limited}), *APP).status == "met"


def test_a_target_of_another_kind_is_not_said_to_have_strangers() -> None:
    """A Rollout's pods are made by ReplicaSets that bear its name in their own way."""
    rollout = {**deployment(), "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout"}
    target = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "name": "web"}
    assert active(autoscaler(scaleTargetRef=target), rollout, pod("web-1", of="other")).status == "met"


def down(*, able: str = "ReadyForNewScale", cpu: int = 1, memory: int = 10, **spec: Any) -> Any:
    """One look at the way down from 4 replicas."""
    status = {
        "currentReplicas": 4,
        "lastScaleTime": spec.pop("last", "2026-03-02T09:00:00Z"),
        "currentMetrics": [current_metric("cpu", cpu), current_metric("memory", memory)],
        "conditions": [condition("AbleToScale", "True", able), WORKING[1]],
    }
    api = MemoryApi(deployment(), autoscaler(status=status, **spec))
    return look(hpa.test_scaled_down, api.cluster(), name="web", namespace="shop")


def test_the_window_is_early_and_what_metrics_hold_is_partly_right() -> None:
    """Waiting costs nothing, a rule that forbids it does, and right arithmetic is worth a part."""
    waits = down(able="ScaleDownStabilized")
    assert (waits.status, reason(waits)) == ("early", "hpa-scale-down-waiting")
    held = down(memory=60)
    assert (reason(held), share(held)) == ("hpa-held-by-metric", 0.5)
    never = down(behavior={"scaleDown": {"selectPolicy": "Disabled"}})
    assert (never.status, reason(never), share(never)) == ("unmet", "hpa-scale-down-disabled", 0)
    loaded = down(cpu=90, able="ScaleDownStabilized")
    assert (loaded.status, reason(loaded)) == ("unmet", "hpa-still-loaded")


@pytest.mark.parametrize(
    ("last", "status"), [("2026-03-02T09:56:00Z", "early"), ("2026-03-02T09:00:00Z", "unmet")]
)
def test_a_step_that_the_rules_do_not_allow_yet_is_early(last: str, status: str) -> None:
    """The window and the longest period after the last step; later the next one should have come."""
    assert down(last=last).status == status


@pytest.mark.parametrize(
    ("ref", "expected"),
    [
        ({"kind": "Deployment"}, "hpa-target-type-unknown"),
        ({"apiVersion": "extensions/v1beta1", "kind": "Deployment"}, "hpa-target-type-unknown"),
        ({"apiVersion": "apps/v1", "kind": "deployments"}, "hpa-target-type-unknown"),
        ({"apiVersion": "apps/v1beta2", "kind": "Deployment"}, "hpa-cannot-scale"),
        ({"apiVersion": "apps/v1", "kind": "StatefulSet"}, "hpa-target-missing"),
    ],
)
def test_a_target_is_found_by_group_and_kind(ref: Object, expected: str) -> None:
    """The controller leaves the version aside; a group or a kind that nothing has is told apart."""
    lost = told(("False", "FailedGetScale"), None, **NOTHING)
    lost["spec"]["scaleTargetRef"] = {**ref, "name": "web"}
    assert reason(active(lost, *APP, METRICS)) == expected


@pytest.mark.parametrize(
    ("objects", "status", "expected"),
    [
        ([FINISHED], "unmet", "hpa-foreign-pod-without-request"),
        ([pod("web-1", ready=False)], "unmet", "hpa-no-ready-pods"),
        ([pod("web-1"), pod("web-2", ready=False)], "unmet", "hpa-resource-without-value"),
    ],
)
def test_the_pods_tell_why_there_is_no_value(objects: list[Object], status: str, expected: str) -> None:
    """Requests of finished strangers are added up too; what does not run is not measured."""
    broken = told(READ, ("False", "FailedGetResourceMetric"), **NOTHING)
    seen = active(broken, deployment(), *objects, METRICS)
    assert (seen.status, reason(seen)) == (status, expected)


@pytest.mark.parametrize(("since", "status"), [("09:59:50", "early"), ("09:50:00", "unmet")])
def test_an_api_that_has_just_come_is_early(since: str, status: str) -> None:
    """Old pods have no values before the metrics server has looked twice."""
    api = api_service("v1beta1.metrics.k8s.io")
    api["status"]["conditions"][0]["lastTransitionTime"] = f"2026-03-02T{since}Z"
    broken = told(READ, ("False", "FailedGetResourceMetric"), **NOTHING)
    assert active(broken, *APP, api).status == status


def test_metrics_of_one_name_are_told_apart_by_their_selectors() -> None:
    """One value does not stand for two metrics."""
    metric = {"name": "queue", "selector": {"matchLabels": {"of": "a"}}}
    other = {"name": "queue", "selector": {"matchLabels": {"of": "b"}}}
    asked = {"type": "AverageValue", "averageValue": "5"}
    read: Object = {"type": "External", "external": {"metric": metric, "current": {"averageValue": "1"}}}
    half = told(READ, GOOD, currentMetrics=[{"type": ""}, read])
    half["spec"]["metrics"] = [
        {"type": "External", "external": {"metric": one, "target": asked}} for one in (other, metric)
    ]
    seen = active(half, *APP, api_service("v1beta1.external.metrics.k8s.io"), metrics=("queue",))
    assert (seen.status, seen.reason.params["metric"]) == ("unmet", "queue (of=b)")

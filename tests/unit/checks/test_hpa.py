"""HorizontalPodAutoscalers: configured, and working with the true cause when not."""

from __future__ import annotations

from typing import Any

import pytest

from checks import hpa
from tests.unit.checks.api import MemoryApi, look, parts, reason, share
from tests.unit.checks.objects import (
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

METRICS = "v1beta1.metrics.k8s.io"
CUSTOM = "v1beta1.custom.metrics.k8s.io"
ASKED: dict[str, Any] = {
    "target": "web",
    "min_replicas": 2,
    "max_replicas": 10,
    "utilization": {"cpu": 50, "memory": 70},
}


def configured(*objects: Object, **params: Any) -> Any:
    """One look at how the autoscaler is written."""
    asked = {"name": "web", "namespace": "shop", **ASKED, **params}
    return look(hpa.test_configured, MemoryApi(*objects).cluster(), **asked)


def test_metrics_are_found_by_name_in_any_order() -> None:
    """The API keeps the order in which they were written."""
    turned = [resource_metric("memory", 70), resource_metric("cpu", 50)]
    assert configured(autoscaler(metrics=turned)).status == "met"


@pytest.mark.parametrize(
    ("spec", "field", "expected"),
    [
        ({"maxReplicas": 5}, "spec.maxReplicas", "field-differs"),
        ({"scaleTargetRef": {"kind": "Deployment", "name": "other"}}, "spec.scaleTargetRef", "field-differs"),
        (
            {"metrics": [resource_metric("cpu", 50)]},
            "spec.metrics[memory].target.averageUtilization",
            "field-missing",
        ),
    ],
)
def test_each_wrong_field_costs_its_share(spec: Object, field: str, expected: str) -> None:
    """One of five parts is lost, and it is the one that is wrong."""
    seen = configured(autoscaler(**spec))
    assert {part: why for part, why in parts(seen).items() if why} == {field: expected}
    assert share(seen) == pytest.approx(4 / 5)


def test_average_values_are_quantities() -> None:
    """1k is 1000."""
    pods = {
        "type": "Pods",
        "pods": {"metric": {"name": "rps"}, "target": {"type": "AverageValue", "averageValue": "1k"}},
    }
    bare = {"utilization": None, "average_value": {"rps": "1000"}}
    assert configured(autoscaler(metrics=[pods]), **bare).status == "met"
    assert (
        reason(configured(autoscaler(metrics=[pods]), **bare | {"average_value": {"rps": "999"}}))
        == "field-differs"
    )


UP = {
    "stabilizationWindowSeconds": 0,
    "policies": [
        {"type": "Pods", "value": 4, "periodSeconds": 30},
        {"type": "Percent", "value": 100, "periodSeconds": 30},
    ],
}


def test_policies_are_a_set_and_defaults_count() -> None:
    """The order of policies means nothing; what is left out is the controller's default."""
    asked = {"name": "web", "namespace": "shop", "direction": "scaleUp", "window": "0s", "select": "Max"}
    cluster = MemoryApi(autoscaler(behavior={"scaleUp": UP})).cluster()
    seen = look(hpa.test_behavior, cluster, **asked, policies=["100% / 30s", "4 pods / 30s"])
    assert seen.status == "met"
    plain = MemoryApi(autoscaler()).cluster()
    assert look(hpa.test_behavior, plain, **asked).status == "met"
    down = {"name": "web", "namespace": "shop", "direction": "scaleDown", "policies": ["50% / 60s"]}
    assert reason(look(hpa.test_behavior, plain, **down, window="300s")) == "field-differs"


def active(*objects: Object, metrics: tuple[str, ...] = ("cpu", "memory")) -> Any:
    """One look at whether the autoscaler works."""
    return look(
        hpa.test_active, MemoryApi(*objects).cluster(), name="web", namespace="shop", metrics=list(metrics)
    )


APP = [deployment(), pod("web-1"), pod("web-2")]


def test_an_idle_autoscaler_with_values_of_zero_works() -> None:
    """Zero is a value, and the time since which it works is the condition's."""
    seen = active(autoscaler(), *APP)
    assert seen.status == "met"
    assert seen.since is not None
    assert seen.since.hour == 9


def failing(why: str, able: str = "True", **status: Any) -> Object:
    """An autoscaler that reads nothing."""
    conditions = [
        condition("AbleToScale", able, "SucceededGetScale"),
        condition("ScalingActive", "False", why),
    ]
    return autoscaler(status={"conditions": conditions, "currentMetrics": None, **status})


NO_METRIC = "FailedGetResourceMetric"
BARE: Object = {"containers": [container(resources={})]}


@pytest.mark.parametrize(
    ("objects", "expected"),
    [
        ([failing(NO_METRIC), *APP], "hpa-metrics-api-absent"),
        (
            [failing(NO_METRIC), *APP, api_service(METRICS, status="False", reason="MissingEndpoints")],
            "hpa-metrics-api-down",
        ),
        ([failing(NO_METRIC), deployment(**BARE), api_service(METRICS)], "hpa-request-missing"),
        (
            [failing(NO_METRIC), deployment(), pod("web-1", spec=BARE), api_service(METRICS)],
            "hpa-request-missing",
        ),
        (
            [
                failing(NO_METRIC),
                deployment(),
                pod("web-1", status={"startTime": "2026-03-02T09:59:50Z"}),
                api_service(METRICS),
            ],
            "hpa-pods-too-young",
        ),
        ([failing(NO_METRIC), *APP, api_service(METRICS)], "hpa-resource-without-value"),
        ([failing("ScalingDisabled"), *APP], "hpa-target-at-zero"),
        ([failing("AmbiguousSelector"), *APP], "hpa-ambiguous"),
        ([autoscaler(status={"conditions": []}), *APP], "hpa-not-evaluated"),
    ],
)
def test_the_cause_behind_one_and_the_same_condition(objects: list[Object], expected: str) -> None:
    """API missing, API down, request missing (also of a sidecar), pods too young: told apart by objects."""
    assert reason(active(*objects)) == expected


def test_a_template_without_requests_does_not_mend_itself() -> None:
    """A pod of an old template may go away by itself."""
    objects = [failing(NO_METRIC), api_service(METRICS)]
    assert active(*objects, deployment(**BARE)).status == "hopeless"
    assert active(*objects, deployment(), pod("web-1", spec=BARE)).status == "unmet"


def test_a_missing_target_hides_everything_else() -> None:
    """AbleToScale is read first: ScalingActive may be left over from before."""
    left = [
        condition("AbleToScale", "False", "FailedGetScale"),
        condition("ScalingActive", "True", "ValidMetricFound"),
    ]
    assert reason(active(autoscaler(status={"conditions": left}))) == "hpa-target-missing"
    assert reason(active(autoscaler(status={"conditions": left}), *APP)) == "hpa-cannot-scale"


def test_the_rivals_are_named() -> None:
    """Two autoscalers on one Deployment stop each other."""
    rival = failing("AmbiguousSelector")
    rival["metadata"]["name"] = "web-custom"
    seen = active(failing("AmbiguousSelector"), rival, *APP)
    assert seen.reason is not None
    assert seen.reason.params["others"] == ["web-custom"]


def test_one_of_two_metrics_under_load_is_a_part() -> None:
    """ScalingActive is True while the other metric has no value: an element without a type."""
    half = autoscaler(status={"currentMetrics": [current_metric("cpu", 60), {"type": ""}]})
    seen = active(half, *APP, api_service(METRICS))
    assert reason(seen) == "hpa-resource-without-value"
    assert 0.4 < share(seen) < 0.7


def test_a_metric_without_value_names_its_cause_also_while_the_other_one_works() -> None:
    """CPU has no request, memory is read: ScalingActive is True."""
    half = autoscaler(status={"currentMetrics": [{"type": ""}, current_metric("memory", 10)]})
    only_memory = container(resources={"requests": {"memory": "128Mi"}})
    seen = active(half, deployment(containers=[only_memory]), api_service(METRICS))
    assert (seen.status, reason(seen)) == ("hopeless", "hpa-request-missing")
    assert parts(seen)["metric/memory"] is None


def test_a_custom_metric_asks_its_own_api() -> None:
    """The custom metrics API that answers with nothing is not an API that is missing."""
    pods = {"type": "Pods", "pods": {"metric": {"name": "rps"}, "target": {"averageValue": "1"}}}
    broken = failing("FailedGetPodsMetric")
    broken["spec"]["metrics"] = [pods]
    assert reason(active(broken, *APP, metrics=("rps",))) == "hpa-metrics-api-absent"
    assert reason(active(broken, *APP, api_service(CUSTOM), metrics=("rps",))) == "hpa-metric-without-value"


def test_pods_of_others_under_the_same_labels_cost_a_part() -> None:
    """Their load is in the average."""
    seen = active(autoscaler(), *APP, pod("other-1", of="other"))
    assert reason(seen) == "hpa-foreign-pods"
    assert 0.8 < share(seen) < 1


def test_a_resource_that_is_asked_for_twice_is_found_in_any_order() -> None:
    """The pods' CPU and one container's are two metrics; the one that was asked for counts."""
    target = {"type": "Utilization", "averageUtilization": 80}
    other = {
        "type": "ContainerResource",
        "containerResource": {"name": "cpu", "container": "web", "target": target},
    }
    for metrics in ([resource_metric("cpu", 50), other], [other, resource_metric("cpu", 50)]):
        cluster = MemoryApi(autoscaler(metrics=metrics)).cluster()
        seen = look(
            hpa.test_configured, cluster, name="web", namespace="shop", target="web", utilization={"cpu": 50}
        )
        assert seen.status == "met"

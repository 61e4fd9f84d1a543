"""Custom metrics: the exact one, for every pod, in either version of the API."""

from __future__ import annotations

import json
from typing import Any

import pytest

from checks import custom_metrics
from pytest_k8sgrade.outcome import Observation
from tests.unit.checks.api import MemoryApi, look, parts, reason, share
from tests.unit.checks.objects import Object, api_service, container, deployment, item, pod

API = "/apis/custom.metrics.k8s.io"
V1, V2 = f"{API}/v1beta1", f"{API}/v1beta2"
PATH = "namespaces/shop/pods/*/http_requests_per_second"
NOT_FOUND = {"kind": "Status", "apiVersion": "v1", "reason": "NotFound", "code": 404}
REGISTERED = api_service("v1beta1.custom.metrics.k8s.io", service="adapter")


def value(name: str, amount: str) -> Object:
    """One item of a metric."""
    return {"describedObject": {"kind": "Pod", "name": name, "namespace": "shop"}, "value": amount}


def served(*values: Object, at: str = V1) -> dict[str, Any]:
    """The API with these values of the metric."""
    return {f"{at}/{PATH}": (200, json.dumps({"items": list(values)}))}


def asked(raw: dict[str, Any], *objects: Object, **params: Any) -> Observation:
    """One look at the metric; what is not served is not there."""
    api = MemoryApi(REGISTERED, *objects)
    api.raw |= {
        path: (code, body if isinstance(body, str) else json.dumps(body))
        for path, (code, body) in raw.items()
    }
    own = {"metric": "http_requests_per_second", "namespace": "shop", **params}
    return look(custom_metrics.test_metric, api.cluster(), **own)


ONE, TWO = pod("web-1"), pod("web-2")


def test_either_version_will_do() -> None:
    """A version that is not served answers a plain 404."""
    assert asked(served(value("web-1", "66m"))).status == "met"
    assert asked(served(value("web-1", "66m"), at=V2)).status == "met"


@pytest.mark.parametrize(
    ("amount", "limits", "met"),
    [
        ("10500m", {"at_least": "10", "at_most": "11"}, True),
        ("66m", {"at_most": "1"}, True),
        ("66m", {"at_least": "1"}, False),
        ("1k", {"at_most": "999"}, False),
        ("-1", {}, False),
        ("0", {}, True),
    ],
)
def test_values_are_quantities(amount: str, limits: dict[str, str], met: bool) -> None:
    """66m is less than 1, and nothing that is counted is negative."""
    seen = asked(served(value("web-1", amount)), **limits)
    assert reason(seen) == (None if met else "custom-metric-value")


def test_every_ready_pod_needs_its_own_value() -> None:
    """Values of other pods do not count, a pod that has just started is early."""
    own = {"workload": "web"}
    both = served(value("web-1", "1"), value("web-2", "2"))
    assert asked(both, deployment(), ONE, TWO, **own).status == "met"
    seen = asked(served(value("web-1", "1"), value("other", "2")), deployment(), ONE, TWO, **own)
    assert [part for part, why in parts(seen).items() if why] == ["pod/web-2"]
    young = pod("web-2", status={"startTime": "2026-03-02T09:59:00Z"})
    seen = asked(served(value("web-1", "1")), deployment(), ONE, young, **own)
    assert [part.early for part in seen.parts if not part.met] == [True]
    assert reason(asked(served(value("other", "2")), deployment(), **own)) == "workload-without-pods"


def test_a_metric_without_values_is_registered_at_least() -> None:
    """200 with an empty list is no value."""
    seen = asked(served())
    assert reason(seen) == "custom-metric-without-values"
    assert 0 < share(seen) < 1


def test_another_name_is_shown() -> None:
    """The adapter renames series: what it serves instead is the hint."""
    listed = {"resources": [{"name": "pods/http_requests"}]}
    seen = asked({f"{V1}/{PATH}": (404, NOT_FOUND), V1: (200, listed)})
    assert reason(seen) == "custom-metric-absent"
    assert seen.reason is not None
    assert seen.reason.params["offered"] == ["pods/http_requests"]


def adapter(*arguments: str, **volumes: Any) -> Object:
    """The adapter's Deployment."""
    own = deployment("adapter", "kube-system", containers=[container("adapter", args=list(arguments))])
    own["spec"]["template"]["spec"] |= volumes
    return own


def available(*objects: Object, resources: list[Object] | None = None) -> Observation:
    """One look at the API itself."""
    api = MemoryApi(*objects)
    api.raw[V1] = (200, json.dumps({"resources": resources or []}))
    return look(custom_metrics.test_available, api.cluster())


NAMED = [{"name": "pods/x"}]
DOWN = api_service(
    "v1beta1.custom.metrics.k8s.io", service="adapter", status="False", reason="FailedDiscoveryCheck"
)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--prometheus-url=http://prometheus.default.svc:9090"],
        ["--prometheus-url", "http://prometheus.default.svc"],
    ],
)
def test_an_adapter_that_asks_nobody_is_found(arguments: list[str]) -> None:
    """Available and Ready, with an address that is nowhere, in either spelling of its option."""
    assert reason(available(REGISTERED, adapter(*arguments))) == "adapter-prometheus-absent"


def test_available_means_that_something_is_served() -> None:
    """An empty list of resources, or an address outside of the cluster, says nothing of its cause."""
    assert available(REGISTERED, resources=NAMED).status == "met"
    assert reason(available(REGISTERED)) == "custom-metrics-empty"
    outside = adapter("--prometheus-url=https://prometheus.example.org")
    assert reason(available(REGISTERED, outside)) == "custom-metrics-empty"
    assert available(api_service("v1beta2.custom.metrics.k8s.io"), resources=NAMED).status == "met"
    assert reason(available()) == "custom-metrics-absent"


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ("resourceRules: {cpu: {}}\n", "custom-metrics-without-rules"),
        ("rules: []\n", "custom-metrics-without-rules"),
        ("rules: [{seriesQuery: x}]\n", "custom-metrics-not-answering"),
        (None, "custom-metrics-not-answering"),
    ],
)
def test_an_adapter_without_rules_is_told_from_a_broken_network(config: str | None, expected: str) -> None:
    """Its own configuration tells; one that cannot be read leaves both open."""
    volumes = [{"name": "config", "configMap": {"name": "rules"}}]
    own = [item("v1", "ConfigMap", "rules", "kube-system", data={"config.yaml": config})] if config else []
    assert reason(available(DOWN, adapter(volumes=volumes), *own)) == expected


RENAMED = """\
rules:
- seriesQuery: 'http_requests_total{namespace!="",pod!=""}'
  name: {matches: "^(.*)_total$", as: "${1}_per_second"}
"""
TYPO = RENAMED.replace("per_second", "per_minute")
ANY = """\
rules:
- seriesQuery: '{namespace!="",__name__=~".*_total"}'
  name: {matches: "^(.*)_total$", as: ""}
"""


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (RENAMED, "custom-metric-rule-not-in-effect"),
        (TYPO, "custom-metric-without-rule"),
        (ANY, "custom-metric-absent"),
        ("resourceRules: {cpu: {}}\n", "custom-metric-absent"),
        ("rules: [1, {name: 5}]\n", "custom-metric-absent"),
        (": no yaml", "custom-metric-absent"),
    ],
)
def test_a_missing_metric_is_explained_by_the_rules(config: str, expected: str) -> None:
    """No rule gives it, or one does and was not read; rules that take any series leave it open."""
    volumes = [{"name": "config", "configMap": {"name": "rules"}}]
    own = item("v1", "ConfigMap", "rules", "kube-system", data={"config.yaml": config})
    listed = {"resources": [{"name": name} for name in ("pods/a", "pods/http_requests", "namespaces/x")]}
    seen = asked({f"{V1}/{PATH}": (404, NOT_FOUND), V1: (200, listed)}, adapter(volumes=volumes), own)
    assert reason(seen) == expected
    assert seen.reason is not None
    assert seen.reason.params["offered"] == ["pods/http_requests", "pods/a"]


def test_a_missing_metric_of_an_adapter_that_asks_nobody() -> None:
    """It serves nothing at all, whatever its rules are."""
    nobody = adapter("--prometheus-url=http://prometheus.default.svc:9090")
    seen = asked({f"{V1}/{PATH}": (404, NOT_FOUND), V1: (200, {"resources": []})}, nobody)
    assert reason(seen) == "adapter-prometheus-absent"


def test_registered_is_less_than_serving() -> None:
    """An adapter that answers with an empty list is there: what it lacks is another item's matter."""
    api = MemoryApi(REGISTERED)
    api.raw[V1] = (200, json.dumps({"resources": []}))
    assert look(custom_metrics.test_registered, api.cluster()).status == "met"
    assert reason(look(custom_metrics.test_registered, MemoryApi().cluster())) == "custom-metrics-absent"
    assert look(custom_metrics.test_registered, MemoryApi(DOWN).cluster()).status == "unmet"


def test_external_metrics_are_asked_with_their_labels() -> None:
    """They have no object, only a name and labels."""
    api = MemoryApi(api_service("v1beta1.external.metrics.k8s.io"))
    path = "/apis/external.metrics.k8s.io/v1beta1/namespaces/shop/s0-prometheus"
    api.raw[path] = (200, json.dumps({"items": [{"metricName": "s0-prometheus", "value": "12"}]}))
    asked_for: Object = {
        "metric": "s0-prometheus",
        "namespace": "shop",
        "labels": {"a": "b"},
        "at_least": "10",
    }
    assert look(custom_metrics.test_external, api.cluster(), **asked_for).status == "met"
    api.raw[path] = (200, json.dumps({"items": []}))
    assert (
        reason(look(custom_metrics.test_external, api.cluster(), **asked_for))
        == "custom-metric-without-values"
    )


def test_metrics_of_the_namespace_have_a_path_of_their_own() -> None:
    """It names no resource."""
    answer = {
        f"{V1}/namespaces/shop/metrics/http_requests_per_second": (200, {"items": [value("shop", "1")]})
    }
    assert asked(answer, resource="namespaces").status == "met"


def test_a_version_that_is_down_does_not_hide_the_other() -> None:
    """The autoscaler takes the one that works."""
    down: dict[str, Any] = {f"{V1}/{PATH}": (503, "service unavailable")}
    assert asked(down | served(value("web-1", "1"), at=V2)).status == "met"


def test_one_object_may_be_asked_for() -> None:
    """The value of another one does not count."""
    assert asked(served(value("web-1", "1")), object="web-1").status == "met"
    assert reason(asked(served(value("web-1", "1")), object="web-2")) == "custom-metric-object-without-value"
    assert reason(asked(served(), object="web-2")) == "custom-metric-without-values"


@pytest.mark.parametrize(("namespaced", "outside"), [(False, True), (True, False)])
def test_a_metric_outside_of_namespaces_is_told_from_a_missing_one(namespaced: bool, outside: bool) -> None:
    """It is listed, and still not there within a namespace."""
    listed = {"resources": [{"name": "pods/http_requests_per_second", "namespaced": namespaced}]}
    seen = asked({f"{V1}/{PATH}": (404, NOT_FOUND), V1: (200, listed)})
    assert (reason(seen) == "custom-metric-outside-namespaces") is outside


def test_the_series_of_an_external_metric_add_up() -> None:
    """As an autoscaler counts them."""
    api = MemoryApi()
    found = [{"metricName": "queue", "value": amount} for amount in ("4", "4500m")]
    path = "/apis/external.metrics.k8s.io/v1beta1/namespaces/shop/queue"
    api.raw[path] = (200, json.dumps({"items": found}))
    own: Object = {"metric": "queue", "namespace": "shop"}
    assert look(custom_metrics.test_external, api.cluster(), **own, at_least="8").status == "met"
    assert look(custom_metrics.test_external, api.cluster(), **own, at_most="8").status == "unmet"

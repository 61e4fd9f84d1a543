"""The resource metrics API: its backend, and values for everything."""

from __future__ import annotations

from typing import Any

import pytest

from checks import metrics_server
from tests.unit.checks.api import NOW, MemoryApi, look, reason, share
from tests.unit.checks.objects import Object, api_service, condition, deployment, item, pod, service, waiting

NAME = "v1beta1.metrics.k8s.io"
NODES = "/apis/metrics.k8s.io/v1beta1/nodes"
PODS = "/apis/metrics.k8s.io/v1beta1/namespaces/shop/pods"
USAGE = {"cpu": "1m", "memory": "1Mi"}


def available(*objects: Object) -> Any:
    """One look at the API."""
    return look(metrics_server.test_available, MemoryApi(*objects).cluster())


def test_the_backend_may_have_any_name() -> None:
    """It is found through the APIService."""
    assert available(api_service(NAME, service="ms-metrics-server")).status == "met"


@pytest.mark.parametrize(
    ("why", "expected"),
    [
        ("ServiceNotFound", "metrics-api-leftover"),
        ("FailedDiscoveryCheck", "metrics-api-unreachable"),
        ("EndpointsNotFound", "metrics-api-without-endpoints"),
        ("ServicePortError", "api-service-port"),
        ("SomethingNew", "metrics-api-unavailable"),
    ],
)
def test_an_unavailable_api_names_its_cause(why: str, expected: str) -> None:
    """The reason of the condition decides, a ready pod does not help."""
    assert reason(available(api_service(NAME, status="False", reason=why))) == expected


@pytest.mark.parametrize(
    ("status", "why", "expected"),
    [
        ("True", "Passed", None),
        ("True", "SomethingNew", "condition-unknown"),
        ("Unknown", "ServiceAccessError", "api-state-unknown"),
        ("Unknown", "EndpointsAccessError", "api-state-unknown"),
    ],
)
def test_what_the_aggregator_cannot_say_is_a_doubt(status: str, why: str, expected: str | None) -> None:
    """An unknown reason is no pass, and a state that the server does not know is nobody's fault."""
    seen = available(api_service(NAME, status=status, reason=why))
    assert (seen.status, reason(seen)) == ("met" if expected is None else "cannot-tell", expected)


def test_a_pod_that_runs_and_is_not_ready_points_to_certificates() -> None:
    """MissingEndpoints with a running pod is the kubelets' certificates."""
    backend = service("metrics-server", "kube-system")
    seen = available(
        api_service(NAME, status="False", reason="MissingEndpoints"),
        backend,
        pod("ms-1", "kube-system", ready=False),
    )
    assert reason(seen) == "metrics-server-not-ready"


def test_prometheus_adapter_is_half_of_it() -> None:
    """The API works, but metrics-server was asked for; nothing registered is nothing."""
    seen = available(api_service(NAME, service="prometheus-adapter"))
    assert (reason(seen), share(seen)) == ("metrics-api-by-adapter", 0.5)
    assert reason(available()) == "metrics-api-absent"


def nodes(*names: str, answer: Any = None) -> Any:
    """One look at the values of the nodes."""
    ready = {"conditions": [condition("Ready", "True", "")]}
    api = MemoryApi(api_service(NAME), *(item("v1", "Node", name, status=ready) for name in names))
    api.raw[NODES] = answer or (200, {"items": [{"metadata": {"name": "a"}, "usage": USAGE}]})
    return look(metrics_server.test_nodes, api.cluster())


def test_every_node_needs_values() -> None:
    """An API that is available and leaves out a node is half of it; no node at all is nothing."""
    assert nodes("a").status == "met"
    seen = nodes("a", "b")
    assert (reason(seen), share(seen)) == ("node-without-metrics", 0.5)
    assert reason(nodes()) == "no-ready-node"
    assert reason(nodes("a", answer=(503, "service unavailable"))) == "metrics-api-refuses"


def pods(started: str, *measured: str) -> Any:
    """One look at the values of a Deployment's pods."""
    young = {"startTime": started}
    api = MemoryApi(deployment(), pod("web-1", status=young), pod("other-1", of="other"))
    found = [
        {"metadata": {"name": name}, "containers": [{"name": "web", "usage": USAGE}]} for name in measured
    ]
    api.raw[PODS] = (200, {"items": found})
    return look(metrics_server.test_pods, api.cluster(), name="web", namespace="shop")


def test_only_own_pods_are_asked_and_young_ones_are_waited_for() -> None:
    """A pod without values is told from one that started a moment ago."""
    assert pods("2026-03-02T08:00:00Z", "web-1").status == "met"
    assert reason(pods("2026-03-02T08:00:00Z", "other-1")) == "pod-without-metrics"
    assert reason(pods(NOW.isoformat(), "other-1")) == "pod-metrics-too-early"


def test_a_pod_that_does_not_start_has_no_values_to_miss() -> None:
    """While an old pod runs it alone is asked; without one the cause is the pod's."""
    broken = pod("web-2", status=waiting("ErrImagePull"))
    api = MemoryApi(deployment(), pod("web-1"), broken)
    found = [{"metadata": {"name": "web-1"}, "containers": [{"name": "web", "usage": USAGE}]}]
    api.raw[PODS] = (200, {"items": found})
    assert look(metrics_server.test_pods, api.cluster(), name="web", namespace="shop").status == "met"
    api.objects = [one for one in api.objects if one["metadata"]["name"] != "web-1"]
    seen = look(metrics_server.test_pods, api.cluster(), name="web", namespace="shop")
    assert reason(seen) == "container-image-missing"


def taken(at: str) -> tuple[Any, Any]:
    """One look at the values of a node and one at those of a pod, taken at that time."""
    node = {"metadata": {"name": "a"}, "timestamp": at, "usage": USAGE}
    measured = {
        "metadata": {"name": "web-1"},
        "timestamp": at,
        "containers": [{"name": "web", "usage": USAGE}],
    }
    api = MemoryApi(deployment(), pod("web-1"))
    api.raw[PODS] = (200, {"items": [measured]})
    own = look(metrics_server.test_pods, api.cluster(), name="web", namespace="shop")
    return nodes("a", answer=(200, {"items": [node]})), own


def test_values_of_long_ago_are_none_of_now() -> None:
    """Old versions scrape once a minute; a clock that runs ahead is no fault."""
    assert [reason(one) for one in taken("2026-03-02T09:50:00Z")] == [
        "node-metrics-stale",
        "pod-metrics-stale",
    ]
    for at in ("2026-03-02T09:57:00Z", "2026-03-02T10:02:00Z"):
        assert [one.status for one in taken(at)] == ["met", "met"]


def test_what_has_started_again_is_waited_for() -> None:
    """A node or pod of long ago is new to metrics-server when it, or its container, has just started."""
    restarted = {"containerStatuses": [{"name": "web", "state": {"running": {"startedAt": NOW.isoformat()}}}]}
    api = MemoryApi(deployment(), pod("web-1", status=restarted))
    api.raw[PODS] = (200, {"items": []})
    seen = look(metrics_server.test_pods, api.cluster(), name="web", namespace="shop")
    assert reason(seen) == "pod-metrics-too-early"

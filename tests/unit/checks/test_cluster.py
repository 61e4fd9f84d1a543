"""Objects of any kind, APIs that others serve, and the lab's own cluster."""

from __future__ import annotations

from typing import Any

import pytest

from checks import cluster as checks
from checks import namespaces
from tests.unit.checks.api import MemoryApi, look, reason
from tests.unit.checks.objects import (
    Object,
    api_service,
    condition,
    deployment,
    item,
    namespace,
    pod,
    service,
)

NAME = "v1beta1.metrics.k8s.io"


def has(*objects: Object, **params: Any) -> Any:
    """One look at whether the ConfigMap settings is there."""
    asked = {"kind": "ConfigMap", "name": "settings", "namespace": "shop", **params}
    return look(checks.test_has, MemoryApi(*objects).cluster(), **asked)


SETTINGS = item("v1", "ConfigMap", "settings", "shop", meta={"creationTimestamp": "2026-03-02T09:00:00Z"})


def test_an_object_is_there_from_its_creation_on() -> None:
    """And not while it is being deleted."""
    seen = has(SETTINGS)
    assert (seen.status, seen.since.hour) == ("met", 9)
    leaving = {**SETTINGS, "metadata": {**SETTINGS["metadata"], "deletionTimestamp": "2026-03-02T09:59:00Z"}}
    assert reason(has(leaving)) == "object-terminating"


def test_what_is_missing_is_told_apart() -> None:
    """The namespace, the object, or the API with what brings it."""
    assert reason(has()) == "namespace-absent"
    assert reason(has(namespace("shop"))) == "object-absent"
    seen = has(namespace("shop"), kind="Application", api_version="argoproj.io/v1alpha1")
    assert (reason(seen), seen.reason.params["provider"]) == ("kind-not-registered", "Argo CD")


def serves(*objects: Object, api_version: str = "metrics.k8s.io/v1beta1") -> Any:
    """One look at an API."""
    return look(checks.test_serves, MemoryApi(*objects).cluster(), api_version=api_version)


@pytest.mark.parametrize(
    ("status", "why", "found", "expected"),
    [
        ("True", "Passed", "met", None),
        ("True", "Local", "met", None),
        ("True", "NeverHeardOf", "cannot-tell", "condition-unknown"),
        ("False", "ServiceNotFound", "unmet", "api-service-missing"),
        ("False", "ServicePortError", "unmet", "api-service-port"),
        ("False", "MissingEndpoints", "unmet", "api-without-endpoints"),
        ("False", "EndpointsNotFound", "unmet", "api-without-endpoints"),
        ("False", "FailedDiscoveryCheck", "unmet", "api-unreachable"),
        ("False", "NeverHeardOf", "unmet", "api-unavailable"),
        ("Unknown", "ServiceAccessError", "cannot-tell", "api-state-unknown"),
    ],
)
def test_the_aggregators_reasons(status: str, why: str, found: str, expected: str | None) -> None:
    """Each says something else, and one nobody knows is no pass."""
    seen = serves(api_service(NAME, status=status, reason=why))
    assert (seen.status, reason(seen)) == (found, expected)


def test_the_trouble_of_the_backend_is_told() -> None:
    """No endpoints is only what it looks like from outside."""
    backend = service("metrics-server", "kube-system")
    down = api_service(NAME, status="False", reason="MissingEndpoints")
    crashed = deployment("ms", "kube-system", replicas=0, status={})
    assert reason(serves(down, backend, crashed)) == "workload-scaled-to-zero"
    unready = pod("ms-1", "kube-system", ready=False)
    assert reason(serves(down, backend, unready)) == "pod-not-ready"


def test_an_api_that_nobody_registered_names_what_brings_it() -> None:
    """A group that is not known is named itself."""
    seen = serves(api_version="keda.sh/v1alpha1")
    assert (seen.status, reason(seen), seen.reason.params["provider"]) == ("absent", "api-absent", "KEDA")
    assert serves(api_version="lf.example.com/v1").reason.params["provider"] == "lf.example.com"


def test_a_namespace_that_cannot_go_says_what_holds_it() -> None:
    """A dead APIService holds even an empty one."""
    held = [
        condition("NamespaceDeletionDiscoveryFailure", "True", "DiscoveryFailed"),
        condition("NamespaceContentRemaining", "False", "ContentRemoved"),
    ]
    going = item("v1", "Namespace", "shop", status={"phase": "Terminating", "conditions": held})
    seen = look(namespaces.test_exists, MemoryApi(going).cluster(), name="shop")
    assert (reason(seen), seen.reason and seen.reason.params["why"]) == (
        "namespace-held",
        ["DiscoveryFailed"],
    )


def test_another_cluster_is_nobodys_fault() -> None:
    """Nothing is graded on it."""
    system = item("v1", "Namespace", "kube-system", meta={"uid": "one"})
    assert look(checks.test_is, MemoryApi(system).cluster(), uid="one").status == "met"
    seen = look(checks.test_is, MemoryApi(system).cluster(), uid="two")
    assert (seen.status, reason(seen)) == ("cannot-tell", "other-cluster")

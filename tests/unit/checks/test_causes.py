"""Causes behind what a status only shows: quotas, missing objects, requests too large, forbidding rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from checks import argocd, hpa, metrics_server, services, workloads
from pytest_k8sgrade.kube.pod_spec import probe_text
from pytest_k8sgrade.outcome import Observation
from tests.unit.checks.api import MemoryApi, look, reason
from tests.unit.checks.objects import (
    Object,
    api_service,
    condition,
    container,
    deployment,
    item,
    namespace,
    pod,
    service,
    waiting,
)
from tests.unit.checks.objects import hpa as autoscaler

REFUSED: Object = {
    "readyReplicas": 2,
    "replicas": 2,
    "updatedReplicas": 0,
    "conditions": [condition("ReplicaFailure", "True", "FailedCreate")],
}


def told(seen: Observation) -> Mapping[str, Any]:
    """The parameters of the reason that a look gave."""
    assert seen.reason is not None
    return seen.reason.params


def rolled_out(*objects: Object) -> Any:
    """One look at the Deployment web."""
    return look(workloads.test_ready, MemoryApi(*objects).cluster(), name="web", namespace="shop")


def quota(hard: Object, used: Object) -> Object:
    """A quota of the namespace."""
    return item("v1", "ResourceQuota", "limit", "shop", status={"hard": hard, "used": used})


@pytest.mark.parametrize(
    ("hard", "used", "expected"),
    [
        ({"pods": "2"}, {"pods": "2"}, "workload-quota-reached"),
        ({"requests.cpu": "250m"}, {"requests.cpu": "0.2"}, "workload-quota-reached"),
        ({"requests.cpu": "300m"}, {"requests.cpu": "0.2"}, "workload-pods-refused"),
        ({"limits.memory": "1Gi"}, {"limits.memory": "600Mi"}, "workload-quota-reached"),
        ({"pods": "3", "services": "1"}, {"pods": "2", "services": "1"}, "workload-pods-refused"),
    ],
)
def test_a_quota_is_named_when_one_more_pod_does_not_fit(hard: Object, used: Object, expected: str) -> None:
    """By arithmetic on quota and template; a refusal for another reason is not put on a quota."""
    seen = rolled_out(deployment(status=REFUSED), quota(hard, used))
    assert reason(seen) == expected


def test_a_quota_refuses_pods_that_do_not_say_what_they_need() -> None:
    """A quota of memory, a template without requests."""
    silent = deployment(status=REFUSED, containers=[container(resources={})])
    seen = rolled_out(silent, quota({"requests.memory": "8Gi"}, {"requests.memory": "0"}))
    assert (reason(seen), told(seen)["resource"]) == ("workload-quota-reached", "requests.memory")


SOURCES: dict[str, Object] = {
    "spec.containers[web].envFrom.configMapRef": {"envFrom": [{"configMapRef": {"name": "settings"}}]},
    "spec.containers[web].env[A].valueFrom.secretKeyRef": {
        "env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "settings", "key": "a"}}}]
    },
}


@pytest.mark.parametrize("field", SOURCES)
def test_what_a_container_names_and_is_not_there_is_told(field: str) -> None:
    """The kind, the name and the field; with the object there the failure stays unexplained."""
    broken = pod(
        "web-1",
        spec={"containers": [container(**SOURCES[field])]},
        status=waiting("CreateContainerConfigError"),
    )
    workload = deployment(status={"updatedReplicas": 1, "readyReplicas": 2})
    seen = rolled_out(workload, broken)
    assert (reason(seen), told(seen)["field"], seen.status) == (
        "pod-reference-missing",
        field,
        "hopeless",
    )
    kind = told(seen)["kind"]
    whole = item("v1", kind, "settings", "shop", data={"a": "eA=="})
    assert reason(rolled_out(workload, broken, whole)) == "container-cannot-start"


def test_an_optional_reference_stops_nobody() -> None:
    """A volume that may be missing is not the cause."""
    volumes = [{"name": "extra", "configMap": {"name": "extra", "optional": True}}]
    broken = pod(
        "web-1", spec={"containers": [container()], "volumes": volumes}, status=waiting("ContainerCreating")
    )
    workload = deployment(status={"updatedReplicas": 1, "readyReplicas": 2})
    assert reason(rolled_out(workload, broken)) == "pod-starting"


@pytest.mark.parametrize(("cpu", "expected"), [("64", "pod-too-large"), ("100m", "pod-unschedulable")])
def test_a_request_that_no_node_can_hold_is_the_manifests_fault(cpu: str, expected: str) -> None:
    """Larger than the largest node: no waiting and no tidying up helps."""
    unscheduled = {"conditions": [condition("PodScheduled", "False", "Unschedulable")]}
    large = container(resources={"requests": {"cpu": cpu}})
    broken = pod("web-1", spec={"containers": [large]}, status=unscheduled)
    node = item("v1", "Node", "one", status={"allocatable": {"cpu": "2", "memory": "8Gi"}})
    seen = rolled_out(deployment(status={"updatedReplicas": 1, "readyReplicas": 2}), broken, node)
    assert reason(seen) == expected


@pytest.mark.parametrize(
    ("probe", "text"),
    [
        ({"httpGet": {"path": "/ready", "port": "http"}}, "HTTP /ready port http"),
        ({"tcpSocket": {"port": 80}}, "TCP port 80"),
        ({"grpc": {"port": 9000}}, "gRPC port 9000"),
        ({"exec": {"command": ["cat", "/tmp/ok"]}}, "cat /tmp/ok"),
        ({}, ""),
    ],
)
def test_a_readiness_probe_in_a_few_words(probe: Object, text: str) -> None:
    """What a student has to compare with what the container does."""
    assert probe_text({"name": "web", "readinessProbe": probe}) == text


def test_a_service_without_pods_names_the_workload_at_zero() -> None:
    """The selector is right: the Deployment runs nothing."""
    params = {"name": "web", "namespace": "shop", "port": 80, "target_port": 8080}
    at_zero = deployment(replicas=0, status={})
    seen = look(services.test_routes, MemoryApi(service(), at_zero).cluster(), **params)
    assert (reason(seen), told(seen)["name"]) == ("workload-scaled-to-zero", "web")


@pytest.mark.parametrize(
    ("selector", "expected"),
    [({"app": "web"}, "workload-scaled-to-zero"), ({"app": "typo"}, "service-selects-nothing")],
)
def test_a_metrics_api_without_endpoints_is_explained(selector: Object, expected: str) -> None:
    """A backend at 0 replicas, or a Service that selects none of it."""
    api = MemoryApi(
        api_service("v1beta1.metrics.k8s.io", service="web", status="False", reason="MissingEndpoints"),
        service(space="kube-system", spec={"selector": selector}),
        deployment(space="kube-system", replicas=0, status={}),
    )
    assert reason(look(metrics_server.test_available, api.cluster())) == expected


def test_an_autoscaler_or_a_service_that_is_being_deleted_does_not_count() -> None:
    """Both still work, but not for long; what holds them is told."""
    dying = {"deletionTimestamp": "2026-03-02T09:59:00Z", "finalizers": ["example.com/held"]}
    scaler = autoscaler()
    scaler["metadata"].update(dying)
    params = {"name": "web", "namespace": "shop"}
    seen = look(hpa.test_active, MemoryApi(deployment(), scaler).cluster(), metrics=["cpu"], **params)
    assert (reason(seen), told(seen)["finalizers"]) == ("object-terminating", ["example.com/held"])
    routed = look(
        services.test_routes, MemoryApi(service(meta=dying)).cluster(), port=80, target_port=8080, **params
    )
    assert reason(routed) == "object-terminating"


def application(**status: Any) -> Object:
    """An Application that was right once."""
    spec = {
        "project": "team",
        "source": {"repoURL": "https://example.com/shop.git", "path": "k8s"},
        "destination": {"server": "https://kubernetes.default.svc", "namespace": "shop"},
    }
    return item("argoproj.io/v1alpha1", "Application", "web", "argocd", spec=spec, status=status)


INVALID: Object = {
    "conditions": [{"type": "InvalidSpecError", "lastTransitionTime": "2026-03-02T09:00:00Z"}],
    "sync": {"status": "Unknown"},
}
ANYWHERE: Object = {"server": "*", "namespace": "*"}


@pytest.mark.parametrize(
    ("rules", "field"),
    [
        (
            {"sourceRepos": ["*"], "destinations": [{"server": "*", "namespace": "prod-*"}]},
            "spec.destinations",
        ),
        (
            {"sourceRepos": ["*"], "destinations": [ANYWHERE, {**ANYWHERE, "namespace": "!shop"}]},
            "spec.destinations",
        ),
        ({"sourceRepos": ["https://example.com/other.git"], "destinations": [ANYWHERE]}, "spec.sourceRepos"),
        ({"sourceRepos": ["*", "!https://example.com/*"], "destinations": [ANYWHERE]}, "spec.sourceRepos"),
        ({"sourceRepos": ["https://example.com/*"], "destinations": [ANYWHERE]}, None),
    ],
)
def test_the_projects_rule_that_forbids_is_named(rules: Object, field: str | None) -> None:
    """Patterns as Argo CD reads them; a project that allows all is not blamed."""
    project = item("argoproj.io/v1alpha1", "AppProject", "team", "argocd", spec=rules)
    api = MemoryApi(application(**INVALID), project, namespace("argocd"))
    seen = look(argocd.test_synced, api.cluster(), name="web", namespace="argocd")
    expected = "argocd-project-forbids" if field else "argocd-spec-invalid"
    assert (reason(seen), told(seen).get("field")) == (expected, field)


def test_an_unreadable_source_is_the_repo_servers_fault_when_it_is_down() -> None:
    """The component that reads repositories runs no pod."""
    unreadable = {**INVALID, "conditions": [{**INVALID["conditions"][0], "type": "ComparisonError"}]}
    down = deployment("argocd-repo-server", "argocd", replicas=0, status={})
    api = MemoryApi(application(**unreadable), down)
    seen = look(argocd.test_synced, api.cluster(), name="web", namespace="argocd")
    assert (reason(seen), told(seen)["name"]) == ("workload-scaled-to-zero", "argocd-repo-server")


@pytest.mark.parametrize(("failed_on", "expected"), [("bad", None), ("good", "argocd-sync-failed")])
def test_a_failed_sync_of_an_older_commit_is_past(failed_on: str, expected: str | None) -> None:
    """A bad commit that was reverted leaves nothing to sync: its failure stays and says nothing of now."""
    right: Object = {
        "sync": {"status": "Synced", "revision": "good"},
        "health": {"status": "Healthy"},
        "reconciledAt": "2026-03-02T09:59:00Z",
        "resources": [{"group": "apps", "kind": "Deployment", "namespace": "shop", "name": "web"}],
        "operationState": {"phase": "Failed", "syncResult": {"revision": failed_on}},
    }
    api = MemoryApi(application(**right), deployment(), namespace("argocd"), namespace("shop"))
    seen = look(argocd.test_synced, api.cluster(), name="web", namespace="argocd")
    assert (None if seen.status == "met" else reason(seen)) == expected


def test_gates_are_told_apart_from_probes_and_room() -> None:
    """Neither a probe nor a node is missing, but somebody who opens the gate."""
    gated = pod(
        "web-1",
        ready=False,
        spec={"readinessGates": [{"conditionType": "example.org/traffic"}]},
        status={"conditions": [condition("ContainersReady", "True", ""), condition("Ready", "False", "")]},
    )
    unready = deployment(status={"updatedReplicas": 2, "readyReplicas": 1})
    assert reason(rolled_out(unready, gated)) == "pod-readiness-gate"
    held = pod(
        "web-1",
        spec={"schedulingGates": [{"name": "example.org/quota"}]},
        status={"phase": "Pending", "conditions": [condition("PodScheduled", "False", "SchedulingGated")]},
    )
    assert reason(rolled_out(unready, held)) == "pod-scheduling-gated"

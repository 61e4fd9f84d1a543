"""Pods by name or label, and the bounds within which a workload's pods are only early."""

from __future__ import annotations

from typing import Any

import pytest

from checks import pods, workloads
from tests.unit.checks.api import MemoryApi, look, reason
from tests.unit.checks.objects import Object, condition, container, deployment, namespace, pod, waiting


def ready(*objects: Object, **params: Any) -> Any:
    """One look at the pods of the namespace shop."""
    return look(pods.test_ready, MemoryApi(*objects).cluster(), namespace="shop", **params)


def owned(name: str, kind: str, **status: Any) -> Object:
    """A pod that something else than a Deployment made."""
    owner = [{"kind": kind, "name": "of", "controller": True, "uid": "1"}]
    return pod(name, meta={"ownerReferences": owner}, ready=False, status=status)


EVICTED: Object = {"phase": "Failed", "reason": "Evicted", "containerStatuses": []}
DONE: Object = {"phase": "Succeeded", "containerStatuses": []}


@pytest.mark.parametrize(
    ("leftover", "expected"),
    [
        (owned("hook", "Job", **DONE), None),
        (owned("web-2", "ReplicaSet", **EVICTED), None),
        (owned("db-0", "StatefulSet", **EVICTED), None),
        (owned("hook", "Job", **EVICTED), "pod-failed"),
        (owned("hook", "Job", **{**EVICTED, "reason": None}), "pod-failed"),
        (pod("bare", meta={"ownerReferences": []}, ready=False, status=EVICTED), "pod-failed"),
        (pod("lost", ready=False, status={"conditions": [condition("Ready", "Unknown", "Lost")]}),
         "pod-not-ready"),
        (pod("gated", status={"phase": "Pending", "containerStatuses": [],
                              "conditions": [condition("PodScheduled", "False", "SchedulingGated")]}),
         "pod-unschedulable"),
    ],
)  # fmt: skip
def test_what_is_left_over_is_told_from_what_is_broken(leftover: Object, expected: str | None) -> None:
    """Finished work and pods that their controller replaced do not count; failed work does."""
    assert reason(ready(pod("web-1"), leftover)) == expected


def test_a_job_that_succeeded_at_last_is_finished() -> None:
    """Its failed attempts are history."""
    assert (
        ready(pod("web-1"), owned("try-1", "Job", **EVICTED), owned("try-2", "Job", **DONE)).status == "met"
    )


def test_pods_on_their_way_out_do_not_count() -> None:
    """They may still be Running and Ready."""
    leaving = pod("web-a", meta={"deletionTimestamp": "2026-03-02T10:00:31Z"})
    seen = ready(leaving, pod("web-b"), labels={"app": "web"}, at_least=2)
    assert reason(seen) == "pods-too-few"
    assert seen.reason.params["terminating"] == ["web-a"]
    assert ready(leaving, pod("web-b"), pod("web-c"), labels={"app": "web"}, at_least=2).status == "met"


def test_no_pod_is_no_pass() -> None:
    """Neither of an empty selection, nor of a namespace that does not exist, nor when all are finished."""
    assert reason(ready()) == "namespace-absent"
    assert reason(ready(namespace("shop"))) == "pods-none"
    assert reason(ready(pod("web-1"), labels={"app": "other"})) == "namespace-absent"
    assert reason(ready(owned("hook", "Job", **DONE))) == "pods-too-few"
    assert reason(ready(name="web-9")) == "namespace-absent"


STARTING: Object = {
    "phase": "Pending",
    "conditions": [condition("Ready", "False", "ContainersNotReady")],
    "containerStatuses": [
        {"name": "web", "ready": False, "state": {"waiting": {"reason": "ContainerCreating"}}}
    ],
}


def rollout(pod_status: Object, *, updated: str = "2026-03-02T09:59:00Z", **probe: Any) -> Any:
    """One look at a Deployment that progresses, with one pod in some state."""
    progressing = condition("Progressing", "True", "ReplicaSetUpdated", lastUpdateTime=updated)
    status = {"replicas": 1, "updatedReplicas": 1, "unavailableReplicas": 1, "conditions": [progressing]}
    one = pod("web-1", status=pod_status, spec={"containers": [container(**probe)]})
    api = MemoryApi(deployment(replicas=1, status=status), one)
    return look(workloads.test_ready, api.cluster(), name="web", namespace="shop")


@pytest.mark.parametrize(("updated", "status"), [("09:59:00", "early"), ("09:49:00", "unmet")])
def test_a_pod_may_start_until_the_progress_deadline(updated: str, status: str) -> None:
    """600 s unless the Deployment says otherwise; after that it is no longer on its way."""
    seen = rollout(STARTING, updated=f"2026-03-02T{updated}Z")
    assert (seen.status, reason(seen)) == (status, "pod-starting")


@pytest.mark.parametrize(("started", "status"), [("09:59:40", "early"), ("09:58:00", "unmet")])
def test_a_readiness_probe_has_its_time(started: str, status: str) -> None:
    """Delay and failures of the probe, counted from the container's start."""
    running = {"running": {"startedAt": f"2026-03-02T{started}Z"}}
    not_ready = {
        "conditions": [condition("Ready", "False", "ContainersNotReady")],
        "containerStatuses": [{"name": "web", "ready": False, "restartCount": 0, "state": running}],
    }
    probe: dict[str, Any] = {
        "readinessProbe": {"httpGet": {"path": "/", "port": 8080}, "initialDelaySeconds": 20}
    }
    seen = rollout(not_ready, **probe)
    assert (seen.status, reason(seen)) == (status, "pod-not-ready")


@pytest.mark.parametrize("why", ["ImagePullBackOff", "CrashLoopBackOff", "CreateContainerConfigError"])
def test_a_broken_pod_is_not_early(why: str) -> None:
    """However young its rollout is."""
    assert rollout(waiting(why, 5, terminated={"exitCode": 1, "reason": "Error"})).status == "hopeless"


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ({"conditions": [condition("Progressing", "False", "FailedCreate")]}, "workload-not-progressing"),
        ({"conditions": [condition("Progressing", "False", "NeverHeardOf")]}, "workload-not-progressing"),
        ({"availableReplicas": 1}, "workload-not-available"),
        ({"availableReplicas": 2}, None),
    ],
)
def test_counters_alone_are_not_enough(status: Object, expected: str | None) -> None:
    """All pods ready, but the controller says that it stopped, or not for as long as was asked."""
    full = {"replicas": 2, "updatedReplicas": 2, "readyReplicas": 2, **status}
    api = MemoryApi(deployment(minReadySeconds=30, status=full), pod("web-1"), pod("web-2"))
    assert reason(look(workloads.test_ready, api.cluster(), name="web", namespace="shop")) == expected

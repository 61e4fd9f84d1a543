"""Workloads: rolled out as the newest template asks, and written as asked."""

from __future__ import annotations

from typing import Any

import pytest

from checks import workloads
from tests.unit.checks.api import MemoryApi, look, parts, reason, share
from tests.unit.checks.objects import Object, condition, container, deployment, item, pod, waiting


def ready(api: MemoryApi, **params: Any) -> Any:
    """One look at the Deployment web."""
    return look(workloads.test_ready, api.cluster(), name="web", namespace="shop", **params)


STUCK: Object = {"updatedReplicas": 1, "readyReplicas": 3, "replicas": 4}


@pytest.mark.parametrize(
    ("broken", "status", "expected"),
    [
        (deployment(replicas=0, status={}), "unmet", "workload-scaled-to-zero"),
        (deployment(meta={"generation": 2}), "early", "workload-not-observed"),
        (deployment(paused=True, status={"readyReplicas": 2}), "unmet", "deployment-paused"),
        (
            deployment(status={"updatedReplicas": 2, "readyReplicas": 2, "replicas": 3}),
            "unmet",
            "workload-old-pods",
        ),
        (deployment(status={"updatedReplicas": 1, "readyReplicas": 2}), "unmet", "workload-rolling-out"),
        (deployment(status={"updatedReplicas": 2}), "unmet", "workload-not-ready"),
        (deployment(meta={"deletionTimestamp": "2026-03-02T09:59:00Z"}), "unmet", "workload-terminating"),
        (
            deployment(
                replicas=3,
                status={
                    **STUCK,
                    "conditions": [condition("Progressing", "False", "ProgressDeadlineExceeded")],
                },
            ),
            "hopeless",
            "workload-deadline-exceeded",
        ),
    ],
)
def test_a_deployment_that_only_looks_ready_is_not(broken: Object, status: str, expected: str) -> None:
    """Available old pods, stale status and zero counters are no rolled-out Deployment."""
    seen = ready(MemoryApi(broken))
    assert (seen.status, reason(seen)) == (status, expected)


def test_a_rollout_within_its_deadline_is_only_early() -> None:
    """Old pods that go, and new ones that come, are no fault as long as the Deployment itself waits."""
    moving = [condition("Progressing", "True", "ReplicaSetUpdated")]
    old: Object = {"updatedReplicas": 2, "readyReplicas": 2, "replicas": 3}
    moving[0]["lastUpdateTime"] = "2026-03-02T09:59:00Z"
    seen = ready(MemoryApi(deployment(status={**old, "conditions": moving})))
    assert (seen.status, reason(seen)) == ("early", "workload-old-pods")
    moving[0]["lastUpdateTime"] = "2026-03-02T09:00:00Z"
    assert ready(MemoryApi(deployment(status={**old, "conditions": moving}))).status == "unmet"


@pytest.mark.parametrize(
    ("strategy", "updated", "expected"),
    [
        ({"type": "OnDelete"}, 0, "workload-on-delete"),
        ({"type": "OnDelete"}, 3, None),
        ({"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}, 1, "workload-rolling-out"),
        ({"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}, 2, None),
        ({"type": "RollingUpdate", "rollingUpdate": {"partition": 9}}, 0, None),
    ],
)
def test_a_stateful_set_has_renewed_what_its_strategy_renews(
    strategy: Object, updated: int, expected: str | None
) -> None:
    """Pods below the partition stay on purpose; with OnDelete old ones stay until they are deleted."""
    made = deployment(
        replicas=3, status={"updatedReplicas": updated, "readyReplicas": 3}, updateStrategy=strategy
    )
    seen = ready(MemoryApi({**made, "kind": "StatefulSet"}), kind="StatefulSet")
    assert (reason(seen) if seen.status != "met" else None) == expected


def test_a_rolled_out_deployment_is_met_and_must_be_large_enough() -> None:
    """The asked number of ready pods counts, not only the Deployment's own."""
    assert ready(MemoryApi(deployment()), at_least=2).status == "met"
    assert reason(ready(MemoryApi(deployment()), at_least=3)) == "workload-not-ready"


def test_pods_tell_since_when_they_are_ready() -> None:
    """The youngest pod counts; a pod that does not tell proves nothing."""
    told = [pod(f"web-{at}", status={"conditions": [condition("Ready", "True", "")]}) for at in (1, 2)]
    assert ready(MemoryApi(deployment(), *told)).since.hour == 9
    assert ready(MemoryApi(deployment(), told[0], pod("web-2"))).since is None
    assert ready(MemoryApi(deployment(), told[0])).since is None


@pytest.mark.parametrize(
    ("pod_status", "status", "expected"),
    [
        (waiting("ImagePullBackOff"), "hopeless", "container-image-missing"),
        (waiting("CreateContainerConfigError"), "hopeless", "container-cannot-start"),
        (
            waiting("CrashLoopBackOff", 9, terminated={"exitCode": 1, "reason": "Error"}),
            "hopeless",
            "container-crashes",
        ),
        (waiting("CrashLoopBackOff", 1, terminated={"exitCode": 1}), "unmet", "container-crashes"),
        (waiting("ContainerCreating"), "unmet", "pod-starting"),
        (
            {"phase": "Pending", "conditions": [condition("PodScheduled", "False", "Unschedulable")]},
            "unmet",
            "pod-unschedulable",
        ),
    ],
)
def test_the_cause_is_read_from_the_pods(pod_status: Object, status: str, expected: str) -> None:
    """The first line names the container and its reason, not a count of replicas."""
    broken = deployment(status={"updatedReplicas": 2})
    seen = ready(MemoryApi(broken, pod("web-1"), pod("web-2", status=pod_status)))
    assert (seen.status, reason(seen)) == (status, expected)
    assert seen.reason is not None
    assert seen.reason.params["pod"] == "web-2"


def test_pods_of_others_and_finished_ones_explain_nothing() -> None:
    """A crashing pod of another Deployment with the same labels, and a Job's, are not the cause."""
    stranger = pod("other-1", of="other", status=waiting("CrashLoopBackOff", 9))
    job = pod("job-1", ready=False, status={"phase": "Succeeded"})
    seen = ready(MemoryApi(deployment(status={"updatedReplicas": 2}), stranger, job))
    assert reason(seen) == "workload-not-ready"


def test_daemon_sets_and_stateful_sets_have_their_own_rules() -> None:
    """A DaemonSet without nodes is not ready; a partitioned StatefulSet is."""
    daemon = item("apps/v1", "DaemonSet", "agent", "shop", spec={"selector": {}}, status={})
    partition = {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}
    stateful = item(
        "apps/v1",
        "StatefulSet",
        "db",
        "shop",
        spec={"replicas": 2, "updateStrategy": partition},
        status={"readyReplicas": 2, "updatedReplicas": 1},
    )
    cluster = MemoryApi(daemon, stateful).cluster()
    seen = look(workloads.test_ready, cluster, name="agent", namespace="shop", kind="DaemonSet")
    assert reason(seen) == "daemonset-without-nodes"
    assert (
        look(workloads.test_ready, cluster, name="db", namespace="shop", kind="StatefulSet").status == "met"
    )


ASKED = {
    "name": "web",
    "namespace": "shop",
    "image": "example/web:1.0",
    "port": 8080,
    "port_name": "http",
    "min_replicas": 2,
    "max_replicas": 5,
    "labels": {"app": "web"},
    "requests": {"cpu": "0.1", "memory": "134217728"},
    "limits": {"cpu": "500m"},
}


def configured(*objects: Object) -> Any:
    """One look at how the Deployment is written."""
    return look(workloads.test_configured, MemoryApi(*objects).cluster(), **ASKED)


def test_values_are_compared_and_not_their_spelling() -> None:
    """100m is 0.1, 128Mi is 134217728, and a sidecar or a registry's host changes nothing."""
    own = container(image="docker.io/example/web:1.0")
    assert configured(deployment(containers=[container("proxy", image="proxy:1"), own])).status == "met"


def test_a_near_miss_gets_a_share_and_names_the_field() -> None:
    """One wrong field costs one part, and the message names it."""
    small = container(resources={"requests": {"cpu": "10m", "memory": "128Mi"}, "limits": {"cpu": "500m"}})
    seen = configured(deployment(containers=[small]))
    assert reason(seen) == "field-differs"
    assert 0.5 < share(seen) < 1
    missing = [part for part, why in parts(seen).items() if why is not None]
    assert missing == ["spec.template.spec.containers[web].resources.requests.cpu"]


def test_replicas_of_an_autoscaled_deployment_are_a_range() -> None:
    """Seven replicas are outside 2..5."""
    seen = configured(deployment(replicas=7))
    assert parts(seen)["spec.replicas"] == "field-differs"

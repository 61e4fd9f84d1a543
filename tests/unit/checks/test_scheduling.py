"""Why a pod finds no node, what it waits for before it runs, and which keys it lacks."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from checks import pods
from pytest_k8sgrade.kube.pod_spec import pod_request
from pytest_k8sgrade.kube.rollout import pod_shortfall
from tests.unit.checks.api import MemoryApi, look, reason
from tests.unit.checks.objects import Object, condition, container, item, namespace, pod, waiting

UNSCHEDULED = {"phase": "Pending", "conditions": [condition("PodScheduled", "False", "Unschedulable")]}
DEFAULT: Object = {"annotations": {"storageclass.kubernetes.io/is-default-class": "true"}}


def unscheduled(*objects: Object, **spec: Any) -> Any:
    """One look at a pod that has no node."""
    broken = pod("web-1", spec=spec, status={**UNSCHEDULED, "containerStatuses": []})
    return look(pods.test_ready, MemoryApi(broken, *objects).cluster(), namespace="shop")


def node(name: str, *taints: Object, **labels: str) -> Object:
    """A node with room."""
    room = {"allocatable": {"cpu": "4", "memory": "8Gi"}}
    return item("v1", "Node", name, meta={"labels": labels}, spec={"taints": list(taints)}, status=room)


def taint(key: str, effect: str = "NoSchedule") -> Object:
    """A taint without a value."""
    return {"key": key, "effect": effect}


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        ([node("a", disk="ssd")], "pod-unschedulable"),
        ([node("a"), node("b")], "pod-node-not-chosen"),
        ([node("a", taint("own"), disk="ssd"), node("b")], "pod-nodes-tainted"),
        ([node("a", taint("own", "PreferNoSchedule"), disk="ssd")], "pod-unschedulable"),
        ([node("a", taint("own"), disk="ssd"), node("b", disk="ssd")], "pod-unschedulable"),
        ([node("a", taint("node.kubernetes.io/not-ready"), disk="ssd")], "pod-nodes-tainted"),
        ([], "pod-unschedulable"),
    ],
)
def test_labels_come_before_taints_and_taints_before_room(nodes: list[Object], expected: str) -> None:
    """A cause is told only when it holds for every node that is left."""
    assert reason(unscheduled(*nodes, nodeSelector={"disk": "ssd"})) == expected


def test_only_the_nodes_that_are_left_count_for_the_size() -> None:
    """The large node is not for this pod."""
    small = node("small", disk="ssd")
    large = node("large")
    large["status"]["allocatable"]["cpu"] = "32"
    big = [container(resources={"requests": {"cpu": "8"}})]
    assert reason(unscheduled(small, large, nodeSelector={"disk": "ssd"}, containers=big)) == "pod-too-large"
    assert reason(unscheduled(small, large, containers=big)) == "pod-unschedulable"


def storage_class(name: str, mode: str = "Immediate", **meta: Any) -> Object:
    """A class of volumes."""
    return item("storage.k8s.io/v1", "StorageClass", name, meta=meta, volumeBindingMode=mode)


def claim(phase: str, name: str | None = None, **meta: Any) -> Object:
    """The claim `data`."""
    spec = {} if name is None else {"storageClassName": name}
    own = item("v1", "PersistentVolumeClaim", "data", "shop", meta=meta, spec=spec)
    return {**own, "status": {"phase": phase}}


VOLUME = item("v1", "PersistentVolume", "pv", spec={"storageClassName": "manual"})
SELECTED = {"annotations": {"volume.kubernetes.io/selected-node": "a"}}


@pytest.mark.parametrize(
    ("objects", "expected"),
    [
        ([], "pod-reference-missing"),
        ([claim("Bound", "x")], "pod-unschedulable"),
        ([claim("Lost", "x")], "pod-claim-unbound"),
        ([claim("Pending", "x"), storage_class("y")], "pod-claim-class-missing"),
        ([claim("Pending", "manual"), VOLUME], "pod-claim-unbound"),
        ([claim("Pending", "")], "pod-claim-unbound"),
        ([claim("Pending"), storage_class("y")], "pod-claim-without-class"),
        ([claim("Pending"), storage_class("y", **DEFAULT)], "pod-claim-unbound"),
        ([claim("Pending", "y"), storage_class("y")], "pod-claim-unbound"),
        ([claim("Pending", "y"), storage_class("y", "WaitForFirstConsumer")], "pod-unschedulable"),
        (
            [claim("Pending", "y", **SELECTED), storage_class("y", "WaitForFirstConsumer")],
            "pod-claim-unbound",
        ),
    ],
)
def test_a_claim_that_is_not_bound_is_told_by_its_cause(objects: list[Object], expected: str) -> None:
    """One that waits for its pod to be scheduled is no cause."""
    volumes = [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]
    assert reason(unscheduled(*objects, node("a"), volumes=volumes)) == expected


def test_an_ephemeral_volume_is_a_claim_of_the_pod_s_own() -> None:
    """It is named after the pod and the volume."""
    volumes = [{"name": "data", "ephemeral": {"volumeClaimTemplate": {}}}]
    own = claim("Pending", "none")
    own["metadata"]["name"] = "web-1-data"
    assert reason(unscheduled(own, storage_class("y"), volumes=volumes)) == "pod-claim-class-missing"


def test_what_initialises_counts_by_its_largest_and_sidecars_stay() -> None:
    """As the scheduler adds it up."""

    def asks(cpu: str, **more: Any) -> Object:
        return container(resources={"requests": {"cpu": cpu}}, **more)

    spec = {
        "initContainers": [asks("1", restartPolicy="Always"), asks("5")],
        "containers": [asks("2"), container(resources={})],
        "overhead": {"cpu": "500m"},
    }
    assert pod_request(spec, "cpu") == Decimal("6.5")
    assert pod_request({**spec, "resources": {"requests": {"cpu": "9"}}}, "cpu") == Decimal("9.5")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"data": {"a": "x"}}, "container-cannot-start"),
        ({"data": {"b": "x"}}, "pod-key-missing"),
        ({"binaryData": {"a": "eA=="}}, "pod-key-missing"),
        ({}, "pod-key-missing"),
    ],
)
def test_a_variable_needs_its_key(data: Object, expected: str) -> None:
    """What is binary is no text for a variable."""
    source = {"configMapKeyRef": {"name": "settings", "key": "a"}}
    spec = {"containers": [container(env=[{"name": "A", "valueFrom": source}])]}
    broken = pod("web-1", spec=spec, status=waiting("CreateContainerConfigError"))
    settings = item("v1", "ConfigMap", "settings", "shop", **data)
    seen = look(pods.test_ready, MemoryApi(broken, settings).cluster(), namespace="shop")
    assert reason(seen) == expected


def test_a_file_may_be_binary_and_items_may_be_optional() -> None:
    """Volumes take binary keys too; what is optional stops nobody."""
    volumes = [
        {"name": "one", "configMap": {"name": "settings", "items": [{"key": "a", "path": "a"}]}},
        {
            "name": "two",
            "secret": {"secretName": "s", "optional": True, "items": [{"key": "b", "path": "b"}]},
        },
    ]
    spec = {"containers": [container()], "volumes": volumes}
    broken = pod("web-1", spec=spec, status=waiting("ContainerCreating"))
    there = [
        item("v1", "ConfigMap", "settings", "shop", binaryData={"a": "eA=="}),
        item("v1", "Secret", "s", "shop", data={}),
    ]
    assert (
        reason(look(pods.test_ready, MemoryApi(broken, *there).cluster(), namespace="shop")) == "pod-starting"
    )


RUNNING = {"running": {"startedAt": "2026-03-02T09:00:00Z"}}


def _started(init: Object | None, main: Object, *, sidecar: bool = False) -> str:
    first = {"name": "first", **({"restartPolicy": "Always"} if sidecar else {})}
    statuses = [{"name": "web", "ready": False, "restartCount": 0, "state": main}]
    before = [{"name": "first", "ready": sidecar, "restartCount": 0, "state": init}] if init else []
    status = {"conditions": [], "initContainerStatuses": before, "containerStatuses": statuses}
    found = pod_shortfall(pod("web-1", spec={"initContainers": [first] if init else []}, status=status))
    assert found is not None
    return found.reason


def test_what_comes_before_a_pod_runs_is_told_apart() -> None:
    """A container that initialises, one that is being made beside a sidecar, and one that is only unready."""
    not_yet = {"waiting": {"reason": "PodInitializing"}}
    assert _started(RUNNING, not_yet) == "pod-initializing"
    assert _started(RUNNING, not_yet, sidecar=True) == "pod-starting"
    assert _started(None, not_yet) == "pod-starting"
    assert _started(RUNNING, RUNNING, sidecar=True) == "pod-not-ready"
    assert _started(None, RUNNING) == "pod-not-ready"


def test_a_failed_pod_of_a_job_is_not_the_end() -> None:
    """The Job tries again; whoever made a pod by hand waits in vain."""
    job = {"ownerReferences": [{"kind": "Job", "name": "j", "controller": True, "uid": "1"}]}
    failed = {"phase": "Failed", "conditions": []}
    of_job = pod_shortfall(pod("j-1", meta=job, status=failed))
    alone = pod_shortfall(pod("j-1", meta={"ownerReferences": []}, status=failed))
    assert of_job is not None
    assert alone is not None
    assert (of_job.terminal, alone.terminal) == (False, True)


def test_a_namespace_without_pods_is_told_without_labels() -> None:
    """There is no label to compare."""
    seen = look(pods.test_ready, MemoryApi(namespace("shop")).cluster(), namespace="shop")
    assert reason(seen) == "pods-none"

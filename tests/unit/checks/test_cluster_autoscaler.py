"""Cluster Autoscaler: a status of now, pods that wait for nodes, nodes that do not go."""

from __future__ import annotations

from typing import Any

import pytest

from checks import cluster_autoscaler
from pytest_k8sgrade.outcome import Observation
from tests.unit.checks.api import MemoryApi, look, reason, share
from tests.unit.checks.objects import Object, condition, item, namespace, pod

CLOUD = item("v1", "Node", "node-a", spec={"providerID": "aws:///eu-1/i-1"})
NOW_TEXT = "2026-03-02 09:59:50.1 +0000 UTC"


def status(
    *groups: str, state: str = "Running", health: str = "Healthy", at: str | None = NOW_TEXT, extra: str = ""
) -> Object:
    """The ConfigMap in its YAML form; a group is written as one flow mapping."""
    lines = [f"autoscalerStatus: {state}", f"clusterWide: {{health: {{status: {health}}}{extra}}}"]
    lines += ["nodeGroups:", *(f"- {group}" for group in groups)] if groups else []
    stamp = {"cluster-autoscaler.kubernetes.io/last-updated": at} if at else {}
    data = {"status": "\n".join(lines) + "\n"}
    return item(
        "v1", "ConfigMap", "cluster-autoscaler-status", "kube-system", meta={"annotations": stamp}, data=data
    )


def group(
    target: int, *, least: int = 1, most: int = 5, up: str = "NoActivity", down: str = "NoCandidates"
) -> str:
    """The node group pool-a."""
    health = f"{{status: Healthy, cloudProviderTarget: {target}, minSize: {least}, maxSize: {most}}}"
    failed = ", backoffInfo: {errorCode: QUOTA_EXCEEDED}" if up == "Backoff" else ""
    scaling = f"scaleUp: {{status: {up}{failed}}}, scaleDown: {{status: {down}}}"
    return f"{{name: pool-a, health: {health}, {scaling}}}"


def healthy(*objects: Object) -> Observation:
    """One look at the status."""
    return look(cluster_autoscaler.test_healthy, MemoryApi(CLOUD, *objects).cluster())


def lease(renewed: str, acquired: str = "2026-03-01T10:00:00.000000Z") -> Object:
    """The leader's lease."""
    spec = {"renewTime": renewed, "acquireTime": acquired}
    return item("coordination.k8s.io/v1", "Lease", "cluster-autoscaler", "kube-system", spec=spec)


OLD = "2026-03-02 09:50:00 +0000 UTC"


@pytest.mark.parametrize(
    ("objects", "verdict", "expected"),
    [
        ([status(group(2))], "met", None),
        ([], "absent", "ca-status-absent"),
        ([status(health="Unhealthy")], "unmet", "ca-unhealthy"),
        ([status(health="Splendid")], "unmet", "ca-unhealthy"),
        ([status(group(2).replace("Healthy", "Unhealthy"))], "unmet", "ca-unhealthy"),
        ([status(at=OLD)], "unmet", "ca-status-stale"),
        ([status(at=OLD), lease("2026-03-02T09:59:55.000000Z")], "unmet", "ca-status-stale"),
        ([status(at=OLD), lease("2026-03-02T09:50:01.000000Z")], "unmet", "ca-stopped"),
        ([status(at=None)], "unmet", "ca-status-undated"),
        ([status(state="Initializing")], "unmet", "ca-not-running"),
        (
            [status(state="Initializing"), lease("2026-03-02T09:59:55.0Z", "2026-03-02T09:58:00.0Z")],
            "early",
            "ca-not-running",
        ),
        ([status(state="[Running, twice]")], "cannot-tell", "ca-status-unreadable"),
    ],
)
def test_only_a_status_of_now_counts(objects: list[Object], verdict: str, expected: str | None) -> None:
    """The ConfigMap outlives its writer, and unknown words are not good ones."""
    seen = healthy(*objects)
    assert (seen.status, reason(seen)) == (verdict, expected)


@pytest.mark.parametrize(
    ("providers", "graded"),
    [
        (["kind://docker/lab/a"], False),
        (["k3s://a", ""], False),
        (["kind://a", "aws:///b"], True),
        (["kwok://a"], True),
        ([], True),
    ],
)
def test_without_a_cloud_nothing_is_graded(providers: list[str], graded: bool) -> None:
    """One node of a provider that can add machines is enough, kwok simulates one."""
    nodes = [item("v1", "Node", f"node-{at}", spec={"providerID": one}) for at, one in enumerate(providers)]
    seen = look(cluster_autoscaler.test_healthy, MemoryApi(*nodes).cluster())
    assert (seen.status, reason(seen)) == (
        ("absent", "ca-status-absent") if graded else ("cannot-tell", "ca-no-cloud")
    )


def test_a_node_group_is_known_in_its_limits_and_usable() -> None:
    """A group in Backoff is Healthy all the same."""

    def seen(own: str, **asked: Any) -> Observation:
        return look(
            cluster_autoscaler.test_node_group,
            MemoryApi(CLOUD, status(own)).cluster(),
            name="pool-a",
            **asked,
        )

    assert seen(group(2), min_size=1, max_size=5).status == "met"
    assert reason(seen(group(2), max_size=10)) == "ca-group-size"
    assert reason(seen(group(2, up="Backoff"))) == "ca-backoff"
    assert reason(seen(group(2).replace("pool-a", "pool-ab"))) == "ca-group-absent"


def event(why: str, at: str | None, name: str = "big-1") -> Object:
    """What the autoscaler says about a pod."""
    return item(
        "v1",
        "Event",
        f"{name}.{why}.{at}",
        "shop",
        reason=why,
        involvedObject={"kind": "Pod", "name": name},
        lastTimestamp=None,
        eventTime=at,
    )


WAITS = pod(
    "big-1",
    ready=False,
    status={"phase": "Pending", "conditions": [condition("PodScheduled", "False", "Unschedulable")]},
)
UP, NOT = "TriggeredScaleUp", "NotTriggerScaleUp"
RECENT, LONG_AGO = "2026-03-02T09:55:00.000000Z", "2026-03-02T09:30:00.000000Z"


@pytest.mark.parametrize(
    ("objects", "verdict", "expected"),
    [
        ([event(UP, LONG_AGO)], "met", None),
        ([event(UP, None)], "met", None),
        ([event(NOT, LONG_AGO)], "unmet", "ca-never-scaled-up"),
        ([], "unmet", "ca-never-scaled-up"),
        ([WAITS], "unmet", "ca-pod-not-seen"),
        ([WAITS, event(UP, RECENT)], "early", "ca-node-awaited"),
        ([WAITS, event(UP, LONG_AGO)], "unmet", "ca-node-awaited"),
        ([WAITS, event(UP, LONG_AGO), event(NOT, RECENT)], "unmet", "ca-not-triggered"),
        ([WAITS, event(NOT, LONG_AGO), event(UP, RECENT)], "early", "ca-node-awaited"),
        ([WAITS, event(NOT, RECENT), status(group(5))], "unmet", "ca-group-full"),
        ([WAITS, event(NOT, RECENT), status(group(4))], "unmet", "ca-not-triggered"),
        ([WAITS, event(UP, RECENT), status(group(2, up="Backoff"))], "unmet", "ca-backoff"),
    ],
)
def test_the_last_word_about_a_waiting_pod_decides(
    objects: list[Object], verdict: str, expected: str | None
) -> None:
    """An event alone proves a node only when nobody waits any more."""
    api = MemoryApi(CLOUD, namespace("shop"), *objects)
    seen = look(cluster_autoscaler.test_scaled_up, api.cluster(), namespace="shop")
    assert (seen.status, reason(seen)) == (verdict, expected)


def resident(name: str, node: str = "node-c", space: str = "shop", **fields: Any) -> Object:
    """A pod on a node."""
    meta, volumes = fields.pop("meta", {}), fields.pop("volumes", [])
    return pod(name, space, meta=meta, spec={"nodeName": node, "volumes": volumes})


DISK: list[Object] = [{"name": "tmp", "emptyDir": {}}]
SAFE = "cluster-autoscaler.kubernetes.io/safe-to-evict"


@pytest.mark.parametrize(
    ("own", "held"),
    [
        (resident("a", volumes=DISK), "local storage"),
        (resident("a", volumes=[{"name": "tmp", "emptyDir": {"medium": "Memory"}}]), None),
        (resident("a", volumes=DISK, meta={"annotations": {SAFE: "true"}}), None),
        (resident("a", meta={"annotations": {SAFE: "false"}}), "safe-to-evict=false"),
        (resident("a", meta={"ownerReferences": []}), "no controller"),
        (resident("a", space="kube-system"), "kube-system"),
        (resident("a", volumes=DISK, meta={"ownerReferences": [{"kind": "DaemonSet", "name": "d"}]}), None),
        (resident("a"), None),
    ],
)
def test_pods_that_hold_a_node_are_named(own: Object, held: str | None) -> None:
    """By the autoscaler's own rules; DaemonSets hold nothing."""
    api = MemoryApi(CLOUD, status(group(3)), own)
    seen = look(cluster_autoscaler.test_scaled_down, api.cluster())
    assert (reason(seen), share(seen)) == ("ca-scale-down-held" if held else "ca-not-scaled-down", 0.5)
    assert seen.reason is not None
    assert seen.reason.params["why"] == ([held] if held else [])


def test_nodes_given_back_are_met_and_candidates_are_waited_for() -> None:
    """At the minimum nothing is asked; a budget that allows nothing holds as well."""
    assert (
        look(cluster_autoscaler.test_scaled_down, MemoryApi(CLOUD, status(group(1))).cluster()).status
        == "met"
    )
    waits = MemoryApi(CLOUD, status(group(3, down="CandidatesPresent")))
    assert [part.early for part in look(cluster_autoscaler.test_scaled_down, waits.cluster()).parts] == [
        False,
        True,
    ]
    budget = item(
        "policy/v1",
        "PodDisruptionBudget",
        "strict",
        "shop",
        spec={"selector": {"matchLabels": {"app": "web"}}},
        status={"disruptionsAllowed": 0},
    )
    held = look(
        cluster_autoscaler.test_scaled_down,
        MemoryApi(CLOUD, status(group(3)), resident("a"), budget).cluster(),
    )
    assert held.reason is not None
    assert held.reason.params["why"] == ["PodDisruptionBudget"]


def priority(value: int | None, waits: Object = WAITS) -> Object:
    """The waiting pod with a priority."""
    return {**waits, "spec": {**waits["spec"], **({} if value is None else {"priority": value})}}


TERMINATING = {**WAITS, "metadata": {**WAITS["metadata"], "deletionTimestamp": "2026-03-02T09:59:00Z"}}


def since(moment: str) -> Object:
    """The waiting pod, which waits since then."""
    said = {**condition("PodScheduled", "False", "Unschedulable"), "lastTransitionTime": moment}
    return {**WAITS, "status": {"phase": "Pending", "conditions": [said]}}


def delayed(delay: str) -> Object:
    """The waiting pod of ten minutes, which asks to be passed over for a while."""
    wait = since("2026-03-02T09:50:00Z")
    asked = {"annotations": {"cluster-autoscaler.kubernetes.io/pod-scale-up-delay": delay}}
    return {**wait, "metadata": {**wait["metadata"], **asked}}


NOMINATED = {**WAITS, "status": {**WAITS["status"], "nominatedNodeName": "node-a"}}
OTHER = event(UP, LONG_AGO, "big-2")


@pytest.mark.parametrize(
    ("objects", "verdict", "expected"),
    [
        ([priority(-11), OTHER], "met", None),
        ([priority(-10), OTHER], "unmet", "ca-pod-not-seen"),
        ([priority(None), OTHER], "unmet", "ca-pod-not-seen"),
        ([priority(-11)], "unmet", "ca-pod-expendable"),
        ([TERMINATING, OTHER], "met", None),
        ([TERMINATING], "unmet", "ca-never-scaled-up"),
        ([since("2026-03-02T09:59:45Z")], "early", "ca-pod-not-seen"),
        ([since("2026-03-02T09:50:00Z")], "unmet", "ca-pod-not-seen"),
        ([delayed("600s")], "early", "ca-pod-not-seen"),
        ([delayed("soon")], "unmet", "ca-pod-not-seen"),
        ([NOMINATED, OTHER], "met", None),
        ([NOMINATED], "unmet", "ca-never-scaled-up"),
    ],
)
def test_only_pods_that_a_node_is_added_for_are_waited_for(
    objects: list[Object], verdict: str, expected: str | None
) -> None:
    """Not the expendable ones nor those that are going; a pod of seconds has not been looked at."""
    api = MemoryApi(CLOUD, namespace("shop"), *objects)
    seen = look(cluster_autoscaler.test_scaled_up, api.cluster(), namespace="shop")
    assert (seen.status, reason(seen)) == (verdict, expected)


def on_node(made: str) -> Object:
    """A pod that runs on node-new."""
    return pod("big-1", meta={"creationTimestamp": made}, spec={"nodeName": "node-new"})


def node(made: str) -> Object:
    """A node of that age."""
    return item(
        "v1", "Node", "node-new", meta={"creationTimestamp": made}, spec={"providerID": "aws:///eu-1/i-2"}
    )


def busy(ended: str, started: str = "2026-03-01 10:00:00 +0000 UTC") -> Object:
    """A status whose additions ended then."""
    whole = f"health: {{status: Healthy, lastTransitionTime: '{started}'}}"
    up = f"scaleUp: {{status: NoActivity, lastTransitionTime: '{ended}'}}"
    text = f"autoscalerStatus: Running\nclusterWide: {{{whole}, {up}}}"
    return {**status(), "data": {"status": text}}


MADE = {**namespace("shop"), "metadata": {"name": "shop", "creationTimestamp": "2026-03-02T07:00:00Z"}}
START = "2026-03-02 08:00:00 +0000 UTC"


@pytest.mark.parametrize(
    ("objects", "verdict"),
    [
        ([on_node("2026-03-02T07:30:00Z"), node("2026-03-02T07:33:00Z")], "cannot-tell"),
        ([on_node("2026-03-02T07:30:00Z"), node("2026-03-02T07:00:00Z")], "unmet"),
        ([on_node("2026-03-02T09:40:00Z"), node("2026-03-02T09:43:00Z")], "unmet"),
        ([busy("2026-03-02 08:10:00 +0000 UTC")], "cannot-tell"),
        ([busy("2026-03-02 06:10:00 +0000 UTC")], "unmet"),
        ([busy("2026-03-02 09:40:00 +0000 UTC")], "unmet"),
        ([busy(START, START)], "unmet"),
    ],
)
def test_events_that_may_have_expired_are_a_doubt(objects: list[Object], verdict: str) -> None:
    """A node younger than its pod, or additions that ended: something happened when nobody keeps events."""
    seen = look(
        cluster_autoscaler.test_scaled_up, MemoryApi(CLOUD, MADE, *objects).cluster(), namespace="shop"
    )
    expected = "ca-events-expired" if verdict == "cannot-tell" else "ca-never-scaled-up"
    assert (seen.status, reason(seen)) == (verdict, expected)


@pytest.mark.parametrize(
    ("counts", "verdict"),
    [
        ("{total: 2, ready: 1, beingDeleted: 1}", "early"),
        ("{total: 2, ready: 2}", "early"),
        ("{total: 1, ready: 1}", "met"),
        ("{total: 1, ready: 1, beingDeleted: 0}", "met"),
    ],
)
def test_nodes_are_gone_when_they_no_longer_exist(counts: str, verdict: str) -> None:
    """The target is lowered first, the machines go afterwards."""
    own = group(1).replace("status: Healthy,", f"status: Healthy, nodeCounts: {{registered: {counts}}},")
    seen = look(cluster_autoscaler.test_scaled_down, MemoryApi(CLOUD, status(own)).cluster())
    assert (seen.status, reason(seen)) == (verdict, None if verdict == "met" else "ca-nodes-leaving")


VOLUMES = "cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes"


@pytest.mark.parametrize(
    ("own", "held"),
    [
        (resident("a", volumes=DISK, meta={"annotations": {VOLUMES: "tmp"}}), []),
        (resident("a", volumes=DISK, meta={"annotations": {VOLUMES: "cache,logs"}}), ["local storage"]),
        (priority(-11, resident("a", volumes=DISK)), []),
    ],
)
def test_volumes_and_pods_that_are_given_up_hold_nothing(own: Object, held: list[str]) -> None:
    """Every local volume must be named."""
    seen = look(cluster_autoscaler.test_scaled_down, MemoryApi(CLOUD, status(group(3)), own).cluster())
    assert seen.reason is not None
    assert seen.reason.params["why"] == held


def test_a_node_that_may_not_go_is_named() -> None:
    """By its annotation; nodes of the control plane are in no group."""
    stays = {"annotations": {"cluster-autoscaler.kubernetes.io/scale-down-disabled": "true"}}
    role = {"labels": {"node-role.kubernetes.io/control-plane": ""}}
    kept, master = item("v1", "Node", "node-c", meta=stays), item("v1", "Node", "node-m", meta=stays | role)
    for node_, expected in ((kept, "ca-node-kept"), (master, "ca-not-scaled-down")):
        bare = {**node_, "spec": {"providerID": "aws:///eu-1/i-3"}}
        seen = look(cluster_autoscaler.test_scaled_down, MemoryApi(CLOUD, status(group(3)), bare).cluster())
        assert reason(seen) == expected

"""Cluster Autoscaler: pods that no node is added for, traces that expire, nodes that may not go."""

from __future__ import annotations

import pytest

from checks import cluster_autoscaler
from tests.unit.checks.api import MemoryApi, look, reason
from tests.unit.checks.node_groups import (
    CLOUD,
    DISK,
    LONG_AGO,
    UP,
    WAITS,
    event,
    group,
    resident,
    status,
)
from tests.unit.checks.objects import Object, condition, item, namespace, pod


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

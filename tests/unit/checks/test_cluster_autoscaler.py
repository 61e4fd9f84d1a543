"""Cluster Autoscaler: a status of now, pods that wait for nodes, nodes that do not go."""

from __future__ import annotations

from typing import Any

import pytest

from checks import cluster_autoscaler
from pytest_k8sgrade.outcome import Observation
from tests.unit.checks.api import MemoryApi, look, reason, share
from tests.unit.checks.node_groups import (
    CLOUD,
    DISK,
    LONG_AGO,
    NOT,
    RECENT,
    SAFE,
    UP,
    WAITS,
    event,
    group,
    resident,
    status,
)
from tests.unit.checks.objects import Object, item, namespace


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


@pytest.mark.parametrize(
    ("objects", "verdict", "expected"),
    [
        ([event(UP, LONG_AGO)], "met", None),
        ([event(UP, None)], "met", None),
        ([event(NOT, LONG_AGO)], "unmet", "ca-never-scaled-up"),
        ([event(UP, LONG_AGO), event(NOT, RECENT)], "met", None),
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

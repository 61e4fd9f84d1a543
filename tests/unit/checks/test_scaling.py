"""Proof of scaling from what is left of the past, and where there is none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from checks import hpa
from tests.unit.checks.api import NOW, MemoryApi, look, matrix, reason, share
from tests.unit.checks.monitoring import operated
from tests.unit.checks.objects import Object, condition, current_metric, deployment, item, resource_metric
from tests.unit.checks.objects import hpa as autoscaler

START = "2026-03-02T08:00:00Z"
LATER = "2026-03-02T09:00:00Z"
AT = NOW.timestamp()


def rescale(at: str) -> Object:
    """An event of the autoscaler's own; its message is never read."""
    involved = {"kind": "HorizontalPodAutoscaler", "namespace": "shop", "name": "web"}
    fields = {
        "involvedObject": involved,
        "reason": "SuccessfulRescale",
        "firstTimestamp": at,
        "lastTimestamp": at,
    }
    return item("v1", "Event", f"e-{at}".lower().replace(":", ""), "shop", **fields)


def state(replicas: int, last: str | None = None, cpu: int = 1, memory: int = 10) -> Object:
    """The autoscaler at a number of replicas."""
    metrics = [current_metric("cpu", cpu), current_metric("memory", memory)]
    status = {"currentReplicas": replicas, "desiredReplicas": replicas, "currentMetrics": metrics}
    return autoscaler(status={**status, **({"lastScaleTime": last} if last else {})})


def instant(value: str | None, beside: Mapping[str, str] | None = None, **labels: str) -> Any:
    """An instant vector with one value of the metric cpu, or none, and those of others beside it."""
    values = dict(beside or {})
    if value:
        values["cpu"] = value
    samples = [
        {"metric": labels | {"metric_name": name}, "value": [AT, number]} for name, number in values.items()
    ]
    return 200, {"status": "success", "data": {"resultType": "vector", "result": samples}}


def looked(
    direction: str,
    *objects: Object,
    points: list[tuple[float, str]] | None = None,
    peak: str | None = None,
    target: str | None = None,
    before: str | None = "1",
    memory: str | None = "10",
) -> Any:
    """One look; `points` is what Prometheus has, None when there is no Prometheus.

    `peak` is the highest utilisation that it saw of cpu, `memory` of memory, `target` the lowest
    target, `before` what it saw two minutes ago.
    """
    api = MemoryApi(deployment(), *objects)
    if points is not None:
        api.add(*operated("Prometheus"))

        def page(query: Mapping[str, str]) -> Any:
            if "offset 120s" in query["query"]:
                return instant(before)
            if "spec_target_metric" in query["query"]:
                return instant(target)
            return instant(peak, {"memory": memory} if memory and peak else None)

        api.service("kps-prometheus", {"/api/v1/query_range": matrix(points), "/api/v1/query": page})
    check = hpa.test_scaled_up if direction == "up" else hpa.test_scaled_down
    return look(check, api.cluster(), name="web", namespace="shop")


def history(*values: int, ago_s: int = 7000) -> list[tuple[float, str]]:
    """Replica counts in Prometheus, one a minute, from `ago_s` seconds ago on."""
    return [(AT - ago_s + 60 * at, str(value)) for at, value in enumerate(values)]


QUIET = history(*[2] * 116)
UP_AND_DOWN = history(*[2] * 50, 4, 4, 6, 4, *[2] * 62)
"""Rises at 08:53:20."""


@pytest.mark.parametrize(("cpu", "expected"), [(46, "unmet"), (48, "met")])
def test_what_is_merely_tolerated_proves_no_need(cpu: int, expected: str) -> None:
    """13 pods at 46 of 50 percent are kept, but 12 would do, and nobody has seen a load."""
    above = state(13, LATER, cpu=cpu)
    above["spec"]["minReplicas"] = 12
    above["spec"]["maxReplicas"] = 20
    assert looked("up", above, points=history(*[12] * 116)).status == expected


def test_a_rise_that_prometheus_saw_near_an_own_step_is_proof() -> None:
    """The HPA is back at its minimum, its last step went down, its events tell of the rise."""
    seen = looked("up", state(2, "2026-03-02T08:58:00Z"), rescale("2026-03-02T08:53:00Z"), points=UP_AND_DOWN)
    assert seen.status == "met"
    assert seen.since is not None
    assert seen.since < NOW
    assert looked("down", state(2, "2026-03-02T08:58:00Z"), points=UP_AND_DOWN, peak="90").status == "met"


def test_a_rise_by_hand_is_no_proof() -> None:
    """Prometheus saw four replicas, but no metric went above its target and no own step is near."""
    assert reason(looked("up", state(2), points=UP_AND_DOWN, peak="12")) == "hpa-raised-by-hand"
    assert reason(looked("up", state(4))) == "hpa-replicas-not-its-own"


def test_a_rise_by_hand_that_the_autoscaler_undid_is_no_proof() -> None:
    """An idle autoscaler sets it back within a second: its step is near, but nothing was up after it."""
    blip = history(*[2] * 50, 5, *[2] * 66)
    undone = [state(2, "2026-03-02T08:53:10Z"), rescale("2026-03-02T08:53:10Z")]
    assert reason(looked("up", *undone, points=blip, peak="1")) == "hpa-raised-by-hand"
    slow = history(*[2] * 50, 10, 5, 3, *[2] * 64)
    steps = [
        rescale("2026-03-02T08:53:10Z"),
        rescale("2026-03-02T08:54:10Z"),
        state(2, "2026-03-02T08:55:10Z"),
    ]
    assert reason(looked("up", *steps, points=slow, peak="1")) == "hpa-raised-by-hand"
    soon = state(2, "2026-03-02T09:50:00Z")
    assert reason(looked("up", soon, rescale("2026-03-02T09:50:00Z"))) == "hpa-only-raised-to-minimum"
    assert looked("up", soon, rescale("2026-03-02T09:40:00Z")).status == "met"


def test_a_rise_whose_author_nobody_knows_any_more_is_not_graded() -> None:
    """Events have expired, the last step is later than the rise, and no sample shows the load."""
    old = history(2, 2, 4, 4, 2, *[2] * 110, ago_s=7000)
    assert looked("up", state(2, "2026-03-02T09:30:00Z"), points=old, peak="40").status == "cannot-tell"
    assert looked("up", state(2, "2026-03-02T09:30:00Z"), points=old, peak="80").status == "met"


def test_a_prometheus_that_lost_its_data_does_not_say_that_the_load_was_weak() -> None:
    """Its history begins after the last step, so its peaks are not those of that time."""
    young = history(*[2] * 10, ago_s=600)
    alone = [state(2, "2026-03-02T09:40:00Z"), rescale("2026-03-02T09:40:00Z")]
    for direction in ("up", "down"):
        seen = looked(direction, *alone, points=young, peak="4")
        assert (seen.status, reason(seen)) == ("cannot-tell", "hpa-step-unseen")
    twice = rescale("2026-03-02T09:35:00Z")
    for begins in (600, 1170):
        known = history(*[2] * 10, ago_s=begins)
        assert looked("up", *alone, twice, points=known, peak="4").status == "met"


@pytest.mark.parametrize(
    ("objects", "points", "peak", "expected"),
    [
        ([state(2)], None, None, "hpa-never-scaled"),
        ([state(2)], QUIET, "30", "hpa-load-too-weak"),
        ([state(2)], QUIET, None, "hpa-never-scaled"),
        ([state(2)], QUIET, "80", "hpa-never-scaled"),
        (
            [state(2, "2026-03-02T08:00:02Z"), rescale("2026-03-02T08:00:02Z")],
            None,
            None,
            "hpa-only-raised-to-minimum",
        ),
        ([state(2, LATER)], QUIET, None, "hpa-only-raised-to-minimum"),
    ],
)
def test_lifting_to_the_minimum_is_no_scaling(
    objects: list[Object], points: list[tuple[float, str]] | None, peak: str | None, expected: str
) -> None:
    """A lastScaleTime and SuccessfulRescale also come from a Deployment made below the minimum."""
    assert reason(looked("up", *objects, points=points, peak=peak)) == expected
    assert reason(looked("down", *objects, points=points, peak=peak)) == expected


@pytest.mark.parametrize(
    ("cpu", "before", "expected"),
    [
        (28, "1", "hpa-load-just-begun"),
        (28, None, "hpa-load-just-begun"),
        (28, "26", "hpa-load-too-weak"),
        (33, "25", "hpa-load-too-weak"),
        (2, "0", "hpa-load-too-weak"),
        (1, "28", "hpa-load-too-weak"),
    ],
)
def test_a_load_that_has_just_begun_is_not_called_weak(cpu: int, before: str | None, expected: str) -> None:
    """Until it shows in full nobody can say whether it will do; noise and a load that has ended are none."""
    for direction in ("up", "down"):
        seen = looked(direction, state(2, cpu=cpu), points=QUIET, peak=str(max(cpu, 28)), before=before)
        assert reason(seen) == expected
        assert seen.status == ("early" if expected == "hpa-load-just-begun" else "unmet")


def test_an_autoscaler_that_wants_more_now_is_proof_at_once() -> None:
    """Prometheus lags behind by a scrape; without load now the past has to tell."""
    assert looked("up", state(5, LATER, cpu=57), points=QUIET).status == "met"
    assert looked("up", state(5, "2026-03-02T08:00:20Z", cpu=300), points=QUIET).status == "met"
    assert looked("up", state(5, LATER, cpu=1), points=QUIET).status == "unmet"
    assert looked("up", state(5, LATER, cpu=1)).status == "met"


def test_a_late_step_stands_where_nothing_contradicts_it() -> None:
    """Without events and Prometheus a last step long after the start went to the minimum."""
    assert looked("up", state(2, LATER)).status == "met"
    assert looked("down", state(2, LATER)).status == "met"


def test_a_deployment_that_was_made_anew_does_not_undo_the_past() -> None:
    """The step is older than the target and long after the autoscaler's start."""
    anew = deployment(meta={"creationTimestamp": "2026-03-02T09:30:00Z"})
    api = MemoryApi(anew, state(2, LATER))
    assert look(hpa.test_scaled_up, api.cluster(), name="web", namespace="shop").status == "met"


@pytest.mark.parametrize(
    ("autoscaler_now", "expected"),
    [
        (state(2, "2026-03-02T09:50:00Z"), "cannot-tell"),
        (state(2), "unmet"),
        (state(4, "2026-03-02T09:50:00Z"), "met"),
    ],
)
def test_a_prometheus_that_does_not_answer_is_not_the_students_fault(
    autoscaler_now: Object, expected: str
) -> None:
    """Without its history a set back minimum cannot be told from more; no step at all can."""
    api = MemoryApi(deployment(), autoscaler_now, *operated("Prometheus"))
    api.broken.add("/api/v1/namespaces/monitoring/services/")
    assert look(hpa.test_scaled_up, api.cluster(), name="web", namespace="shop").status == expected


@pytest.mark.parametrize(
    ("cpu", "memory", "able", "expected"),
    [
        (90, 10, "ReadyForNewScale", "hpa-still-loaded"),
        (1, 10, "ScaleDownStabilized", "hpa-scale-down-waiting"),
        (1, 60, "ReadyForNewScale", "hpa-held-by-metric"),
    ],
)
def test_why_it_is_still_up(cpu: int, memory: int, able: str, expected: str) -> None:
    """Load, the stabilisation window, or memory that by arithmetic holds the size."""
    up = state(4, LATER, cpu=cpu, memory=memory)
    up["status"]["conditions"] = [condition("AbleToScale", "True", able)]
    assert reason(looked("down", up)) == expected


def test_half_way_down_is_half() -> None:
    """From six to four is a decrease, but not the end."""
    down = state(4, LATER)
    seen = looked("down", down, points=history(*[2] * 50, 6, 6, 4, 4), peak="90")
    assert share(seen) == pytest.approx(0.5)
    assert share(looked("down", down, points=history(*[2] * 50, 4, 4), peak="90")) == 0


def test_set_back_by_hand_is_not_scaled_down() -> None:
    """The autoscaler's last step was the rise."""
    seen = looked("down", state(2, "2026-03-02T08:53:00Z"), points=history(*[2] * 50, *[4] * 30, *[2] * 36))
    assert reason(seen) == "hpa-lowered-by-hand"


@pytest.mark.parametrize(
    ("target", "expected"), [("50", None), ("80", "hpa-history-expired"), (None, "hpa-history-expired")]
)
def test_a_peak_is_measured_by_the_target_of_its_time(target: str | None, expected: str | None) -> None:
    """A target that was raised after the load does not undo what the load proved."""
    raised = autoscaler(
        metrics=[resource_metric("cpu", 80)], status={"currentReplicas": 2, "lastScaleTime": LATER}
    )
    seen = looked("up", raised, points=UP_AND_DOWN, peak="66", target=target)
    assert (None if seen.status == "met" else reason(seen)) == expected


@pytest.mark.parametrize(
    ("last", "conditions", "expected"),
    [
        ("2026-03-02T09:59:50Z", [], ("early", "hpa-rise-under-way")),
        ("2026-03-02T09:30:00Z", [condition("ReplicaFailure", "True", "FailedCreate")],
         ("unmet", "hpa-pods-not-made")),
        ("2026-03-02T09:30:00Z", [], ("unmet", "hpa-only-raised-to-minimum")),
    ],
)  # fmt: skip
def test_a_rise_that_is_only_ordered_is_told_apart(
    last: str, conditions: list[Object], expected: tuple[str, str]
) -> None:
    """Right after the step it is on its way; later the pods are refused, or nobody knows."""
    ordered = state(2, last)
    ordered["status"]["desiredReplicas"] = 5
    api = MemoryApi(deployment(status={"replicas": 2, "conditions": conditions}), ordered)
    seen = look(hpa.test_scaled_up, api.cluster(), name="web", namespace="shop")
    assert (seen.status, reason(seen)) == expected


def test_without_room_no_load_helps() -> None:
    """The maximum is the minimum."""
    full = state(2)
    full["spec"]["maxReplicas"] = 2
    assert reason(looked("up", full)) == "hpa-no-room"

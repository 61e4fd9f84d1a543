"""Traces of scaling that say only a part: metrics of other measures, and events that may not be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from checks import hpa
from tests.unit.checks.api import MemoryApi, look, matrix, reason, share
from tests.unit.checks.monitoring import operated
from tests.unit.checks.objects import Object, current_metric, deployment, resource_metric
from tests.unit.checks.objects import hpa as autoscaler
from tests.unit.checks.test_scaling import LATER, QUIET, history, instant, looked, rescale, state


def custom(kind: str, *, amount: str, last: str | None = None, asked: Sequence[Object] = ()) -> Object:
    """An autoscaler by a metric of this type whose target is 10, at an amount and at its minimum."""
    key, source = kind.lower(), {"metric": {"name": "jobs"}}
    measure = "averageValue" if kind != "Object" else "value"
    target = {"type": "AverageValue" if measure == "averageValue" else "Value", measure: "10"}
    current = [{"type": kind, key: {**source, "current": {measure: amount}}}]
    status = {"currentMetrics": current, **({"lastScaleTime": last} if last else {})}
    return autoscaler(metrics=[{"type": kind, key: {**source, "target": target}}, *asked], status=status)


def looked_at_custom(own: Object, points: list[tuple[float, str]], *, peak: str | None, before: str) -> Any:
    """One look; Prometheus has the peak of the metric jobs and what it was two minutes ago."""
    api = MemoryApi(deployment(), own, *operated("Prometheus"))

    def page(query: Mapping[str, str]) -> Any:
        promql = query["query"]
        if "spec_target" in promql or 'metric_target_type="utilization"' in promql:
            return instant(None if "spec_target" in promql else "12")
        if peak is None or 'metric_target_type=~"average|value"' not in promql:
            return instant(None)
        measure = "value" if own["spec"]["metrics"][0]["type"] == "Object" else "average"
        jobs = {"jobs": before if "offset 120s" in promql else peak}
        return instant(None, jobs, metric_target_type=measure)

    api.service("kps-prometheus", {"/api/v1/query_range": matrix(points), "/api/v1/query": page})
    return look(hpa.test_scaled_up, api.cluster(), name="web", namespace="shop")


@pytest.mark.parametrize("kind", ["Pods", "Object", "External"])
@pytest.mark.parametrize(
    ("amount", "peak", "before", "expected"),
    [
        ("2500m", "4.5", "2.4", ("unmet", "hpa-load-too-weak")),
        ("4500m", "4.5", "0", ("early", "hpa-load-just-begun")),
        ("4500m", "14", "0", ("unmet", "hpa-never-scaled")),
        ("4500m", None, "0", ("unmet", "hpa-never-scaled")),
    ],
)
def test_loads_of_all_kinds_of_metrics_are_told_apart(
    kind: str, amount: str, peak: str | None, before: str, expected: tuple[str, str]
) -> None:
    """kube-state-metrics has means and values as well as percents; a metric without a peak proves nothing."""
    seen = looked_at_custom(custom(kind, amount=amount), QUIET, peak=peak, before=before)
    assert (seen.status, reason(seen)) == expected
    if reason(seen) == "hpa-load-too-weak":
        assert (seen.reason.params["peak"], seen.reason.params["unit"]) == (4.5, "")


def test_a_metric_that_prometheus_does_not_have_is_no_load_that_begins() -> None:
    """It was not there two minutes ago, nor will it ever be."""
    both = custom("Pods", amount="9", asked=[resource_metric("cpu", 50)])
    assert reason(looked_at_custom(both, QUIET, peak=None, before="0")) == "hpa-load-too-weak"


@pytest.mark.parametrize(("peak", "expected"), [("14", "met"), ("2", "unmet"), (None, "cannot-tell")])
def test_a_metric_that_nobody_measured_may_have_made_the_rise(peak: str | None, expected: str) -> None:
    """The CPU was idle, but the autoscaler goes by another metric, too."""
    both = custom("Pods", amount="1", last="2026-03-02T09:30:00Z", asked=[resource_metric("cpu", 50)])
    old = history(2, 2, 4, 4, 2, *[2] * 110, ago_s=7000)
    assert looked_at_custom(both, old, peak=peak, before="1").status == expected


@pytest.mark.parametrize(
    ("own", "points", "expected"),
    [
        (state(2, "2026-03-02T09:50:00Z"), None, "cannot-tell"),
        (state(2, "2026-03-02T09:58:00Z"), history(*[2] * 105, 4, 4, *[2] * 9), "cannot-tell"),
        (state(2, "2026-03-02T09:50:00Z"), QUIET, "unmet"),
        (state(2), None, "unmet"),
    ],
)
def test_events_that_may_not_be_read_are_a_doubt(
    own: Object, points: list[tuple[float, str]] | None, expected: str
) -> None:
    """Without events one late step may be the last of several; where Prometheus saw all, they add nothing."""
    api = MemoryApi(deployment(), own)
    api.broken.add("/api/v1/namespaces/shop/events")
    if points:
        api.add(*operated("Prometheus"))
        pages = {"/api/v1/query_range": matrix(points), "/api/v1/query": instant(None)}
        api.service("kps-prometheus", pages)
    assert look(hpa.test_scaled_up, api.cluster(), name="web", namespace="shop").status == expected


def test_a_metric_that_cannot_be_read_blocks_the_way_down() -> None:
    """Another metric may ask for few, but one that is missing forbids it."""
    up = state(4, LATER)
    up["status"]["currentMetrics"] = [current_metric("cpu", 1), {"type": ""}]
    assert reason(looked("down", up)) == "hpa-metric-blocks-scale-down"


def test_a_value_of_a_whole_object_holds_as_a_mean_does() -> None:
    """Targets of type Value are compared with the value."""
    held, source = state(4, LATER), {"metric": {"name": "load"}}
    held["spec"]["metrics"] = [
        {"type": "Object", "object": {**source, "target": {"type": "Value", "value": "2k"}}}
    ]
    held["status"]["currentMetrics"] = [
        {"type": "Object", "object": {**source, "current": {"value": "1950"}}}
    ]
    seen = looked("down", held)
    assert (reason(seen), share(seen)) == ("hpa-held-by-metric", 0.5)


@pytest.mark.parametrize(("uid", "expected"), [("new", None), (None, None), ("old", "hpa-never-scaled")])
def test_events_of_an_older_object_of_the_name_do_not_count(uid: str | None, expected: str | None) -> None:
    """An autoscaler that was made anew has to prove itself anew."""
    events = [rescale("2026-03-02T09:20:00Z"), rescale("2026-03-02T09:40:00Z")]
    for event in events:
        event["involvedObject"]["uid"] = uid
    anew = state(2)
    anew["metadata"]["uid"] = "new"
    seen = looked("up", anew, *events)
    assert (None if seen.status == "met" else reason(seen)) == expected

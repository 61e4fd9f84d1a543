"""Proof that an autoscaler scaled: weighs the traces that `replica_history` finds.

The strongest trace decides: what is above the minimum now, what Prometheus saw,
then the time of the last step. Only where Prometheus saw a rise whose author no
trace can name any more, nothing is said.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, NoReturn

from pytest_k8sgrade.kube import autoscalers
from pytest_k8sgrade.kube.autoscalers import Metric
from pytest_k8sgrade.kube.conditions import condition
from pytest_k8sgrade.outcome import Findings, cannot_tell, unmet
from pytest_k8sgrade.services.autoscaling import details
from pytest_k8sgrade.services.replica_history import (
    EVENTS_LAST,
    History,
    Traces,
    history,
    made_by_autoscaler,
    moment_of,
    traces,
)

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster

Object = Mapping[str, Any]


def require_scaled_up(cluster: Cluster, hpa: Object, monitoring: str) -> None:
    """Unmet unless the autoscaler raised its target above the minimum at least once."""
    story = traces(cluster, hpa)
    up = story.replicas > story.least
    if up and story.last_scale is not None and _wants_more(hpa, story.least):
        cluster.held_since(story.last_scale)
        return
    past = history(cluster, hpa, monitoring)
    if past is not None and past.above(story.least):
        _judge_rise(cluster, hpa, story, past)
        return
    steps = story.real_steps()
    if not steps or not (_trusted(cluster, steps, past) or (up and past is None)):
        _never(hpa, story, past)
    cluster.held_since(steps[-1])


def _trusted(cluster: Cluster, steps: list[datetime], past: History | None) -> bool:
    """Whether steps alone prove a rise.

    Prometheus would have seen it, where it reaches back. One single step went to the
    minimum and may have undone a rise by hand; only when events have expired it stands for more.
    """
    if past is not None and past.reaches(steps[-1]):
        return False
    return len(steps) > 1 or cluster.now - steps[-1] > EVENTS_LAST


def _wants_more(hpa: Object, least: int) -> bool:
    """Whether a metric by the controller's arithmetic asks for more than the minimum right now."""
    replicas = (hpa.get("status") or {}).get("currentReplicas", 0)
    ratios = autoscalers.ratios(hpa).values()
    return any(math.ceil(round(replicas * ratio, 6)) > least for ratio in ratios)


def _judge_rise(cluster: Cluster, hpa: Object, story: Traces, past: History) -> None:
    rise = moment_of(past.above(story.least)[0])
    author = made_by_autoscaler(story, past, rise, cluster.now)
    if author:
        cluster.held_since(rise)
        return
    highest = int(max(point.value for point in past.points))
    seen = {"replicas": highest, "peaks": dict(past.peaks)}
    params = {**details(hpa), "highest": highest, "least": story.least, "at": rise.isoformat()}
    if author is None:
        cannot_tell("hpa-history-expired", seen=seen, wanted="SuccessfulRescale", **params)
    unmet("hpa-raised-by-hand", seen=seen, wanted="SuccessfulRescale", **params)


def _never(hpa: Object, story: Traces, past: History | None) -> NoReturn:
    params = {**details(hpa), "least": story.least, "replicas": story.replicas}
    if story.replicas > story.least and story.last_scale is None:
        raised = {**params, "highest": story.replicas, "at": "-"}
        unmet("hpa-raised-by-hand", seen=story.replicas, wanted="lastScaleTime", **raised)
    peaks = {name: peak for name, peak in past.peaks.items() if name in story.targets} if past else {}
    if peaks and all(peak <= story.targets[name] for name, peak in peaks.items()):
        name = max(peaks, key=lambda metric: peaks[metric] / story.targets[metric])
        measured = {**params, "metric": name, "peak": int(peaks[name]), "limit": story.targets[name]}
        unmet("hpa-load-too-weak", seen=peaks[name], wanted=story.targets[name], **measured)
    reason = "hpa-never-scaled" if story.last_scale is None else "hpa-only-raised-to-minimum"
    unmet(reason, seen=story.replicas, wanted=f"> {story.least}", **params)


def require_scaled_down(cluster: Cluster, hpa: Object, monitoring: str) -> None:
    """Unmet unless the autoscaler, after a rise, brought its target back to the minimum."""
    story = traces(cluster, hpa)
    past = history(cluster, hpa, monitoring)
    if story.replicas > story.least:
        _still_up(hpa, story, past)
    steps = story.real_steps()
    seen_up = past.above(story.least) if past is not None else []
    if not steps or (not seen_up and not _trusted(cluster, steps, past)):
        _never(hpa, story, past)
    if seen_up and past is not None:
        top = moment_of(seen_up[-1]).timestamp() - past.step_s - 60
        if steps[-1].timestamp() < top:
            params = {**details(hpa), "least": story.least, "replicas": story.replicas}
            unmet("hpa-lowered-by-hand", seen=steps[-1].isoformat(), wanted="lastScaleTime", **params)
    cluster.held_since(steps[-1])


def _still_up(hpa: Object, story: Traces, past: History | None) -> NoReturn:
    reason, more = _why_up(hpa)
    highest = max((point.value for point in past.points), default=0) if past is not None else 0
    params = {**details(hpa), "least": story.least, "replicas": story.replicas, **more}
    found = Findings()
    if highest > story.replicas and story.last_scale is not None:
        found.require(True, reason, part="decreased")
    else:
        found.require(
            False, reason, part="decreased", seen=story.replicas, wanted=f"< {story.replicas}", **params
        )
    found.require(False, reason, part="at minimum", seen=story.replicas, wanted=story.least, **params)
    found.close()
    raise AssertionError("a part was not met")


def _why_up(hpa: Object) -> tuple[str, dict[str, Any]]:
    able = condition(hpa, "AbleToScale")
    window = autoscalers.behavior(hpa, "scaleDown").window_s
    ratios = autoscalers.ratios(hpa)
    loaded = [metric for metric, ratio in ratios.items() if ratio > 1]
    if loaded:
        return "hpa-still-loaded", {"metric": loaded[0].name, "value": _value(loaded[0])}
    if able is not None and able.reason == "ScaleDownStabilized":
        return "hpa-scale-down-waiting", {"window_s": window}
    holding = autoscalers.holding_metrics(hpa)
    if holding:
        return "hpa-held-by-metric", {"metric": holding[0].name, "value": _value(holding[0])}
    return "hpa-scale-down-waiting", {"window_s": window}


def _value(metric: Metric) -> str:
    return f"{metric.utilization}%" if metric.utilization is not None else str(metric.average_value)

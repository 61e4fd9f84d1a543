"""Proof that an autoscaler scaled: weighs the traces that `replica_history` finds.

The strongest trace decides: what is above the minimum now, what Prometheus saw,
then the time of the last step. Only where Prometheus saw a rise whose author no
trace can name any more, nothing is said.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NoReturn

from pytest_k8sgrade.kube import autoscalers
from pytest_k8sgrade.kube.autoscalers import Measure, Metric, Series
from pytest_k8sgrade.kube.conditions import condition
from pytest_k8sgrade.outcome import CannotTell, Findings, cannot_tell, too_early, unmet
from pytest_k8sgrade.services.autoscalers.autoscaling import details, target_of
from pytest_k8sgrade.services.autoscalers.replica_history import (
    EVENTS_LAST,
    LOAD_SHOWS,
    History,
    Traces,
    history,
    made_by_autoscaler,
    moment_of,
    rising_metric,
    traces,
)
from pytest_k8sgrade.services.diagnosis import if_readable

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster

Object = Mapping[str, Any]
_UNITS: Mapping[Measure, str] = {"utilization": " %", "average": "", "value": ""}
_LOOP_S = 30
"""Two rounds of the controller."""


def require_scaled_up(cluster: Cluster, hpa: Object, monitoring: str) -> None:
    """Unmet unless the autoscaler raised its target above the minimum at least once."""
    story = traces(cluster, hpa)
    up = story.replicas > story.least
    if up and story.last_scale is not None and _wants_more(hpa, story.least):
        cluster.held_since(story.last_scale)
        return
    past, doubt = _past(cluster, hpa, monitoring)
    if past is not None and past.above(story.least):
        _judge_rise(cluster, hpa, story, past)
        return
    _explain_asked_for(cluster, hpa, story)
    steps = story.real_steps()
    if not steps or not (_trusted(cluster, steps, past) or (up and past is None)):
        _explain_begun(cluster, hpa, story, past, monitoring)
        _never(hpa, story, past, doubt)
    cluster.held_since(steps[-1])


def _explain_asked_for(cluster: Cluster, hpa: Object, story: Traces) -> None:
    """Tell of a rise that was ordered and has not come: it is on its way, or the pods are not made."""
    desired = int((hpa.get("status") or {}).get("desiredReplicas", 0))
    if story.last_scale is None or story.replicas > story.least or desired <= story.least:
        return
    counts = {"replicas": story.replicas, "desired": desired}
    params, seen = {**details(hpa), **counts}, {"seen": story.replicas, "wanted": desired}
    if cluster.now - story.last_scale < timedelta(seconds=_LOOP_S):
        too_early("hpa-rise-under-way", **seen, **params)
    target = if_readable(lambda: target_of(cluster, hpa))
    refused = condition(target, "ReplicaFailure") if target is not None else None
    if refused is not None and refused.true:
        unmet("hpa-pods-not-made", why=refused.reason, **seen, **params)


def _explain_begun(
    cluster: Cluster, hpa: Object, story: Traces, past: History | None, monitoring: str
) -> None:
    """Tell of a load that has just begun: whether it is too weak nobody can say yet."""
    peaks = _weak_peaks(story, past)
    rising = rising_metric(cluster, hpa, monitoring, peaks) if peaks else None
    if rising is not None:
        value, limit = _number(rising.amount), _number(rising.target)
        measured = {
            "metric": rising.metric.name,
            "value": value,
            "limit": limit,
            "unit": _UNITS[rising.measure],
        }
        minutes = LOAD_SHOWS // timedelta(minutes=1)
        told = {**details(hpa), **measured, "minutes": minutes}
        too_early("hpa-load-just-begun", seen=value, wanted=f"> {limit}", **told)


def _weak_peaks(story: Traces, past: History | None) -> dict[Series, float]:
    """The highest values of the metrics, where Prometheus has some and none was above its target."""
    peaks = {series: peak for series, peak in past.peaks.items() if series in story.targets} if past else {}
    return peaks if all(peak <= story.targets[series] for series, peak in peaks.items()) else {}


def _number(amount: Decimal | float) -> int | float:
    """An amount for messages, whole where it is."""
    return int(amount) if amount == int(amount) else round(float(amount), 3)


def _past(cluster: Cluster, hpa: Object, monitoring: str) -> tuple[History | None, CannotTell | None]:
    """What Prometheus kept, and why that cannot be read: a doubt where the other traces prove nothing."""
    found = history(cluster, hpa, monitoring)
    return (None, found) if isinstance(found, CannotTell) else (found, None)


def _trusted(cluster: Cluster, steps: list[datetime], past: History | None) -> bool:
    """Whether steps alone prove a rise.

    Prometheus would have seen it, where it reaches back. One single step went to the
    minimum and may have undone a rise by hand; only when events have expired it stands for more.
    """
    if past is not None and past.reaches(steps[-1]):
        return False
    return len(steps) > 1 or cluster.now - steps[-1] > EVENTS_LAST


def _wants_more(hpa: Object, least: int) -> bool:
    """Whether a metric needs more than the minimum right now; what is merely tolerated proves no need."""
    return any(needed > least for needed in autoscalers.needed_replicas(hpa).values())


def _judge_rise(cluster: Cluster, hpa: Object, story: Traces, past: History) -> None:
    rise = moment_of(past.above(story.least)[0])
    author = made_by_autoscaler(story, past, rise, cluster.now)
    if author:
        cluster.held_since(rise)
        return
    highest = int(max(point.value for point in past.points))
    seen = {"replicas": highest, "peaks": past.shown_peaks}
    params = {**details(hpa), "highest": highest, "least": story.least, "at": rise.isoformat()}
    if author is None and story.unread is not None:
        raise story.unread
    if author is None:
        cannot_tell("hpa-history-expired", seen=seen, wanted="SuccessfulRescale", **params)
    unmet("hpa-raised-by-hand", seen=seen, wanted="SuccessfulRescale", **params)


def _never(hpa: Object, story: Traces, past: History | None, doubt: CannotTell | None) -> NoReturn:
    params = {**details(hpa), "least": story.least, "replicas": story.replicas}
    if story.replicas > story.least and story.last_scale is None:
        unmet("hpa-replicas-not-its-own", seen=story.replicas, wanted="lastScaleTime", **params)
    if doubt is not None and not story.never:
        raise doubt
    most = (hpa.get("spec") or {}).get("maxReplicas")
    if most == story.least:
        unmet("hpa-no-room", seen=most, wanted=f"> {story.least}", most=most, **params)
    steps = story.real_steps()
    if past is not None and steps and not past.reaches(steps[-1]):
        begins = moment_of(past.points[0]).isoformat()
        cannot_tell("hpa-step-unseen", seen=begins, wanted=steps[-1].isoformat(), begins=begins, **params)
    peaks = _weak_peaks(story, past)
    if peaks:
        highest = max(peaks, key=lambda series: peaks[series] / story.targets[series])
        (name, measure), limit = highest, _number(story.targets[highest])
        measured = {"metric": name, "peak": _number(peaks[highest]), "limit": limit, "unit": _UNITS[measure]}
        unmet("hpa-load-too-weak", seen=peaks[highest], wanted=limit, **params, **measured)
    if story.unread is not None and steps and past is None:
        raise story.unread
    reason = "hpa-never-scaled" if story.last_scale is None else "hpa-only-raised-to-minimum"
    unmet(reason, seen=story.replicas, wanted=f"> {story.least}", **params)


def require_scaled_down(cluster: Cluster, hpa: Object, monitoring: str) -> None:
    """Unmet unless the autoscaler, after a rise, brought its target back to the minimum."""
    story = traces(cluster, hpa)
    past, doubt = _past(cluster, hpa, monitoring)
    if story.replicas > story.least:
        _still_up(cluster, hpa, story, past)
    steps = story.real_steps()
    seen_up = past.above(story.least) if past is not None else []
    if not steps or (not seen_up and not _trusted(cluster, steps, past)):
        _explain_begun(cluster, hpa, story, past, monitoring)
        _never(hpa, story, past, doubt)
    if seen_up and past is not None:
        top = moment_of(seen_up[-1]).timestamp() - past.step_s - 60
        if steps[-1].timestamp() < top:
            params = {**details(hpa), "least": story.least, "replicas": story.replicas}
            unmet("hpa-lowered-by-hand", seen=steps[-1].isoformat(), wanted="lastScaleTime", **params)
    cluster.held_since(steps[-1])


@dataclass(frozen=True, slots=True)
class _Why:
    """What keeps the replicas up: `right` when the controller's arithmetic asks for them."""

    reason: str
    params: Mapping[str, Any]
    right: bool = False
    early: bool = False


def _still_up(cluster: Cluster, hpa: Object, story: Traces, past: History | None) -> NoReturn:
    why = _why_up(cluster, hpa, story)
    highest = max((point.value for point in past.points), default=0) if past is not None else 0
    params = {**details(hpa), "least": story.least, "replicas": story.replicas, **why.params}
    kept = {"seen": story.replicas, "early": why.early, **params}
    found = Findings()
    if why.right:
        found.require(True, why.reason, part="decided by metrics")
    elif highest > story.replicas and story.last_scale is not None:
        found.require(True, why.reason, part="decreased")
    else:
        found.require(False, why.reason, part="decreased", wanted=f"< {story.replicas}", **kept)
    found.require(False, why.reason, part="at minimum", wanted=story.least, **kept)
    found.close()
    raise AssertionError("a part was not met")


def _why_up(cluster: Cluster, hpa: Object, story: Traces) -> _Why:
    """Load, a rule that forbids it, the window, or a metric that does not fall, in this order."""
    able, rules = condition(hpa, "AbleToScale"), autoscalers.behavior(hpa, "scaleDown")
    loaded = autoscalers.raising_metrics(hpa)
    if loaded:
        return _Why("hpa-still-loaded", {"metric": loaded[0].name, "value": _value(loaded[0])})
    if rules.select == "Disabled":
        return _Why("hpa-scale-down-disabled", {})
    window = {"window_s": rules.window_s}
    if able is not None and able.reason == "ScaleDownStabilized":
        return _Why("hpa-scale-down-waiting", window, early=True)
    holding = autoscalers.holding_metrics(hpa)
    if holding:
        return _Why("hpa-held-by-metric", _arithmetic(hpa, holding[0]), right=True)
    unread = autoscalers.unread_metrics(hpa)
    if unread:
        return _Why("hpa-metric-blocks-scale-down", {"metric": unread[0].shown})
    return _Why("hpa-scale-down-waiting", window, early=_just_stepped(cluster, story, rules))


def _just_stepped(cluster: Cluster, story: Traces, rules: autoscalers.Behavior) -> bool:
    """Whether the last step is so recent that the rules may not allow the next one yet."""
    if story.last_scale is None:
        return False
    longest = max((policy.period_s for policy in rules.policies), default=0)
    return cluster.now - story.last_scale < timedelta(seconds=rules.window_s + longest + _LOOP_S)


def _arithmetic(hpa: Object, metric: Metric) -> dict[str, Any]:
    target = {one.identity: one for one in autoscalers.asked_metrics(hpa)}[metric.identity]
    direction = "scaleUp" if autoscalers.ratios(hpa)[metric] > 1 else "scaleDown"
    tolerated = f"{100 * autoscalers.tolerance(hpa, direction):g}%"
    values = {"value": _value(metric), "limit": _value(target), "tolerance": tolerated}
    return {"metric": metric.shown, **values}


def _value(metric: Metric) -> str:
    if metric.utilization is not None:
        return f"{metric.utilization}%"
    return str(metric.average_value if metric.average_value is not None else metric.value)

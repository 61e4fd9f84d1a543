"""What is left of an autoscaler's past: its status, its events, and Prometheus.

Scaling is an event, not a state, and each trace has its limit. `lastScaleTime` is
only the last step; it also moves when a target is lifted to its minimum, and when a
rise by hand is undone. Events are kept for about an hour; Prometheus has what
kube-state-metrics told it. Messages are never read: a step counts by its time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from pytest_k8sgrade.kube.autoscalers import Metric, asked_metrics, min_replicas, ratios
from pytest_k8sgrade.kube.times import parse_time
from pytest_k8sgrade.outcome import CannotTell, Unmet
from pytest_k8sgrade.services.autoscalers.autoscaling import KIND, target_of
from pytest_k8sgrade.services.diagnosis import if_readable
from pytest_k8sgrade.services.monitoring.prometheus import Point, Prometheus

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster

Object = Mapping[str, Any]

FIRST_LOOK = timedelta(seconds=45)
"""A step this soon after the start lifts a target to its minimum: no pod has metrics yet."""
EVENTS_LAST = timedelta(minutes=50)
"""Events of the last hour are kept by default; a little less is sure."""
NO_LOAD = 0.5
"""Samples may miss a short peak above the target, but not that there was hardly any load at all."""
LOAD_SHOWS = timedelta(minutes=2)
"""Until a load shows in full: the kubelet, metrics-server, the controller and a scrape take their time."""
_STEEPNESS, _NOTABLE = 1.5, 0.2
"""What makes a value a rising one: its growth, as a factor and as a part of the target."""
_LOOK_BACK, _LONGEST = timedelta(hours=6), timedelta(days=10)
_LEAST_STEP_S, _POINTS = 60, 400


@dataclass(frozen=True, slots=True)
class History:
    """The highest replica counts per step in Prometheus, each metric's highest value and lowest target."""

    points: tuple[Point, ...]
    step_s: int
    peaks: Mapping[str, float]
    limits: Mapping[str, float]

    def limit(self, metric: str, target: float) -> float:
        """The lowest target of a metric since then: the present one may be newer than its peak."""
        return min(target, self.limits.get(metric, target))

    def above(self, least: int) -> list[Point]:
        """The points above a count."""
        return [point for point in self.points if point.value > least]

    def rose_at(self, moment: datetime) -> bool:
        """Whether the count right after a moment was no lower than around it."""
        around = [p.value for p in self.points if p.at - self.step_s < moment.timestamp() <= p.at]
        after = [p.value for p in self.points if p.at - self.step_s >= moment.timestamp()][:1]
        return bool(around and after) and max(after) >= max(around)

    def reaches(self, moment: datetime) -> bool:
        """Whether it begins before a moment, so that what is missing did not happen.

        A point stands for the step before it, of which the first may be known only in part.
        """
        return bool(self.points) and self.points[0].at <= moment.timestamp()


@dataclass(frozen=True, slots=True)
class Traces:
    """Everything that may prove a step."""

    least: int
    replicas: int
    targets: Mapping[str, int]
    made: datetime | None
    created: tuple[datetime, ...]
    last_scale: datetime | None
    rescales: tuple[datetime, ...]

    def steps(self) -> list[datetime]:
        """The autoscaler's own steps that are still known, oldest first."""
        return sorted({*self.rescales, *([self.last_scale] if self.last_scale else [])})

    def real_steps(self) -> list[datetime]:
        """Steps that were not the first look after the start."""
        return [step for step in self.steps() if not self._first_look(step)]

    @property
    def never(self) -> bool:
        """Whether the autoscaler itself shows that it took no step, or only the first to its minimum."""
        if self.last_scale is None:
            return True
        return self.made is not None and timedelta(0) <= self.last_scale - self.made <= FIRST_LOOK

    def _first_look(self, step: datetime) -> bool:
        """Whether a step came right after the autoscaler or its target was made."""
        return any(timedelta(0) <= step - moment <= FIRST_LOOK for moment in self.created)


def traces(cluster: Cluster, hpa: Object) -> Traces:
    """What the autoscaler, its target and its events tell."""
    status = hpa.get("status") or {}
    target = if_readable(lambda: target_of(cluster, hpa))
    created = [
        moment
        for item in (hpa, target)
        if item is not None and (moment := parse_time(item["metadata"].get("creationTimestamp"))) is not None
    ]
    return Traces(
        least=min_replicas(hpa),
        replicas=status.get("currentReplicas", 0),
        targets={m.name: m.utilization for m in asked_metrics(hpa) if m.utilization is not None},
        made=parse_time(hpa["metadata"].get("creationTimestamp")),
        created=tuple(created),
        last_scale=parse_time(status.get("lastScaleTime")),
        rescales=tuple(if_readable(lambda: _rescales(cluster, hpa)) or []),
    )


def _rescales(cluster: Cluster, hpa: Object) -> list[datetime]:
    metadata = hpa["metadata"]
    events = cluster.list(
        "v1",
        "Event",
        metadata["namespace"],
        fields=f"involvedObject.kind={KIND},involvedObject.name={metadata['name']}",
    )
    return [
        moment
        for event in events
        if event.get("reason") == "SuccessfulRescale" and _about(event, metadata)
        for moment in _moments(event)
    ]


def _about(event: Object, metadata: Object) -> bool:
    """Whether an event is about this very object, not about an older one of its name."""
    involved = event.get("involvedObject") or {}
    uids = {involved.get("uid"), metadata.get("uid")} - {None}
    return involved.get("kind") == KIND and involved.get("name") == metadata["name"] and len(uids) < 2


def _moments(event: Object) -> list[datetime]:
    stamps = {event.get("firstTimestamp"), event.get("lastTimestamp"), event.get("eventTime")}
    return [moment for stamp in stamps if stamp and (moment := parse_time(stamp)) is not None]


def history(cluster: Cluster, hpa: Object, monitoring: str) -> History | CannotTell | None:
    """What Prometheus kept; None where it has nothing or is not there, CannotTell where it cannot be read."""
    try:
        prometheus = Prometheus.of(cluster, monitoring)
        return _ask(cluster, prometheus, hpa)
    except Unmet:
        return None
    except CannotTell as doubt:
        return doubt


def _ask(cluster: Cluster, prometheus: Prometheus, hpa: Object) -> History | None:
    created = parse_time(hpa["metadata"].get("creationTimestamp")) or cluster.now
    span = min(max(cluster.now - created, _LOOK_BACK), _LONGEST)
    seconds = int(span.total_seconds())
    step = max(_LEAST_STEP_S, seconds // _POINTS)
    label = _selected(hpa)
    replicas = f"kube_horizontalpodautoscaler_status_current_replicas{{{label}}}"
    points = prometheus.query_range(
        f"max(max_over_time({replicas}[{step}s]))", start=cluster.now - span, end=cluster.now, step_s=step
    )
    if not points:
        return None
    peaks = prometheus.query(f"max by (metric_name) (max_over_time({_utilization(label)}[{seconds}s]))")
    targets = f'kube_horizontalpodautoscaler_spec_target_metric{{{label},metric_target_type="utilization"}}'
    lowest = f"min by (metric_name) (min_over_time({targets}[{seconds}s]))"
    limits = if_readable(lambda: prometheus.query(lowest)) or []
    return History(
        points=tuple(points),
        step_s=step,
        peaks={sample.labels.get("metric_name", ""): sample.value for sample in peaks if sample.number},
        limits={sample.labels.get("metric_name", ""): sample.value for sample in limits if sample.number},
    )


def _selected(hpa: Object) -> str:
    metadata = hpa["metadata"]
    return f'namespace="{metadata["namespace"]}",horizontalpodautoscaler="{metadata["name"]}"'


def _utilization(label: str) -> str:
    return f'kube_horizontalpodautoscaler_status_target_metric{{{label},metric_target_type="utilization"}}'


def rising_metric(cluster: Cluster, hpa: Object, monitoring: str) -> Metric | None:
    """A utilization that was much lower `LOAD_SHOWS` ago, or not measured yet: its load has just begun.

    None also where Prometheus cannot be asked.
    """
    promql = (
        f"max by (metric_name) ({_utilization(_selected(hpa))} offset {int(LOAD_SHOWS.total_seconds())}s)"
    )
    earlier = if_readable(lambda: Prometheus.of(cluster, monitoring).query(promql))
    if earlier is None:
        return None
    before = {sample.labels.get("metric_name", ""): sample.value for sample in earlier if sample.number}
    for metric, ratio in ratios(hpa).items():
        now, was = metric.utilization, before.get(metric.name, 0.0)
        if now and now > was * _STEEPNESS and ratio * (now - was) / now > _NOTABLE:
            return metric
    return None


def made_by_autoscaler(story: Traces, past: History, rise: datetime, now: datetime) -> bool | None:
    """Whether the autoscaler made a rise that Prometheus saw; None when no trace can tell any more.

    The load decides where it was measured. An autoscaler without load undoes a rise by
    hand at once, by steps of its own: so a step near the rise counts only if the count
    did not fall with it.
    """
    asked = {name: past.limit(name, target) for name, target in story.targets.items()}
    loads = [past.peaks[name] / limit for name, limit in asked.items() if name in past.peaks]
    if loads and (max(loads) > 1 or max(loads) < NO_LOAD):
        return max(loads) > 1
    margin = timedelta(seconds=past.step_s + 60)
    if any(abs(step - rise) <= margin and past.rose_at(step) for step in story.steps()):
        return True
    if story.last_scale is None or story.last_scale < rise or now - rise < EVENTS_LAST:
        return False
    return None if loads else True


def moment_of(point: Point) -> datetime:
    """The time of a point."""
    return datetime.fromtimestamp(point.at, UTC)

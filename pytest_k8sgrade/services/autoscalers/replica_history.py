"""What is left of an autoscaler's past: its status, its events, and Prometheus.

Scaling is an event, not a state, and each trace has its limit. `lastScaleTime` is
only the last step; it also moves when a target is lifted to its minimum, and when a
rise by hand is undone. Events are kept for about an hour; Prometheus has what
kube-state-metrics told it. Messages are never read: a step counts by its time.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from pytest_k8sgrade.kube.autoscalers import Level, Series, levels, min_replicas, targets
from pytest_k8sgrade.kube.times import parse_time
from pytest_k8sgrade.outcome import CannotTell, Unmet
from pytest_k8sgrade.services.autoscalers.autoscaling import KIND, target_of
from pytest_k8sgrade.services.diagnosis import if_readable, if_recorded
from pytest_k8sgrade.services.monitoring.prometheus import Point, Prometheus, Sample

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
_STATUS = "kube_horizontalpodautoscaler_status_target_metric"
_SPEC = "kube_horizontalpodautoscaler_spec_target_metric"


@dataclass(frozen=True, slots=True)
class History:
    """The highest replica counts per step in Prometheus, each metric's highest value and lowest target."""

    points: tuple[Point, ...]
    step_s: int
    peaks: Mapping[Series, float]
    limits: Mapping[Series, float]

    def limit(self, series: Series, target: float) -> float:
        """The lowest target of a metric since then: the present one may be newer than its peak."""
        return min(target, self.limits.get(series, target))

    @property
    def shown_peaks(self) -> dict[str, float]:
        """The peaks for what was seen: percents by the metric's name alone."""
        return {
            name if measure == "utilization" else f"{name} ({measure})": peak
            for (name, measure), peak in self.peaks.items()
        }

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
    targets: Mapping[Series, float]
    made: datetime | None
    created: tuple[datetime, ...]
    last_scale: datetime | None
    rescales: tuple[datetime, ...]
    unread: CannotTell | None = None
    """Why its events are not known, None where they are."""

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
    rescales, unread = _events(cluster, hpa)
    target = if_readable(lambda: target_of(cluster, hpa))
    created = [
        moment
        for item in (hpa, target)
        if item is not None and (moment := parse_time(item["metadata"].get("creationTimestamp"))) is not None
    ]
    return Traces(
        least=min_replicas(hpa),
        replicas=status.get("currentReplicas", 0),
        targets={series: float(target) for series, target in targets(hpa).items()},
        made=parse_time(hpa["metadata"].get("creationTimestamp")),
        created=tuple(created),
        last_scale=parse_time(status.get("lastScaleTime")),
        rescales=tuple(rescales),
        unread=unread,
    )


def _events(cluster: Cluster, hpa: Object) -> tuple[list[datetime], CannotTell | None]:
    try:
        return if_recorded(lambda: _rescales(cluster, hpa), []), None
    except CannotTell as doubt:
        return [], doubt


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
    replicas = f"kube_horizontalpodautoscaler_status_current_replicas{{{_selected(hpa)}}}"
    points = prometheus.query_range(
        f"max(max_over_time({replicas}[{step}s]))", start=cluster.now - span, end=cluster.now, step_s=step
    )
    if not points:
        return None
    return History(
        points=tuple(points),
        step_s=step,
        peaks=_extremes(prometheus, hpa, "max", _STATUS, f"[{seconds}s]"),
        limits=if_readable(lambda: _extremes(prometheus, hpa, "min", _SPEC, f"[{seconds}s]")) or {},
    )


def _extremes(
    prometheus: Prometheus, hpa: Object, which: str, family: str, range_: str
) -> dict[Series, float]:
    """The highest or lowest values of the metrics, which are asked for by their measure.

    Utilizations are asked for alone, as they always were. Evidence that was recorded before
    the other measures were asked for keeps its meaning.
    """

    def ask(by: str, matcher: str) -> list[Sample]:
        told = f"{family}{{{_selected(hpa)},metric_target_type{matcher}}}{range_}"
        told = f"{which}_over_time({told})" if range_.startswith("[") else told
        return prometheus.query(f"{which} by ({by}) ({told})")

    found = ask("metric_name", '="utilization"')
    if any(measure != "utilization" for _, measure in targets(hpa)):
        by = "metric_name, metric_target_type"
        found += if_recorded(lambda: ask(by, '=~"average|value"'), [])
    return {_series(sample): sample.value for sample in found if sample.number}


def _series(sample: Sample) -> Series:
    measure = sample.labels.get("metric_target_type")
    name = sample.labels.get("metric_name", "")
    return name, "average" if measure == "average" else "value" if measure == "value" else "utilization"


def _selected(hpa: Object) -> str:
    metadata = hpa["metadata"]
    return f'namespace="{metadata["namespace"]}",horizontalpodautoscaler="{metadata["name"]}"'


def rising_metric(cluster: Cluster, hpa: Object, monitoring: str, known: Collection[Series]) -> Level | None:
    """A metric that was much lower `LOAD_SHOWS` ago, or not measured yet: its load has just begun.

    Of those that Prometheus is known to have; None also where it cannot be asked.
    """
    offset = f" offset {int(LOAD_SHOWS.total_seconds())}s"
    before = if_readable(lambda: _extremes(Prometheus.of(cluster, monitoring), hpa, "max", _STATUS, offset))
    if before is None:
        return None
    for level in levels(hpa):
        series, now = (level.metric.name, level.measure), float(level.amount)
        was = before.get(series, 0.0)
        if series in known and now > was * _STEEPNESS and level.ratio * (now - was) / now > _NOTABLE:
            return level
    return None


def made_by_autoscaler(story: Traces, past: History, rise: datetime, now: datetime) -> bool | None:
    """Whether the autoscaler made a rise that Prometheus saw; None when no trace can tell any more.

    The load decides where it was measured; that there was none is known only where all metrics
    were. An autoscaler without load undoes a rise by hand at once, by steps of its own: so a step
    near the rise counts only if the count did not fall with it.
    """
    asked = {series: past.limit(series, target) for series, target in story.targets.items()}
    loads = [past.peaks[series] / limit for series, limit in asked.items() if limit and series in past.peaks]
    if loads and max(loads) > 1:
        return True
    if loads and max(loads) < NO_LOAD and past.peaks.keys() >= asked.keys():
        return False
    margin = timedelta(seconds=past.step_s + 60)
    if any(abs(step - rise) <= margin and past.rose_at(step) for step in story.steps()):
        return True
    if story.last_scale is None or story.last_scale < rise:
        return False
    if story.unread is None and now - rise < EVENTS_LAST:
        return False
    return None if loads or story.unread else True


def moment_of(point: Point) -> datetime:
    """The time of a point."""
    return datetime.fromtimestamp(point.at, UTC)

"""Why a query gives nothing, or nothing to compare: its metrics, its window, its traffic.

An empty answer of Prometheus is a success, so the parts of the expression are asked
for one by one. A counter whose series is younger than the window cannot have risen
in it yet: that is early, not wrong. Reads that only explain may fail and leave the
fault without its cause; those that tell early from wrong may not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_k8sgrade.kube.duration import parse_duration
from pytest_k8sgrade.outcome import Findings, cannot_tell, too_early
from pytest_k8sgrade.services.diagnosis import if_readable
from pytest_k8sgrade.services.monitoring.prometheus import Prometheus, Sample
from pytest_k8sgrade.services.monitoring.promql import MAX_LENGTH, Selector, needs, selectors
from pytest_k8sgrade.services.monitoring.targets import active

SCRAPES = 4
"""Scrapes in a window that is wide enough, as Prometheus' own advice has it; two are the least."""
_IDENTITY = ("job", "instance", "namespace", "pod", "service", "endpoint")


@dataclass(frozen=True, slots=True)
class Cause:
    """A message id with its parameters; `known` says that the metrics themselves have series."""

    reason: str
    params: Mapping[str, Any]
    known: bool = False
    early: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a query has to give: so many series whose values are numbers within the bounds."""

    at_least: int = 1
    above: float | None = None
    below: float | None = None

    def met_by(self, sample: Sample) -> bool:
        """Whether a sample counts; NaN and infinity are no numbers."""
        over = self.above is None or sample.value > self.above
        return sample.number and over and (self.below is None or sample.value < self.below)


def judge_query(prometheus: Prometheus, query: str, wanted: Wanted, namespace: str) -> None:
    """Return when a query gives what is wanted; else say why not.

    Two parts: that the metrics have series at all, and that the values are as wanted.
    """
    samples = prometheus.query(query)
    good = [sample for sample in samples if wanted.met_by(sample)]
    if len(good) >= wanted.at_least:
        return
    cause, values = _cause(prometheus, query, samples), [sample.text for sample in samples]
    if not samples and not cause.known:
        prometheus.settled()
    told: dict[str, Any] = {
        "query": query,
        "namespace": namespace,
        "found": len(good),
        "asked": wanted.at_least,
        "values": values,
        "above": wanted.above,
        "below": wanted.below,
        **cause.params,
    }
    if cause.early:
        too_early(cause.reason, seen=values, wanted=wanted.at_least, **told)
    found = Findings()
    found.require(cause.known, cause.reason, part="series", seen=len(samples), wanted=1, **told)
    found.require(False, cause.reason, part="values", seen=values, wanted=wanted.at_least, **told)
    found.close()


def _cause(prometheus: Prometheus, query: str, samples: Sequence[Sample]) -> Cause:
    """A value that is no number has its series at least; one that is not the wanted one proves nothing."""
    if not samples:
        return why_empty(prometheus, query) or Cause("query-without-data", {})
    if not all(sample.number for sample in samples):
        return Cause("query-not-a-number", {}, known=True)
    zero = all(sample.value == 0 for sample in samples)
    return (why_zero(prometheus, query) if zero else None) or Cause("query-value-differs", {})


def why_empty(prometheus: Prometheus, query: str) -> Cause | None:
    """Which selector has no series, or which window is too short; None when it cannot be told."""
    wanted = selectors(query)
    for selector in wanted:
        found = if_readable(lambda: prometheus.query(selector.text))  # noqa: B023 - called at once
        if found is None:
            return None
        if not found:
            return _without_series(prometheus, selector)
        cause = _window(prometheus, selector, found) if selector.window_s else None
        if cause is not None:
            return cause
    return Cause("query-condition-false", {}, known=True) if wanted else None


def _without_series(prometheus: Prometheus, selector: Selector) -> Cause:
    params = {"metric": selector.metric or selector.text, "selector": selector.text}
    if selector.metric and selector.matchers:
        others = if_readable(lambda: prometheus.query(selector.metric))
        if others:
            return Cause("query-labels-match-nothing", {**params, "series": len(others)})
    return Cause("query-metric-absent", params)


def _window(prometheus: Prometheus, selector: Selector, found: Sequence[Sample]) -> Cause | None:
    """Whether a window holds too few samples: it is too short, or the series too young."""
    window = selector.window_s or 0.0
    interval = if_readable(lambda: _interval(prometheus, found[0].labels))
    params = {"metric": selector.text, "window": selector.window, "value": _number(found)}
    if interval is not None and window < 2 * interval:
        wide = f"{_written(SCRAPES * interval)}"
        return Cause(
            "query-window-short", {**params, "interval": _written(interval), "wide": wide}, known=True
        )
    if is_young(prometheus, selector):
        return Cause("query-series-new", params, known=True, early=True)
    return None


def why_zero(prometheus: Prometheus, query: str) -> Cause | None:
    """Whether a rise that is zero is so because a counter has only just appeared, above zero."""
    for selector in selectors(query):
        if not selector.window_s:
            continue
        found = if_readable(lambda: prometheus.query(selector.text))  # noqa: B023 - called at once
        if (
            found
            and any(sample.number and sample.value > 0 for sample in found)
            and is_young(prometheus, selector)
        ):
            params = {"metric": selector.text, "window": selector.window, "value": _number(found)}
            return Cause("query-series-new", params, known=True, early=True)
    return None


def is_young(prometheus: Prometheus, selector: Selector) -> bool:
    """Whether a selector had no series yet when its window began; CannotTell when that cannot be asked."""
    return not prometheus.query(f"{selector.text} offset {selector.window}")


def absent_metrics(prometheus: Prometheus, query: str) -> list[str]:
    """The metrics without any series for which an expression can give nothing, by name.

    Labels are left out: a series such as that of an error may rightly not exist yet. CannotTell for
    an expression that is too long to be read: what it needs is not known to be there.
    """
    wanted = needs(query)
    if wanted is None:
        cannot_tell("expression-too-long", length=len(query), most=MAX_LENGTH)
    metrics = dict.fromkeys(selector.any_labels for selector in wanted.selectors())
    there = {metric: bool(prometheus.query(metric)) for metric in metrics}
    return [one.metric or one.any_labels for one in wanted.lacking(lambda one: there[one.any_labels])]


def _interval(prometheus: Prometheus, labels: Mapping[str, str]) -> float | None:
    """The scrape interval of the target that a series comes from, in seconds."""
    for target in active(prometheus):
        shared = [key for key in _IDENTITY if key in labels and key in target.labels]
        if shared and target.interval and all(labels[key] == target.labels[key] for key in shared):
            return parse_duration(target.interval)
    return None


def _number(found: Sequence[Sample]) -> str:
    return found[0].text


def _written(seconds: float) -> str:
    return f"{seconds / 60:g}m" if seconds >= 60 and seconds % 60 == 0 else f"{seconds:g}s"

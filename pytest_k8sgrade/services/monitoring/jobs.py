"""Why Prometheus has no target of a job: which ServiceMonitor should make it, and what is wrong there.

The operator's rule gives the job: the label of the Service that `jobLabel` names, else the
Service's name. `targets.judge` asks this for a job without targets.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from pytest_k8sgrade.kube.selectors import matches
from pytest_k8sgrade.outcome import Absent, CannotTell, Reason, Unmet, hopeless
from pytest_k8sgrade.services.diagnosis import if_readable
from pytest_k8sgrade.services.monitoring import monitors
from pytest_k8sgrade.services.monitoring.operated import API_VERSION, left_out, operated

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster

Object = Mapping[str, Any]


def why_without_targets(cluster: Cluster, job: str, monitoring: str, prometheus: str) -> Unmet:
    """What to say of a job without targets; where nothing more is known, only that."""
    try:
        _explain(cluster, job, monitoring, prometheus)
    except (CannotTell, Absent):  # nothing may be read, or no operator is there
        return Unmet(Reason("job-without-targets", {"job": job, "monitoring": monitoring}))
    except Unmet as finding:
        return finding


def _explain(cluster: Cluster, job: str, monitoring: str, prometheus: str) -> NoReturn:
    found = cluster.list(API_VERSION, monitors.KIND)
    resource = if_readable(lambda: operated(cluster, "Prometheus", monitoring, prometheus))
    left = (
        {_key(one): left_out(cluster, resource, "serviceMonitor", one) for one in found} if resource else {}
    )
    if resource is not None and found and all(one is not None and one.by == "label" for one in left.values()):
        asked = next(one.asked for one in left.values() if one is not None)
        _selects_nothing(resource, asked, job, monitoring, found)
    for monitor in _sources(cluster, found, job):
        if left.get(_key(monitor)) is not None:
            monitors.explain_not_loaded(cluster, monitor, monitoring, prometheus)
        monitors.explain_no_target(cluster, monitor, 0, monitoring)
    reason = "job-without-monitor" if found else "job-without-targets"
    raise Unmet(Reason(reason, {"job": job, "monitoring": monitoring}), seen=0, wanted=1)


def _selects_nothing(
    resource: Object, asked: str, job: str, monitoring: str, found: Sequence[Object]
) -> NoReturn:
    hopeless(
        "prometheus-selects-no-monitor",
        seen=0,
        wanted=len(found),
        name=resource["metadata"]["name"],
        namespace=resource["metadata"]["namespace"],
        asked=asked,
        job=job,
        monitoring=monitoring,
        count=len(found),
    )


def _key(monitor: Object) -> tuple[str, str]:
    return monitor["metadata"]["namespace"], monitor["metadata"]["name"]


def _sources(cluster: Cluster, found: Sequence[Object], job: str) -> Iterator[Object]:
    """The ServiceMonitors that would give the job, by the Services that they select."""
    for monitor in sorted(found, key=_key):
        services = if_readable(lambda: monitors.services(cluster, monitor)) or []  # noqa: B023 - called at once
        if job in {_job(monitor, one) for one in services if _selected(monitor, one)}:
            yield monitor


def _selected(monitor: Object, service: Object) -> bool:
    return matches(monitor["spec"].get("selector") or {}, service["metadata"].get("labels"))


def _job(monitor: Object, service: Object) -> str:
    labels = service["metadata"].get("labels") or {}
    return str(labels.get(monitor["spec"].get("jobLabel", ""), service["metadata"]["name"]))

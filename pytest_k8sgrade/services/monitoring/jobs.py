"""Why Prometheus has no target of a job: which object should make it, and what is wrong there.

The operator's rules give the job: the label of the Service or pod that `jobLabel` names, else the
name of the Service or of the PodMonitor; a Probe or ScrapeConfig names it. `targets.judge` asks
this for a job without targets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from pytest_k8sgrade.outcome import Absent, CannotTell, Reason, Unmet, hopeless
from pytest_k8sgrade.services.diagnosis import if_readable
from pytest_k8sgrade.services.monitoring import monitors, pod_monitors, sources
from pytest_k8sgrade.services.monitoring.explaining import explain_no_target
from pytest_k8sgrade.services.monitoring.operated import API_VERSION, operated

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
    found = cluster.list(API_VERSION, sources.SERVICE_MONITOR)
    resource = if_readable(lambda: operated(cluster, "Prometheus", monitoring, prometheus))
    left = {_key(one): sources.not_taken(cluster, resource, one) for one in found}
    giving = [one for one in sources.others(cluster) if job in _jobs(cluster, one, resource)]
    if giving:
        _explain_source(cluster, giving[0], (monitoring, prometheus), resource)
    if resource is not None and found and all(one is not None and one.by == "label" for one in left.values()):
        asked = next(one.asked for one in left.values() if one is not None)
        _selects_nothing(resource, asked, job, monitoring, found)
    for monitor in sorted(found, key=_key):
        if job in _jobs(cluster, monitor, resource):
            _explain_source(cluster, monitor, (monitoring, prometheus), resource)
    reason = "job-without-monitor" if found else "job-without-targets"
    raise Unmet(Reason(reason, {"job": job, "monitoring": monitoring}), seen=0, wanted=1)


def _explain_source(
    cluster: Cluster, item: Object, where: tuple[str, str], resource: Object | None
) -> NoReturn:
    monitoring, prometheus = where
    if sources.not_taken(cluster, resource, item) is not None:
        sources.explain_not_loaded(cluster, item, monitoring, prometheus)
    explain_no_target(cluster, item, 0, monitoring, resource)


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


def _jobs(cluster: Cluster, item: Object, resource: Object | None) -> set[str]:
    """The jobs that an object gives to what it selects, as the operator names them."""
    spec, own = item["spec"], f"{item['metadata']['namespace']}/{item['metadata']['name']}"
    if item["kind"] == sources.SERVICE_MONITOR:
        services = if_readable(lambda: monitors.services(cluster, item, resource)) or []
        chosen = [one["metadata"] for one in services if monitors.selected(item, one)]
        return {str((one.get("labels") or {}).get(spec.get("jobLabel", "")) or one["name"]) for one in chosen}
    if item["kind"] == sources.POD_MONITOR:
        return {own, *_labelled(cluster, item, resource)}
    return {str(spec.get("jobName") or sources.pools(item)[0])}


def _labelled(cluster: Cluster, monitor: Object, resource: Object | None) -> set[str]:
    """The jobs that a label of the pods gives, which `jobLabel` names."""
    label = monitor["spec"].get("jobLabel")
    pods = if_readable(lambda: pod_monitors.watched_pods(cluster, monitor, resource)) if label else None
    labels = [
        pod["metadata"].get("labels") or {} for pod in pods or [] if pod_monitors.selected(monitor, pod)
    ]
    return {str(one[label]) for one in labels if one.get(label)}

"""What Prometheus scrapes of an application, by its ServiceMonitor or, where that may be, in any other way.

What is scraped is told by Prometheus' own targets, whatever made them; objects are
only read to explain why there are none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlsplit

from pytest_k8sgrade.kube.rollout import living, pod_ready
from pytest_k8sgrade.outcome import Absent, Unmet
from pytest_k8sgrade.services.diagnosis import if_readable, if_recorded
from pytest_k8sgrade.services.monitoring import monitors, pod_monitors, sources
from pytest_k8sgrade.services.monitoring.explaining import explain_no_target, static_hosts
from pytest_k8sgrade.services.monitoring.operated import API_VERSION, operated
from pytest_k8sgrade.services.monitoring.prometheus import Prometheus
from pytest_k8sgrade.services.monitoring.targets import Target, active

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster

Object = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """A ServiceMonitor, its Prometheus, and the Service of the application whose pods count in any way."""

    name: str
    namespace: str
    monitoring: str
    prometheus: str = ""
    application: str = ""


@dataclass(frozen=True, slots=True)
class Application:
    """A Service and its pods; without a Service there is nothing to be scraped."""

    service: Object | None = None
    pods: Sequence[Object] = ()

    @classmethod
    def read(cls, cluster: Cluster, name: str, namespace: str) -> Application:
        """What is there of it; nothing where the evidence is older than the question."""
        service = if_recorded(lambda: cluster.find("v1", "Service", name, namespace), None) if name else None
        selector = (service or {}).get("spec", {}).get("selector")
        if service is None or not selector:
            return cls(service)
        return cls(
            service,
            living(if_recorded(lambda: cluster.list("v1", "Pod", namespace, labels=selector), [])),
        )

    def has(self, target: Target) -> bool:
        """Whether a target is one of the pods, or the Service as a whole."""
        host = urlsplit(target.url).hostname or ""
        if target.pod is not None:
            return target.pod in {_id(pod) for pod in self.pods}
        return host in self._hosts()

    def pod_of(self, target: Target) -> tuple[str, str] | str:
        """Namespace and name of the pod that is scraped; the host where it is none of these pods."""
        host = urlsplit(target.url).hostname or ""
        found = (_id(pod) for pod in self.pods if host in {one["ip"] for one in _addresses(pod)})
        return target.pod or next(found, host)

    def is_meant_by(self, item: Object) -> bool:
        """Whether a selector that does not just select everything fits it, or a static address names it."""
        if item["kind"] == sources.SCRAPE_CONFIG:
            return bool(static_hosts(item) & self._hosts())
        if not item["spec"].get("selector") or self.service is None:
            return False
        if item["kind"] == sources.SERVICE_MONITOR:
            return monitors.selected(item, self.service)
        return item["kind"] == sources.POD_MONITOR and any(
            pod_monitors.selected(item, pod) for pod in self.pods
        )

    def _hosts(self) -> set[str]:
        """The addresses of the pods, and those and the names of the Service."""
        found = {str(one["ip"]) for pod in self.pods for one in _addresses(pod)}
        if self.service is not None:
            metadata, spec = self.service["metadata"], self.service["spec"]
            name = f"{metadata['name']}.{metadata['namespace']}"
            found |= {name, f"{name}.svc", f"{name}.svc.cluster.local"}
            found |= {spec.get("clusterIP"), *(spec.get("clusterIPs") or [])} - {None, "", "None"}
        return found

    def without_target(self, targets: Sequence[Target]) -> list[str]:
        """The ready pods that none of the targets is."""
        scraped = {self.pod_of(target) for target in targets}
        return [
            f"{_id(pod)[0]}/{_id(pod)[1]}" for pod in self.pods if pod_ready(pod) and _id(pod) not in scraped
        ]


@dataclass(frozen=True, slots=True)
class Scraped:
    """The targets, and the ready pods that Prometheus does not scrape although it scrapes the application."""

    targets: Sequence[Target]
    missing: Sequence[str] = ()

    @property
    def pods(self) -> set[tuple[str, str] | str]:
        """What is scraped, each pod once whatever its endpoints are."""
        return {target.pod or urlsplit(target.url).hostname or "" for target in self.targets}


def _id(item: Object) -> tuple[str, str]:
    return item["metadata"]["namespace"], item["metadata"]["name"]


def _addresses(pod: Object) -> Sequence[Object]:
    """The pod's own addresses; one in the node's network shares them with everything there."""
    status = pod.get("status") or {}
    own = [] if (pod.get("spec") or {}).get("hostNetwork") else status.get("podIPs")
    return own or []


def scraped(cluster: Cluster, asked: Asked, enough: Callable[[list[Target]], bool]) -> Scraped:
    """What the monitor leads to; where that is not enough and any way counts, what others do as well.

    Raises why there is nothing.
    """
    why, own = None, list[Target]()
    try:
        own = _of_monitor(cluster, asked)
    except Unmet as finding:
        why = finding
        if not asked.application:
            raise
    if not asked.application or (own and enough(own)):
        return Scraped(own)
    application = Application.read(cluster, asked.application, asked.namespace)
    found = _completed(application, own, _others(cluster, asked, application, why))
    if why is not None and not found:
        _explain(cluster, asked, application, why)
    return Scraped(found, [] if own else application.without_target(found))


def _others(cluster: Cluster, asked: Asked, application: Application, why: Unmet | None) -> list[Target]:
    """The targets of an application, however they were found; final where Prometheus has none."""
    prometheus = if_readable(lambda: Prometheus.of(cluster, asked.monitoring, asked.prometheus))
    if prometheus is None:
        if why is not None:
            raise why
        return []
    found = [one for one in if_recorded(lambda: active(prometheus), list[Target]()) if application.has(one)]
    if not found and why is not None:
        if_recorded(prometheus.settled, None)
    return found


def _completed(application: Application, own: list[Target], others: list[Target]) -> list[Target]:
    """The own targets with others, of a pod that gives its metrics to one of these only that one."""
    up = [one for one in others if one.health == "up"]
    given = {application.pod_of(one) for one in up}
    found = [one for one in own if one.health == "up" or application.pod_of(one) not in given]
    for more in (up, others):
        known = {application.pod_of(one) for one in found}
        found += [one for one in more if application.pod_of(one) not in known]
    return found


def _of_monitor(cluster: Cluster, asked: Asked) -> list[Target]:
    """The active targets of the ServiceMonitor; explains why there are none."""
    monitor = monitors.get(cluster, asked.name, asked.namespace)
    prometheus = Prometheus.of(cluster, asked.monitoring, asked.prometheus)
    found, dropped = _in_pools(prometheus, monitor)
    if not found:
        prometheus.settled()
        _explain_source(cluster, asked, monitor, dropped)
    return found


def _in_pools(prometheus: Prometheus, item: Object) -> tuple[list[Target], dict[str, int]]:
    """The active targets in the scrape pools of an object, and how many each loaded pool has dropped."""
    found, dropped = list[Target](), dict[str, int]()
    for pool in sources.pools(item):
        answer = prometheus.targets(state="any", pool=pool)
        found += [target for target in active(answer) if target.pool == pool]
        counts = answer.get("droppedTargetCounts") or {}
        dropped |= {key: count for key, count in counts.items() if key == pool}
    return found, dropped


def _explain_source(cluster: Cluster, asked: Asked, item: Object, dropped: Mapping[str, int]) -> NoReturn:
    sources.require_endpoints(item)
    if not dropped:
        sources.explain_not_loaded(cluster, item, asked.monitoring, asked.prometheus)
    resource = if_readable(lambda: operated(cluster, "Prometheus", asked.monitoring, asked.prometheus))
    explain_no_target(cluster, item, sum(dropped.values()), asked.monitoring, resource)


def _explain(cluster: Cluster, asked: Asked, application: Application, why: Unmet) -> NoReturn:
    """Where there is no such ServiceMonitor, another object that is meant for the application tells more."""
    for item in _meant(cluster, asked, application) if isinstance(why, Absent) else []:
        prometheus = Prometheus.of(cluster, asked.monitoring, asked.prometheus)
        targets, dropped = if_readable(lambda: _in_pools(prometheus, item)) or ([], {})  # noqa: B023 - called at once
        if not targets:
            _explain_source(cluster, asked, item, dropped)
    raise why


def _meant(cluster: Cluster, asked: Asked, application: Application) -> list[Object]:
    """The objects that have the name that was asked for, or select the application; the former first.

    A ServiceMonitor of that name in another namespace is told as such already.
    """
    listed = if_readable(lambda: cluster.list(API_VERSION, sources.SERVICE_MONITOR)) or []
    named_otherwise = [one for one in listed if one["metadata"]["name"] != asked.name]
    found = [one for one in [*sources.others(cluster), *named_otherwise] if application.is_meant_by(one)]
    namesakes = [one for one in sources.others(cluster) if _id(one) == (asked.namespace, asked.name)]
    return [*(one for one in namesakes if one["kind"] != sources.PROBE), *found]

"""What Cluster Autoscaler says and does: its status, its events about pods, and what holds nodes.

The program itself may be out of sight, in a provider's control plane; its ConfigMap
and its events are what all variants share. The ConfigMap outlives the program, so its
age is looked at first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NoReturn

from pytest_k8sgrade.cluster.plain_yaml import load_plain
from pytest_k8sgrade.kube.conditions import condition
from pytest_k8sgrade.kube.duration import format_duration, parse_duration
from pytest_k8sgrade.kube.node_groups import AutoscalerStatus, from_document, from_text, moment
from pytest_k8sgrade.kube.times import parse_time
from pytest_k8sgrade.outcome import absent, cannot_tell, too_early, unmet
from pytest_k8sgrade.services.diagnosis import if_readable

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster

Object = Mapping[str, Any]

DELAY = "cluster-autoscaler.kubernetes.io/pod-scale-up-delay"
UPDATED = "cluster-autoscaler.kubernetes.io/last-updated"
LEASE = "cluster-autoscaler"
TRIGGERED, REFUSED = "TriggeredScaleUp", "NotTriggerScaleUp"
STARTING = timedelta(minutes=10)
"""What the first loop may take until the caches of a cloud provider are filled."""
NODE_COMES = timedelta(minutes=15)
"""The autoscaler's own limit for a node that it has asked for."""
FIRST_LOOK = timedelta(minutes=2)
"""It looks every 10 seconds, and a new pod may wait until the scheduler has tried again."""
EVENTS_LAST = timedelta(hours=1)
"""How long an API server keeps events unless told otherwise."""
EXPENDABLE_BELOW = -10
"""The default of --expendable-pods-priority-cutoff since 1.12."""
_LOCAL = frozenset({"", "kind", "k3s", "minikube", "docker"})
"""Providers that cannot add a machine; no provider at all is bare metal or minikube."""


@dataclass(frozen=True, slots=True)
class Where:
    """The ConfigMap with the status."""

    namespace: str
    name: str

    @property
    def params(self) -> dict[str, Any]:
        """For messages."""
        return {"namespace": self.namespace, "configmap": self.name}


def read(cluster: Cluster, where: Where) -> AutoscalerStatus:
    """The status, its time taken from the annotation where there is one."""
    item = cluster.find("v1", "ConfigMap", where.name, where.namespace)
    if item is None:
        require_cloud(cluster)
        absent("ca-status-absent", wanted=where.name, **where.params)
    try:
        status = _parsed(str((item.get("data") or {}).get("status", "")))
    except ValueError:
        cannot_tell(
            "ca-status-unreadable", seen=sorted(item.get("data") or {}), wanted="status", **where.params
        )
    annotated = moment((item["metadata"].get("annotations") or {}).get(UPDATED))
    return AutoscalerStatus(status.state, annotated or status.written, status.cluster, status.groups)


def _parsed(text: str) -> AutoscalerStatus:
    try:
        return from_text(text)
    except ValueError:
        return from_document(load_plain(text))


def require_cloud(cluster: Cluster) -> None:
    """CannotTell where no provider could add a machine: the task cannot be done there."""
    nodes = if_readable(lambda: cluster.list("v1", "Node")) or []
    providers = {str(node["spec"].get("providerID") or "").partition("://")[0] for node in nodes}
    if nodes and providers <= _LOCAL:
        cannot_tell("ca-no-cloud", seen=sorted(providers), provider=max(providers) or "-")


def require_running(cluster: Cluster, where: Where, status: AutoscalerStatus, limit: timedelta) -> None:
    """Unmet unless the status is of now and the autoscaler has started."""
    if status.written is None:
        unmet("ca-status-undated", seen=None, wanted=UPDATED, **where.params)
    age = cluster.now - status.written
    if age > limit:
        renewed = if_readable(lambda: _renewed(cluster, where.namespace))
        stopped = renewed is not None and cluster.now - renewed > limit
        reason = "ca-stopped" if stopped else "ca-status-stale"
        params = {
            **where.params,
            "age": format_duration(age),
            "limit": format_duration(limit),
            "lease": LEASE,
        }
        unmet(reason, seen=status.written.isoformat(), wanted=f"< {format_duration(limit)}", **params)
    if status.state != "Running":
        started = if_readable(lambda: _acquired(cluster, where.namespace))
        early = status.state == "Initializing" and started is not None and cluster.now - started < STARTING
        say = too_early if early else unmet
        say("ca-not-running", seen=status.state, wanted="Running", state=status.state or "-", **where.params)


def _renewed(cluster: Cluster, namespace: str) -> datetime | None:
    lease = cluster.get("coordination.k8s.io/v1", "Lease", LEASE, namespace)
    return parse_time((lease.get("spec") or {}).get("renewTime"))


def _acquired(cluster: Cluster, namespace: str) -> datetime | None:
    lease = cluster.get("coordination.k8s.io/v1", "Lease", LEASE, namespace)
    return parse_time((lease.get("spec") or {}).get("acquireTime"))


@dataclass(frozen=True, slots=True)
class PodEvent:
    """A word of the autoscaler about a pod."""

    pod: str
    reason: str
    at: datetime | None


def pod_events(cluster: Cluster, namespace: str) -> list[PodEvent]:
    """What the autoscaler has said about the pods of a namespace."""
    return [
        PodEvent(involved.get("name", ""), event["reason"], _moment(event))
        for event in cluster.list("v1", "Event", namespace)
        if event.get("reason") in (TRIGGERED, REFUSED)
        and (involved := event.get("involvedObject") or {}).get("kind") == "Pod"
    ]


def last_about(events: Sequence[PodEvent], pod: str) -> PodEvent | None:
    """The last of the events about a pod; one without a time counts as the oldest."""
    own = [event for event in reversed(events) if event.pod == pod]
    oldest = datetime.min.replace(tzinfo=UTC)
    return max(own, key=lambda event: event.at or oldest, default=None)


def _moment(event: Object) -> datetime | None:
    series = (event.get("series") or {}).get("lastObservedTime")
    stamps = (series, event.get("lastTimestamp"), event.get("eventTime"), event.get("firstTimestamp"))
    return next((at for stamp in stamps if (at := parse_time(stamp)) is not None), None)


def unschedulable(pod: Object) -> bool:
    """Whether the scheduler finds no node for a pod that is to stay, which is what the autoscaler acts on."""
    if (pod.get("status") or {}).get("phase") != "Pending" or pod["metadata"].get("deletionTimestamp"):
        return False
    said = condition(pod, "PodScheduled")
    return said is not None and said.status == "False" and said.reason == "Unschedulable"


def preempting(pod: Object) -> bool:
    """Whether the scheduler makes room for a pod by ending others: then no node is added for it."""
    return bool((pod.get("status") or {}).get("nominatedNodeName"))


def unschedulable_since(pod: Object) -> datetime | None:
    """Since when a pod has waited for a node."""
    said = condition(pod, "PodScheduled")
    return said.since if said is not None else None


def expendable(pod: Object) -> bool:
    """Whether a pod is of so little priority that no node is added or kept for it."""
    priority = (pod.get("spec") or {}).get("priority")
    return priority is not None and priority < EXPENDABLE_BELOW


def explain_pending(cluster: Cluster, where: Where, pod: Object, event: PodEvent | None) -> NoReturn:
    """Say why a pod still waits for a node."""
    metadata = pod["metadata"]
    status = if_readable(lambda: read(cluster, where))
    groups = status.groups if status is not None else ()
    full = [area.name for area in groups if area.full]
    backoff = [area for area in groups if area.scale_up == "Backoff"]
    params = {
        "pod": _full_name(pod),
        "namespace": metadata.get("namespace", ""),
        "name": metadata["name"],
        "groups": full or [area.name for area in backoff],
        "code": [area.error_code for area in backoff if area.error_code],
    }
    seen = event.reason if event is not None else None
    if backoff:
        unmet("ca-backoff", seen=seen, wanted="scheduled", **params)
    if event is None:
        since = unschedulable_since(pod)
        early = since is not None and cluster.now - since < FIRST_LOOK + _delay(pod)
        say = too_early if early else unmet
        say("ca-pod-not-seen", seen=seen, wanted=TRIGGERED, **params)
    if event.reason == REFUSED:
        whole = bool(groups) and len(full) == len(groups)
        unmet("ca-group-full" if whole else "ca-not-triggered", seen=seen, wanted=TRIGGERED, **params)
    fresh = event.at is not None and cluster.now - event.at < NODE_COMES
    say = too_early if fresh else unmet
    say("ca-node-awaited", seen=seen, wanted="scheduled", **params)


def _delay(pod: Object) -> timedelta:
    """For how long the pod itself asks to be passed over."""
    asked = (pod["metadata"].get("annotations") or {}).get(DELAY)
    try:
        return timedelta(seconds=parse_duration(asked)) if asked else timedelta()
    except ValueError:
        return timedelta()


def explain_never(cluster: Cluster, where: Where, namespace: str, waiting: Sequence[Object]) -> NoReturn:
    """Say why no event tells of a node: nobody needed one, nobody gets one, or it is too long ago.

    `waiting` are the expendable pods that find no node.
    """
    if waiting:
        pod = waiting[0]
        own = {"pod": _full_name(pod), "namespace": namespace, "name": pod["metadata"]["name"]}
        numbers = {"priority": pod["spec"]["priority"], "cutoff": EXPENDABLE_BELOW}
        unmet("ca-pod-expendable", seen=numbers["priority"], wanted=EXPENDABLE_BELOW, **numbers, **own)
    trace = if_readable(lambda: _came_after(cluster, namespace)) or if_readable(
        lambda: _was_busy(cluster, where, namespace)
    )
    if trace:
        cannot_tell("ca-events-expired", seen=trace, wanted=TRIGGERED, namespace=namespace, trace=trace)
    unmet("ca-never-scaled-up", seen=0, wanted=TRIGGERED, namespace=namespace)


def _full_name(pod: Object) -> str:
    return f"{pod['metadata'].get('namespace', '')}/{pod['metadata']['name']}"


def _forgotten(cluster: Cluster, at: datetime | None) -> bool:
    """Whether events about a node of that time may have expired."""
    return at is not None and cluster.now - at > EVENTS_LAST - NODE_COMES


def _created(item: Object) -> datetime | None:
    return parse_time(item["metadata"].get("creationTimestamp"))


def _came_after(cluster: Cluster, namespace: str) -> str:
    """A node that came after the pod which runs on it: something has added it."""
    nodes = {str(node["metadata"]["name"]): _created(node) for node in cluster.list("v1", "Node")}
    for pod in cluster.list("v1", "Pod", namespace):
        name, made = str((pod.get("spec") or {}).get("nodeName", "")), _created(pod)
        came = nodes.get(name)
        if made is not None and came is not None and made < came and _forgotten(cluster, came):
            return f"{_full_name(pod)} -> {name}"
    return ""


def _was_busy(cluster: Cluster, where: Where, namespace: str) -> str:
    """The end of an addition since the namespace exists; a start of the autoscaler stamps health as well."""
    whole, made = read(cluster, where).cluster, _created(cluster.get("v1", "Namespace", namespace))
    ended = whole.scale_up_since
    own = ended is not None and made is not None and ended > made and ended != whole.health_since
    return f"scaleUp {ended.isoformat()}" if own and ended is not None and _forgotten(cluster, ended) else ""

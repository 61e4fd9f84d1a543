"""Whether log records are collected, delivered and stored, and where their way ends.

The collector's DaemonSet, its counters and Elasticsearch are asked one after the
other, because each may be healthy while the next gets nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from pytest_k8sgrade.kube.placement import barrier
from pytest_k8sgrade.kube.rollout import pod_ready
from pytest_k8sgrade.kube.times import format_time
from pytest_k8sgrade.outcome import Findings, cannot_tell, hopeless, unmet
from pytest_k8sgrade.services.diagnosis import if_readable
from pytest_k8sgrade.services.logging import fluent_bit
from pytest_k8sgrade.services.logging.elasticsearch import TYPELESS, Elasticsearch, Records
from pytest_k8sgrade.services.logging.fluent_bit import Delivery
from pytest_k8sgrade.services.logging.fluent_bit_config import STORES, Section, sections
from pytest_k8sgrade.services.running import workloads
from pytest_k8sgrade.services.running.backends import ready_addresses
from pytest_k8sgrade.services.web import Web

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster

Object = Mapping[str, Any]
FIRST_FLUSH_S = 60
"""In its first minute a collector may not have delivered yet."""
_CRI = re.compile(r"\d{4}-\d\d-\d\dT\S+ (stdout|stderr) [FP]( |$)")
"""How containerd writes a line; a record that still has it was not parsed."""


def judge_nodes(cluster: Cluster, found: Findings, daemon_set: Object, nodes: Sequence[Object]) -> None:
    """Record each node as a part: met when a ready pod of the DaemonSet runs there."""
    barriers = {one["metadata"]["name"]: barrier(daemon_set, one) for one in nodes}
    missing = workloads.shortfall(cluster, daemon_set)
    allowed = {name for name, kept_out in barriers.items() if kept_out is None}
    covered = allowed if missing is None else _covered(cluster, daemon_set)
    metadata = daemon_set["metadata"]
    where = {"namespace": metadata["namespace"], "name": metadata["name"], "kind": "DaemonSet"}
    for node, kept_out in barriers.items():
        part: dict[str, Any] = {"part": f"node/{node}", "seen": node in covered, "wanted": True}
        if kept_out is not None:
            reason = "collector-node-tainted" if kept_out.kind == "taint" else "collector-node-not-chosen"
            found.require(False, reason, **part, node=node, barrier=kept_out.text, **where)
        elif missing is not None and node not in covered:
            early: dict[str, Any] = {"early": missing.early, "terminal": missing.terminal}
            found.require(False, missing.reason, **part, **early, **missing.params)
        else:
            found.require(True, "collector-node-tainted", **part)


def _covered(cluster: Cluster, daemon_set: Object) -> set[str]:
    pods = if_readable(lambda: workloads.selected_pods(cluster, daemon_set)) or []
    own = workloads.own_pods(daemon_set, pods)
    return {str((pod.get("spec") or {}).get("nodeName")) for pod in own if pod_ready(pod)}


def host_paths(daemon_set: Object) -> list[str]:
    """The folders of the node that a container of the template mounts."""
    spec = daemon_set["spec"]["template"].get("spec") or {}
    containers = spec.get("containers") or []
    mounts = [mount.get("name") for one in containers for mount in one.get("volumeMounts") or []]
    volumes = {one.get("name"): (one.get("hostPath") or {}).get("path") for one in spec.get("volumes") or []}
    return sorted(path for name, path in volumes.items() if path and name in mounts)


def holds(folder: str, path: str) -> bool:
    """Whether a folder is the path or one above it."""
    above = folder.rstrip("/") + "/"
    return f"{path.rstrip('/')}/".startswith(above)


def judge_delivery(found: Findings, web: Web, delivery: Delivery) -> None:
    """Record an output as a part: met when it has delivered records. One that had none to send is none."""
    if delivery.idle:
        return
    silent = delivery.errors + delivery.retries + delivery.failed == 0
    uptime = fluent_bit.uptime_s(web) if delivery.sent == 0 and silent else None
    reason = "fluentbit-delivers-nothing" if delivery.read else "fluentbit-reads-nothing"
    found.require(
        delivery.sent > 0,
        reason,
        part=f"output/{delivery.output}",
        seen=delivery.sent,
        wanted=1,
        early=uptime is not None and uptime < FIRST_FLUSH_S,
        **{**_counters(delivery), **web.where},
    )


def _counters(delivery: Delivery) -> dict[str, Any]:
    return {
        "output": delivery.output,
        "read": delivery.read,
        "sent": delivery.sent,
        "errors": delivery.errors,
        "retries": delivery.retries,
        "failed": delivery.failed,
    }


def judge_health(found: Findings, health: Object, nodes: int, where: Mapping[str, Any]) -> None:
    """Record primaries, replicas and nodes; one data node has no place for replicas, which is no fault."""
    status, alone = health.get("status"), health.get("number_of_data_nodes") == 1
    count, unassigned = health.get("number_of_nodes") or 0, health.get("unassigned_shards") or 0
    told: dict[str, Any] = {
        "status": status,
        "unassigned": unassigned,
        "nodes": count,
        "asked": nodes,
        **where,
    }
    primaries = status in ("green", "yellow")
    placed = status == "green" or (status == "yellow" and alone)
    reason = "elasticsearch-yellow" if primaries else "elasticsearch-red"
    found.require(primaries, reason, part="primaries", seen=status, wanted="green", weight=2, **told)
    found.require(placed, reason, part="replicas", seen=status, wanted="green", **told)
    if nodes > 1:
        met = primaries and count >= nodes
        found.require(met, "elasticsearch-few-nodes", part="nodes", seen=count, wanted=nodes, **told)


def settings(cluster: Cluster, namespace: str, collector: str) -> list[Section]:
    """The collector's outputs to Elasticsearch, as far as they can be read."""
    found = _configured(cluster, namespace, collector)
    return [one for one in found if one.kind == "output" and one.plugin in STORES]


def _configured(cluster: Cluster, namespace: str, collector: str) -> list[Section]:
    daemon_set = if_readable(lambda: workloads.get(cluster, "DaemonSet", collector, namespace))
    return (sections(cluster, daemon_set) if daemon_set is not None else None) or []


def require_telling(cluster: Cluster, web: Web, deliveries: Sequence[Delivery]) -> None:
    """CannotTell when only one of several collectors was heard, and its node may have none of the logs."""
    if any(one.read for one in deliveries):
        return
    configured = _configured(cluster, web.namespace, web.service)
    inputs = [one for one in configured if one.kind == "input" and one.plugin == "tail"]
    service = if_readable(lambda: cluster.get("v1", "Service", web.service, web.namespace))
    ready = if_readable(lambda: ready_addresses(cluster, service)) if service is not None else None
    if inputs and all(one.chooses for one in inputs) and ready is not None and len(ready) > 1:
        paths = [one.settings.get("path", "") for one in inputs]
        cannot_tell("fluentbit-one-of-several", seen=0, wanted=1, pods=len(ready), paths=paths, **web.where)


def pattern(outputs: Sequence[Section]) -> str:
    """The indices that the outputs write to; without any the usual name."""
    return ",".join(sorted({output.index for output in outputs})) or "logstash-*"


def explain_empty(
    cluster: Cluster,
    asked: Elasticsearch,
    outputs: Sequence[Section],
    index: str,
    counted: tuple[int, int, str],
) -> NoReturn:
    """Tell why nothing is in the indices: refused, not delivered, or under another name."""
    found, wanted, collector = counted
    told: dict[str, Any] = {"index": index, "found": found, "asked": wanted, **asked.web.where}
    store, version = if_readable(asked.version) or ("Elasticsearch", 0)
    typed = [one.settings.get("match", "*") for one in outputs if not one.on("suppress_type_name")]
    if version >= TYPELESS[store] and typed:
        known: dict[str, Any] = {"store": store, "version": version, "outputs": typed}
        hopeless("fluentbit-type-name", seen=found, wanted=wanted, **known, **told)
    for delivery in if_readable(lambda: _stuck(cluster, asked.web.namespace, collector)) or []:
        counters = {**told, **_counters(delivery)}
        unmet("fluentbit-delivers-nothing", seen=found, wanted=wanted, **counters)
    others = if_readable(asked.others) or []
    reason = "index-named-otherwise" if others else "index-without-records"
    unmet(reason, seen=others or found, wanted=wanted, others=others, **told)


def _stuck(cluster: Cluster, namespace: str, collector: str) -> list[Delivery]:
    web = Web(cluster, collector, namespace, fluent_bit.PORT)
    return [one for one in fluent_bit.deliveries(web, *STORES) or [] if one.read and not one.sent]


def explain_stale(
    cluster: Cluster, asked: Elasticsearch, records: Records, index: str, fresh: str
) -> NoReturn:
    """Tell why no new record comes: the index is blocked, or the way to it has stopped."""
    newest = format_time(records.at) if records.at is not None else None
    told: dict[str, Any] = {"index": index, "count": records.total, "newest": newest, **asked.web.where}
    blocked = if_readable(lambda: asked.blocked(index)) or {}
    if blocked:
        hopeless("index-blocked", seen=blocked, wanted={}, blocked=blocked, **told)
    if newest is None:
        unmet("index-without-timestamp", seen=None, wanted="@timestamp", **told)
    unmet("index-stale", seen=newest, wanted=fresh, fresh=fresh, now=format_time(cluster.now), **told)


def judge_fields(found: Findings, records: Records, fields: Sequence[str], where: Mapping[str, Any]) -> None:
    """Record that there are records, and each field that the newest of them carry."""
    newest = list(records.newest)
    none: dict[str, Any] = {"seen": records.total, "wanted": 1, "found": 0, "asked": 1, "others": []}
    found.require(bool(newest), "index-without-records", part="records", **none, **where)
    raw = any(_CRI.match(str(one.get("log") or "")) for one in newest)
    for field in fields:
        met = any(value not in (None, "") for one in newest for value in _values(one, field))
        reason = "log-not-parsed" if raw else "log-field-absent"
        told: dict[str, Any] = {"field": field, "has": sorted(newest[0]) if newest else [], **where}
        found.require(met, reason, part=f"field/{field}", seen=met, wanted=True, **told)


def _values(record: Object, field: str) -> Iterator[Any]:
    """The values of a dotted field, nested or written flat."""
    if field in record:
        yield record[field]
    head, _, rest = field.partition(".")
    if rest and isinstance(record.get(head), Mapping):
        yield from _values(record[head], rest)

"""The logging lab in memory: Fluent Bit, Elasticsearch and Kibana, and what can go wrong with them.

A stand-in: none of the three runs here. Their answers are those of the documented interfaces
(Fluent Bit's monitoring API v1, Elasticsearch 8's REST API, Kibana 8's status and data views).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from tests.packs.stack import Stack, deployment, fresh, pod, service
from tests.unit.checks.api import Answer
from tests.unit.checks.objects import Object, item, namespace

SPACE: Final = "logging"
NODES: Final = ("control-plane", "worker-1", "worker-2")
CONFIG: Final = """\
[SERVICE]
    HTTP_Server On
    HTTP_Port   2020
[INPUT]
    Name tail
    Path /var/log/containers/*.log
    Tag  kube.*
    multiline.parser docker, cri
[FILTER]
    Name  kubernetes
    Match kube.*
[OUTPUT]
    Name  es
    Match kube.*
    Host  elasticsearch
    Logstash_Format On
    Suppress_Type_Name On
"""
FRESH: Final = "2026-03-02T09:59:40.000Z"
OLD: Final = "2026-03-02T07:12:00.000Z"
SEARCH: Final = "/logstash-*/_search"
KUBERNETES: Final = {
    "pod_name": "web-abc-1",
    "namespace_name": "shop",
    "container_name": "web",
    "host": "worker-1",
}


def reference() -> Stack:
    """All of it works."""
    stack = fresh()
    stack.objects += [
        namespace(SPACE),
        item("v1", "ConfigMap", "fluent-bit", SPACE, data={"fluent-bit.conf": CONFIG}),
        collector(),
        *(pod(f"fluent-bit-{on}", SPACE, "fluent-bit", DAEMON_SET, on) for on in NODES),
        *service("fluent-bit", SPACE, http=2020),
        *deployment("elasticsearch", SPACE),
        *service("elasticsearch", SPACE, http=9200),
        *deployment("kibana", SPACE),
        *service("kibana", SPACE, http=5601),
    ]
    stack.answer("fluent-bit", {"/api/v1/metrics": counters(), "/api/v1/uptime": (200, {"uptime_sec": 7200})})
    stack.answer(
        "elasticsearch",
        {
            "/": (200, {"name": "es-0", "version": {"number": "8.19.4"}, "tagline": "You Know, for Search"}),
            "/_cluster/health": health("yellow", data_nodes=1, unassigned=1),
            SEARCH: hits(record()),
            "/logstash-*/_settings/index.blocks.*": (200, {}),
            "/_cat/indices": (200, [{"index": "logstash-2026.03.02", "docs.count": "5120"}]),
        },
    )
    views = [{"id": "1", "title": "logstash-*", "name": "logs"}]
    stack.answer(
        "kibana", {"/api/status": kibana("available"), "/api/data_views": (200, {"data_view": views})}
    )
    return stack


DAEMON_SET: Final = {"kind": "DaemonSet", "name": "fluent-bit"}


def collector() -> Object:
    """Fluent Bit's DaemonSet on all three nodes."""
    labels = {"app": "fluent-bit"}
    template = {
        "tolerations": [{"operator": "Exists"}],
        "containers": [
            {
                "name": "fluent-bit",
                "image": "fluent/fluent-bit:2.0",
                "volumeMounts": [{"name": "varlog", "mountPath": "/var/log"}],
            }
        ],
        "volumes": [
            {"name": "varlog", "hostPath": {"path": "/var/log"}},
            {"name": "config", "configMap": {"name": "fluent-bit"}},
        ],
    }
    spec = {
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": template},
    }
    scheduled = ("desiredNumberScheduled", "currentNumberScheduled", "updatedNumberScheduled", "numberReady")
    status = {"observedGeneration": 1, **dict.fromkeys((*scheduled, "numberAvailable"), 3)}
    meta = {"generation": 1}
    return item("apps/v1", "DaemonSet", "fluent-bit", SPACE, meta=meta, spec=spec, status=status)


def counters(read: int = 5200, **output: int) -> Answer:
    """Fluent Bit's counters."""
    sent = {"proc_records": 5120, "proc_bytes": 1900000, "errors": 0, "retries": 0, "retries_failed": 0}
    return 200, {
        "input": {"tail.0": {"records": read, "bytes": 350 * read}},
        "output": {"es.0": sent | output},
    }


def health(status: str, *, data_nodes: int, unassigned: int) -> Answer:
    """Elasticsearch's health."""
    nodes = {"number_of_nodes": data_nodes, "number_of_data_nodes": data_nodes}
    return 200, {"cluster_name": "elasticsearch", "status": status, "unassigned_shards": unassigned, **nodes}


def record(at: str = FRESH, **fields: Any) -> Object:
    """A log record with what Fluent Bit adds to it."""
    return {"@timestamp": at, "log": "GET / 200", "stream": "stdout", "kubernetes": KUBERNETES, **fields}


def hits(*records: Object, total: int = 5120) -> Answer:
    """A search's answer."""
    found = [{"_index": "logstash-2026.03.02", "_source": one} for one in records]
    return 200, {"hits": {"total": {"value": total if found else 0, "relation": "eq"}, "hits": found}}


def kibana(level: str) -> Answer:
    """Kibana's status."""
    return (200 if level == "available" else 503), {"status": {"overall": {"level": level}}}


def _template(stack: Stack) -> Object:
    found = stack.get("DaemonSet", "fluent-bit")["spec"]["template"]["spec"]
    assert isinstance(found, dict)
    return found


def _off_nodes(stack: Stack, *names: str) -> None:
    """The DaemonSet is not wanted on these nodes."""
    stack.objects = [one for one in stack.objects if one["metadata"]["name"] not in names]
    status = stack.get("DaemonSet", "fluent-bit")["status"]
    status.update({key: 3 - len(names) for key in status if key != "observedGeneration"})


def _stale(stack: Stack, **output: int) -> None:
    """Nothing new has come for hours."""
    stack.answer("elasticsearch", {SEARCH: hits(record(OLD))})
    if output:
        stack.answer("fluent-bit", {"/api/v1/metrics": counters(**output)})


def collector_absent(stack: Stack) -> None:
    """The DaemonSet was deleted."""
    stack.objects = [one for one in stack.objects if one["kind"] != "DaemonSet" and not _is_pod(one)]
    stack.nowhere("fluent-bit")
    _stale(stack)


def _is_pod(one: Object) -> bool:
    return bool(one["kind"] == "Pod" and one["metadata"]["labels"]["app"] == "fluent-bit")


def control_plane_not_tolerated(stack: Stack) -> None:
    """The toleration is missing."""
    _template(stack)["tolerations"] = []
    _off_nodes(stack, "fluent-bit-control-plane")


def collector_chooses_nodes(stack: Stack) -> None:
    """A nodeSelector that one node meets."""
    _template(stack)["nodeSelector"] = {"kubernetes.io/hostname": "worker-1"}
    _off_nodes(stack, "fluent-bit-control-plane", "fluent-bit-worker-2")


def collector_image_missing(stack: Stack) -> None:
    """The image cannot be pulled."""
    stack.unready("fluent-bit", "ImagePullBackOff")
    _stale(stack)


def varlog_not_mounted(stack: Stack) -> None:
    """The hostPath is gone, so there is nothing to read."""
    template = _template(stack)
    template["volumes"] = template["volumes"][1:]
    template["containers"][0]["volumeMounts"] = []
    stack.answer("fluent-bit", {"/api/v1/metrics": counters(0, proc_records=0, proc_bytes=0)})
    _stale(stack)


def output_wrong_host(stack: Stack) -> None:
    """Every flush fails since the start."""
    _stale(stack, proc_records=0, proc_bytes=0, retries=214, retries_failed=12)
    stack.answer("elasticsearch", {SEARCH: hits(), "/_cat/indices": (200, [])})


def output_missing(stack: Stack) -> None:
    """Only stdout is configured."""
    config = stack.get("ConfigMap", "fluent-bit")["data"]
    config["fluent-bit.conf"] = CONFIG.partition("[OUTPUT]")[0] + "[OUTPUT]\n    Name stdout\n    Match *\n"
    out = {"stdout.0": {"proc_records": 5200}}
    stack.answer(
        "fluent-bit", {"/api/v1/metrics": (200, {"input": {"tail.0": {"records": 5200}}, "output": out})}
    )
    _stale(stack)


def http_server_off(stack: Stack) -> None:
    """Records flow, but nobody can see it."""
    stack.answer("fluent-bit", {"/api/v1/metrics": (404, "404 page not found")})


def type_name_refused(stack: Stack) -> None:
    """Elasticsearch 8 refuses what Fluent Bit sends."""
    config = stack.get("ConfigMap", "fluent-bit")["data"]
    config["fluent-bit.conf"] = CONFIG.replace("    Suppress_Type_Name On\n", "")
    _stale(stack, proc_records=0, proc_bytes=0, errors=4, retries=60, retries_failed=60)
    stack.answer("elasticsearch", {SEARCH: hits(), "/_cat/indices": (200, [])})


def elasticsearch_red(stack: Stack) -> None:
    """A primary shard has no place."""
    stack.answer("elasticsearch", {"/_cluster/health": health("red", data_nodes=1, unassigned=2)})


def elasticsearch_replicas_missing(stack: Stack) -> None:
    """Three data nodes, and replicas without a place."""
    stack.answer("elasticsearch", {"/_cluster/health": health("yellow", data_nodes=3, unassigned=4)})


def elasticsearch_not_ready(stack: Stack) -> None:
    """Its pod does not start."""
    stack.unready("elasticsearch", "CrashLoopBackOff", 6)


def elasticsearch_wants_password(stack: Stack) -> None:
    """Security is on: every page is 401."""
    refused = (401, {"error": {"type": "security_exception"}, "status": 401})
    for service_name, path in list(stack.pages):
        if service_name == "elasticsearch":
            stack.answer("elasticsearch", {path: refused})


def disk_full(stack: Stack) -> None:
    """The index is blocked by the flood-stage watermark."""
    blocks = {"settings": {"index": {"blocks": {"read_only_allow_delete": "true"}}}}
    _stale(stack)
    page: dict[str, Answer] = {"/logstash-*/_settings/index.blocks.*": (200, {"logstash-2026.03.02": blocks})}
    stack.answer("elasticsearch", page)


def delivery_stopped(stack: Stack) -> None:
    """It worked until this morning."""
    _stale(stack)


def docker_parser(stack: Stack) -> None:
    """The lines of containerd arrive unparsed."""
    raw = {"@timestamp": FRESH, "log": '2026-03-02T09:59:40.000000000Z stdout F {"level":"info"}'}
    stack.answer("elasticsearch", {SEARCH: hits(raw)})


def kubernetes_filter_missing(stack: Stack) -> None:
    """Records have no origin."""
    stack.answer(
        "elasticsearch", {SEARCH: hits({"@timestamp": FRESH, "log": "GET / 200", "stream": "stdout"})}
    )


def kibana_unavailable(stack: Stack) -> None:
    """Kibana does not reach Elasticsearch."""
    stack.answer("kibana", {"/api/status": kibana("critical")})


def kibana_absent(stack: Stack) -> None:
    """Kibana was not installed."""
    stack.drop("kibana", "kibana-x", "kibana-abc-1")


def data_view_other(stack: Stack) -> None:
    """Another title."""
    views = [{"id": "1", "title": "logs-*", "name": "logs"}]
    stack.answer("kibana", {"/api/data_views": (200, {"data_view": views})})


MUTATIONS: Final[Mapping[str, Callable[[Stack], None]]] = {
    change.__name__.replace("_", "-"): change
    for change in (
        collector_absent,
        control_plane_not_tolerated,
        collector_chooses_nodes,
        collector_image_missing,
        varlog_not_mounted,
        output_wrong_host,
        output_missing,
        http_server_off,
        type_name_refused,
        elasticsearch_red,
        elasticsearch_replicas_missing,
        elasticsearch_not_ready,
        elasticsearch_wants_password,
        disk_full,
        delivery_stopped,
        docker_parser,
        kubernetes_filter_missing,
        kibana_unavailable,
        kibana_absent,
        data_view_other,
    )
}

"""The logging lab in memory: Fluent Bit, Elasticsearch and Kibana.

A stand-in: none of the three runs here. Their answers are those of the documented interfaces
(Fluent Bit's monitoring API v1, Elasticsearch 8's REST API, Kibana 8's status and data views).
"""

from __future__ import annotations

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

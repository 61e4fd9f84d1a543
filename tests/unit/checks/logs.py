"""A logging stack in memory: Fluent Bit's DaemonSet, Elasticsearch and the Services before them."""

from __future__ import annotations

from typing import Any

from tests.unit.checks.api import MemoryApi
from tests.unit.checks.objects import Object, endpoints, item, namespace

APP = {"app": "fluent-bit"}


def collector(ready: int = 2, **template: Any) -> Object:
    """Fluent Bit's DaemonSet, scheduled twice."""
    counts = {"desiredNumberScheduled": 2, "updatedNumberScheduled": 2, "numberReady": ready}
    spec = {"selector": {"matchLabels": APP}, "template": {"metadata": {"labels": APP}, "spec": template}}
    return item("apps/v1", "DaemonSet", "fluent-bit", "logging", spec=spec, status=counts)


def service(name: str, port: int) -> list[Object]:
    """A Service with an endpoint."""
    spec = {"selector": {"app": name}, "ports": [{"name": "http", "port": port}]}
    own = item("v1", "Service", name, "logging", spec=spec)
    return [own, endpoints(name, "logging", port=port)]


def api(*objects: Object, **pages: Any) -> MemoryApi:
    """The stack; keyword arguments are Elasticsearch's pages, `counters` is Fluent Bit's."""
    own = [*service("elasticsearch", 9200), *service("fluent-bit", 2020)]
    stack = MemoryApi(namespace("logging"), *own, *objects)
    stack.service("fluent-bit", {"/api/v1/metrics": pages.pop("counters", (404, ""))})
    paths = {
        "health": "/_cluster/health",
        "search": "/logstash-*/_search",
        "blocks": "/logstash-*/_settings/index.blocks.*",
        "indices": "/_cat/indices",
        "root": "/",
    }
    found = {paths[name]: page for name, page in pages.items()}
    return stack.service("elasticsearch", {"/other": (404, "")} | found)


def counters(read: int, **output: int) -> tuple[int, Any]:
    """Fluent Bit's counters with one output."""
    return 200, {
        "input": {"tail.0": {"records": read}},
        "output": {"es.0": output, "stdout.0": {"proc_records": 9}},
    }

"""What can go wrong with the logging lab in memory: each function is one mutation of its proofs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from tests.packs.logs import CONFIG, FRESH, OLD, SEARCH, counters, health, hits, kibana, record
from tests.packs.stack import Stack
from tests.unit.checks.api import Answer
from tests.unit.checks.objects import Object


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

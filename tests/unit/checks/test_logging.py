"""Logging: the collector on every node, its deliveries, the health of the store."""

from __future__ import annotations

from typing import Any

import pytest

from checks import logging
from tests.unit.checks.api import MemoryApi, look, parts, reason, share
from tests.unit.checks.logs import APP, api, collector, counters
from tests.unit.checks.objects import Object, item, waiting

WHERE = {"namespace": "logging"}
CONTROL = {"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}
ECK = "elasticsearch.k8s.elastic.co/v1"


def node(name: str, *taints: Object) -> Object:
    """A node with taints."""
    return item("v1", "Node", name, spec={"taints": list(taints)})


def collector_pod(on: str, **status: Any) -> Object:
    """One of its pods."""
    owner = [{"kind": "DaemonSet", "name": "fluent-bit", "controller": True}]
    good = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}], "containerStatuses": []}
    meta = {"labels": APP, "ownerReferences": owner}
    return item(
        "v1", "Pod", f"fluent-bit-{on}", "logging", meta=meta, spec={"nodeName": on}, status=good | status
    )


def test_every_node_counts_not_every_scheduled_pod() -> None:
    """A DaemonSet counts only nodes that it may run on; which one is missing is named."""
    nodes = [node("cp", CONTROL), node("w1"), node("w2")]
    seen = look(logging.test_collector, MemoryApi(collector(), *nodes).cluster(), **WHERE)
    assert (reason(seen), round(share(seen), 2)) == ("collector-node-tainted", 0.67)
    everywhere = collector(tolerations=[{"operator": "Exists"}])
    assert look(logging.test_collector, MemoryApi(everywhere, *nodes).cluster(), **WHERE).status == "met"
    chosen = collector(nodeSelector={"disk": "ssd"})
    assert reason(look(logging.test_collector, MemoryApi(chosen, *nodes).cluster(), **WHERE)) in (
        "collector-node-tainted",
        "collector-node-not-chosen",
    )
    assert (
        reason(look(logging.test_collector, MemoryApi(collector()).cluster(), **WHERE))
        == "collector-no-nodes"
    )


def test_a_node_without_a_ready_pod_is_not_covered() -> None:
    """That its pod may run there earns nothing."""
    objects = [collector(ready=1), node("w1"), node("w2"), collector_pod("w1")]
    stack = MemoryApi(*objects, collector_pod("w2", **waiting("ImagePullBackOff")))
    seen = look(logging.test_collector, stack.cluster(), **WHERE)
    assert (reason(seen), share(seen)) == ("container-image-missing", 0.5)
    assert parts(seen)["node/w1"] is None
    none = MemoryApi(collector(ready=0), node("w1"), node("w2"))
    assert share(look(logging.test_collector, none.cluster(), **WHERE)) == 0


def test_logs_are_mounted_from_the_node() -> None:
    """A folder above the asked one holds it; a volume that no container mounts does not count."""

    def mounts(path: str, name: str = "v") -> Any:
        volume = {"name": "v", "hostPath": {"path": path}}
        container = {"name": "fluent-bit", "volumeMounts": [{"name": name, "mountPath": "/x"}]}
        stack = MemoryApi(collector(volumes=[volume], containers=[container]))
        return look(logging.test_collector_mounts, stack.cluster(), **WHERE).status

    assert [mounts("/var/log"), mounts("/var/log/"), mounts("/var"), mounts("/")] == ["met"] * 4
    assert [mounts("/var/lo"), mounts("/var/log/pods"), mounts("/var/log", "other")] == ["unmet"] * 3


@pytest.mark.parametrize(
    ("page", "status", "expected"),
    [
        (counters(10, proc_records=9), "met", None),
        (counters(10, proc_records=0, retries=3), "unmet", "fluentbit-delivers-nothing"),
        (counters(0, proc_records=0), "unmet", "fluentbit-reads-nothing"),
        ((200, {"input": {}, "output": {}}), "unmet", "fluentbit-without-output"),
        ((200, "<html>"), "cannot-tell", "fluentbit-bad-answer"),
    ],
)
def test_counters_tell_whether_records_are_delivered(page: Any, status: str, expected: str | None) -> None:
    """Read and sent are two things; another plugin's output does not count."""
    seen = look(logging.test_forwarding, api(counters=page).cluster(), **WHERE, output="es")
    assert (seen.status, reason(seen)) == (status, expected)


def test_a_collector_in_its_first_minute_is_early() -> None:
    """Nothing sent, nothing refused, just started."""
    stack = api(counters=counters(10, proc_records=0))
    stack.service("fluent-bit", {"/api/v1/uptime": (200, {"uptime_sec": 20})})
    assert look(logging.test_forwarding, stack.cluster(), **WHERE, output="es").status == "early"
    stack.service("fluent-bit", {"/api/v1/uptime": (200, {"uptime_sec": 200})})
    assert look(logging.test_forwarding, stack.cluster(), **WHERE, output="es").status == "unmet"


@pytest.mark.parametrize(
    ("status", "data_nodes", "expected", "points"),
    [
        ("green", 3, None, 1.0),
        ("yellow", 1, None, 1.0),
        ("yellow", 3, "elasticsearch-yellow", 0.67),
        ("red", 1, "elasticsearch-red", 0.0),
        ("purple", 1, "elasticsearch-red", 0.0),
    ],
)
def test_health_is_judged_by_what_is_possible(
    status: str, data_nodes: int, expected: str | None, points: float
) -> None:
    """Yellow with one data node is whole, with several only its data are; an unknown word is no health."""
    health = {"status": status, "number_of_data_nodes": data_nodes, "number_of_nodes": data_nodes}
    seen = look(logging.test_elasticsearch, api(health=(200, health)).cluster(), **WHERE)
    assert (reason(seen), round(share(seen), 2)) == (expected, points)


def eck(**status: Any) -> Object:
    """Elastic's resource with one node."""
    spec = {"nodeSets": [{"name": "default", "count": 1}]}
    return item(
        ECK, "Elasticsearch", "elasticsearch", "logging", meta={"generation": 2}, spec=spec, status=status
    )


def secured(*objects: Object, nodes: int = 1) -> Any:
    """One look at an Elasticsearch that wants a password."""
    stack = api(*objects, health=(401, {"error": {"type": "security_exception"}, "status": 401}))
    resources = [{"name": "elasticsearches", "kind": "Elasticsearch", "namespaced": True}]
    stack.raw[f"/apis/{ECK}"] = (200, {"kind": "APIResourceList", "resources": resources})
    base = f"/apis/{ECK}/namespaces/logging/elasticsearches/elasticsearch"
    if objects:
        stack.raw[base] = (200, objects[0])
    return look(logging.test_elasticsearch, stack.cluster(), **WHERE, nodes=nodes)


@pytest.mark.parametrize(
    ("status", "outcome", "expected"),
    [
        ({"phase": "Ready", "health": "green"}, "met", None),
        ({"phase": "Ready", "health": "yellow"}, "met", None),
        ({"phase": "Ready", "health": "red"}, "unmet", "eck-unhealthy"),
        ({"phase": "Ready", "health": "unknown"}, "unmet", "eck-unhealthy"),
        ({"phase": "SomethingNew", "health": "green"}, "unmet", "eck-unhealthy"),
        ({"phase": "ApplyingChanges", "health": "green"}, "unmet", "eck-changing"),
        ({"phase": "MigratingData", "health": "yellow"}, "unmet", "eck-changing"),
        ({"phase": "Stalled", "health": "yellow"}, "hopeless", "eck-stuck"),
        ({"phase": "Invalid", "health": "unknown"}, "hopeless", "eck-stuck"),
        ({"phase": "Ready", "health": "green", "observedGeneration": 1}, "unmet", "eck-not-observed"),
        ({}, "unmet", "eck-unhealthy"),
    ],
)
def test_the_operator_speaks_for_a_secured_elasticsearch(
    status: Object, outcome: str, expected: str | None
) -> None:
    """Its resource can be read without the password; an unknown phase or health is never good."""
    seen = secured(eck(**status))
    assert (seen.status, reason(seen)) == (outcome, expected)


def test_a_password_that_cannot_be_sent_is_nobody_s_fault() -> None:
    """Without the operator's resource nothing can be said."""
    seen = secured()
    assert (seen.status, reason(seen)) == ("cannot-tell", "elasticsearch-wants-password")


def test_a_store_that_speaks_tls_is_asked_by_https() -> None:
    """The proxy cannot tell; nothing answers at all when neither way works."""
    health = {"status": "green", "number_of_data_nodes": 1}
    plain = "/api/v1/namespaces/logging/services/http:elasticsearch:9200/proxy/_cluster/health"
    refused = {"kind": "Status", "apiVersion": "v1", "reason": "ServiceUnavailable", "code": 503}
    stack = api(health=(200, health))
    stack.raw[plain] = (503, refused)
    assert look(logging.test_elasticsearch, stack.cluster(), **WHERE).status == "met"
    stack.raw[plain.replace("http:", "https:")] = (503, refused)
    assert reason(look(logging.test_elasticsearch, stack.cluster(), **WHERE)) == "service-unreachable"


def test_nodes_for_data_are_counted_and_those_asked_for_must_be_there() -> None:
    """Masters beside them have no place for replicas; a password does not hide how many there are."""
    for config in ({"node.roles": ["master"]}, {"node": {"roles": ["master"]}}, {"node.data": False}):
        masters = {"name": "m", "count": 3, "config": config}
        resource = eck(phase="Ready", health="yellow", availableNodes=4)
        resource["spec"]["nodeSets"].append(masters)
        assert secured(resource).status == "met"
        masters["config"] = {"node.roles": ["data_hot"]}
        assert reason(secured(resource)) == "eck-unhealthy"
    green = eck(phase="Ready", health="green", availableNodes=2)
    assert secured(green, nodes=2).status == "met"
    assert reason(secured(green, nodes=3)) == "elasticsearch-few-nodes"
    assert reason(secured(eck(phase="Ready", health="green"), nodes=2)) == "elasticsearch-few-nodes"


@pytest.mark.parametrize(
    "notes", [{"eck.k8s.elastic.co/managed": "false"}, {"common.k8s.elastic.co/pause": "true"}]
)
def test_health_that_nobody_keeps_is_in_doubt(notes: dict[str, str]) -> None:
    """The operator leaves an unmanaged resource as it was."""
    resource = eck(phase="Ready", health="green")
    resource["metadata"]["annotations"] = notes
    seen = secured(resource)
    assert (seen.status, reason(seen)) == ("cannot-tell", "eck-unmanaged")


@pytest.mark.parametrize(
    ("journal", "second", "expected"),
    [
        (0, {}, None),
        (0, {"errors": 1}, "fluentbit-delivers-nothing"),
        (0, {"retries": 1}, "fluentbit-delivers-nothing"),
        (5, {}, "fluentbit-delivers-nothing"),
    ],
)
def test_an_output_is_idle_where_its_input_may_be(
    journal: int, second: dict[str, int], expected: str | None
) -> None:
    """It never tried, an input has read nothing, and another of its kind delivers."""
    page: Any = counters(10, proc_records=9)
    page[1]["input"]["systemd.1"] = {"records": journal}
    page[1]["output"]["es.1"] = {"proc_records": 0, **second}
    assert reason(look(logging.test_forwarding, api(counters=page).cluster(), **WHERE)) == expected
    page[1]["output"]["es.0"]["proc_records"] = 0
    seen = look(logging.test_forwarding, api(counters=page).cluster(), **WHERE, output="es")
    assert reason(seen) == "fluentbit-delivers-nothing"

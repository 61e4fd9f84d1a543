"""Logging: the collector on every node, records on their way, in the store, and shown.

Each level is asked apart: Fluent Bit runs where it should (`collector`), mounts the
logs (`collector_mounts`), delivers (`forwarding`); Elasticsearch is healthy
(`elasticsearch`), records arrive (`indexed`) and carry their origin (`enriched`);
Kibana answers (`kibana`) and knows the indices (`data_view`). A DaemonSet that is
ready proves none of the later ones.
"""

from __future__ import annotations

from typing import Any, Literal

from pytest_k8sgrade.cluster import Cluster
from pytest_k8sgrade.kube.duration import parse_duration
from pytest_k8sgrade.kube.selectors import selects
from pytest_k8sgrade.outcome import Findings, cannot_tell, unmet
from pytest_k8sgrade.services.logging import collecting, eck, fluent_bit, kibana
from pytest_k8sgrade.services.logging.elasticsearch import Elasticsearch
from pytest_k8sgrade.services.running import workloads
from pytest_k8sgrade.services.web import Web

COLLECTOR = "fluent-bit"
FIELDS = ["kubernetes.namespace_name", "kubernetes.pod_name"]
"""What Fluent Bit's kubernetes filter adds to each record."""


def test_collector(
    cluster: Cluster,
    namespace: str,
    name: str = COLLECTOR,
    nodes: dict[str, str] = {},  # noqa: B006 - never changed
) -> None:
    """The DaemonSet {name} runs on every node."""
    daemon_set = workloads.get(cluster, "DaemonSet", name, namespace)
    listed = cluster.list("v1", "Node")
    chosen = [one for one in listed if not nodes or selects(nodes, one["metadata"].get("labels"))]
    if not chosen:
        unmet("collector-no-nodes", seen=0, wanted=1, nodes=nodes, namespace=namespace, name=name)
    found = Findings()
    collecting.judge_nodes(cluster, found, daemon_set, chosen)
    found.close()


def test_collector_mounts(
    cluster: Cluster,
    namespace: str,
    name: str = COLLECTOR,
    paths: list[str] = ["/var/log"],  # noqa: B006
) -> None:
    """The DaemonSet {name} reads the nodes' folders {paths}."""
    daemon_set = workloads.get(cluster, "DaemonSet", name, namespace)
    mounted, found = collecting.host_paths(daemon_set), Findings()
    for path in paths:
        met = any(collecting.holds(one, path) for one in mounted)
        told: dict[str, Any] = {"path": path, "found": mounted, "namespace": namespace, "name": name}
        found.require(met, "collector-path-missing", part=path, seen=mounted, wanted=path, **told)
    found.close()


def test_forwarding(cluster: Cluster, namespace: str, service: str = COLLECTOR, output: str = "") -> None:
    """Fluent Bit delivers the records that it reads."""
    web = Web(cluster, service, namespace, fluent_bit.PORT)
    deliveries = fluent_bit.deliveries(web, *([output] if output else []))
    if deliveries is None:
        cannot_tell("fluentbit-bad-answer", **web.where)
    if not deliveries:
        unmet("fluentbit-without-output", seen=[], wanted=output or "any", output=output or "-", **web.where)
    collecting.require_telling(cluster, web, deliveries)
    found = Findings()
    for delivery in deliveries:
        collecting.judge_delivery(found, web, delivery)
    found.close()


def test_elasticsearch(
    cluster: Cluster, namespace: str, service: str = "elasticsearch", nodes: int = 1
) -> None:
    """Elasticsearch is healthy."""
    asked = Elasticsearch(cluster, namespace, service)
    health = asked.health()
    if health is None:
        resource = eck.of_service(cluster, "Elasticsearch", service, namespace)
        if resource is None:
            asked.wants_password(401)
        eck.require_healthy(resource)
        eck.require_nodes(resource, nodes, asked.web.where)
        return
    found = Findings()
    collecting.judge_health(found, health, nodes, asked.web.where)
    found.close()


def test_eck(
    cluster: Cluster, namespace: str, name: str, kind: Literal["Elasticsearch", "Kibana"] = "Elasticsearch"
) -> None:
    """The operator (ECK) calls {kind} {name} healthy."""
    eck.require_healthy(eck.get(cluster, kind, name, namespace))


def test_indexed(
    cluster: Cluster,
    namespace: str,
    *,
    index: str = "",
    fresh: str = "10m",
    at_least: int = 1,
    service: str = "elasticsearch",
    collector: str = COLLECTOR,
) -> None:
    """Log records arrive in Elasticsearch."""
    asked = Elasticsearch(cluster, namespace, service)
    settings = collecting.settings(cluster, namespace, collector)
    pattern = index or collecting.pattern(settings)
    records = asked.records(pattern)
    if records.total < at_least:
        collecting.explain_empty(cluster, asked, settings, pattern, (records.total, at_least, collector))
    if records.at is None or (cluster.now - records.at).total_seconds() > parse_duration(fresh):
        collecting.explain_stale(cluster, asked, records, pattern, fresh)


def test_enriched(
    cluster: Cluster,
    namespace: str,
    *,
    index: str = "",
    fields: list[str] = FIELDS,
    service: str = "elasticsearch",
    collector: str = COLLECTOR,
) -> None:
    """The log records in Elasticsearch say where they come from."""
    asked = Elasticsearch(cluster, namespace, service)
    pattern = index or collecting.pattern(collecting.settings(cluster, namespace, collector))
    records, found = asked.records(pattern), Findings()
    collecting.judge_fields(found, records, fields, {**asked.web.where, "index": pattern})
    found.close()


def test_kibana(cluster: Cluster, namespace: str, service: str = "kibana") -> None:
    """Kibana is available."""
    web = Web(cluster, service, namespace, kibana.PORT)
    kibana.require_available(cluster, web)


def test_data_view(cluster: Cluster, namespace: str, title: str, service: str = "kibana") -> None:
    """Kibana has the data view (index pattern) {title}."""
    web = Web(cluster, service, namespace, kibana.PORT)
    titles = kibana.data_views(web)
    if title not in titles:
        unmet("kibana-data-view-absent", seen=titles, wanted=title, title=title, found=titles, **web.where)

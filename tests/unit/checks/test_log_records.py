"""Log records in Elasticsearch: new, complete, and shown in Kibana."""

from __future__ import annotations

from typing import Any

import pytest

from checks import logging
from tests.unit.checks.api import MemoryApi, look, reason, share
from tests.unit.checks.logs import api, collector, counters, service
from tests.unit.checks.objects import Object, item, namespace

WHERE = {"namespace": "logging"}
NEW = {"@timestamp": "2026-03-02T09:59:00Z", "kubernetes": {"pod_name": "web-1", "namespace_name": "shop"}}


def hits(*records: Object, total: Any = None) -> tuple[int, Any]:
    """A search's answer."""
    count = {"value": len(records), "relation": "eq"} if total is None else total
    return 200, {"hits": {"total": count, "hits": [{"_source": one} for one in records]}}


def indexed(*objects: Object, **pages: Any) -> Any:
    """One look at the records."""
    return look(logging.test_indexed, api(*objects, **pages).cluster(), **WHERE)


def test_records_must_be_new() -> None:
    """Old ones remain when new ones are refused; both forms of a total are read."""
    old = {"@timestamp": "2026-03-02T08:00:00Z"}
    assert indexed(search=hits(NEW)).status == "met"
    assert indexed(search=hits(NEW, old, total=2)).status == "met"
    assert reason(indexed(search=hits(old))) == "index-stale"
    assert reason(indexed(search=hits({"log": "x"}))) == "index-without-timestamp"
    blocks = {"logstash-1": {"settings": {"index": {"blocks": {"read_only_allow_delete": "true"}}}}}
    seen = indexed(search=hits(old), blocks=(200, blocks))
    assert (seen.status, reason(seen)) == ("hopeless", "index-blocked")
    free = {"logstash-1": {"settings": {"index": {"blocks": {"read_only_allow_delete": "false"}}}}}
    assert reason(indexed(search=hits(old), blocks=(200, free))) == "index-stale"


def test_why_nothing_is_indexed() -> None:
    """Refused by version 8, never delivered, or under another name."""
    empty: dict[str, Any] = {"search": hits()}
    rows = [{"index": "node-1", "docs.count": "7"}, {"index": ".kibana", "docs.count": "9"}]
    assert reason(indexed(**empty)) == "index-without-records"
    assert (
        reason(indexed(search=(404, {"error": {"type": "index_not_found_exception"}})))
        == "index-without-records"
    )
    named = indexed(**empty, indices=(200, rows))
    assert reason(named) == "index-named-otherwise"
    assert named.seen == ["node-1"]
    stream = {"index": ".ds-logs-web-2026.03.02-000001", "docs.count": "7"}
    assert indexed(**empty, indices=(200, [stream, rows[1]])).seen == ["logs-web"]
    assert (
        reason(indexed(**empty, counters=counters(5, proc_records=0, retries=2)))
        == "fluentbit-delivers-nothing"
    )
    assert reason(indexed(search=(503, {"error": {"type": "master_not_discovered_exception"}}))) == (
        "elasticsearch-unavailable"
    )


CLASSIC = "[OUTPUT]\n    Name es\n    Match kube.*\n    Logstash_Format On\n"
YAML = "pipeline:\n  outputs:\n  - {name: es, match: '*', logstash_format: true, suppress_type_name: true}\n"


@pytest.mark.parametrize(
    ("key", "text", "major", "expected"),
    [
        ("fluent-bit.conf", CLASSIC, "8.5.1", "fluentbit-type-name"),
        ("fluent-bit.conf", CLASSIC, "7.17.0", "index-without-records"),
        ("fluent-bit.conf", CLASSIC + "    Suppress_Type_Name On\n", "9.0.0", "index-without-records"),
        ("fluent-bit.yaml", YAML, "8.5.1", "index-without-records"),
        ("fluent-bit.yaml", YAML.replace(", suppress_type_name: true", ""), "8.5.1", "fluentbit-type-name"),
    ],
)
def test_type_names_are_refused_since_version_8(key: str, text: str, major: str, expected: str) -> None:
    """Both forms of the configuration are read."""
    config = item("v1", "ConfigMap", "config", "logging", data={key: text})
    daemon_set = collector(volumes=[{"name": "config", "configMap": {"name": "config"}}])
    seen = indexed(config, daemon_set, search=hits(), root=(200, {"version": {"number": major}}))
    assert reason(seen) == expected


def test_records_say_where_they_come_from() -> None:
    """Nested or flat; a line with the runtime's prefix was not parsed."""

    def enriched(record: Object) -> Any:
        return look(logging.test_enriched, api(search=hits(record)).cluster(), **WHERE)

    flat = {"kubernetes.pod_name": "web-1", "kubernetes.namespace_name": "shop"}
    assert [enriched(NEW).status, enriched(flat).status] == ["met", "met"]
    raw = enriched({"log": "2026-03-02T10:00:00.1Z stdout F {}"})
    assert (reason(raw), round(share(raw), 2)) == ("log-not-parsed", 0.33)
    assert reason(enriched({"log": "plain stdout F"})) == "log-field-absent"
    none = look(logging.test_enriched, api(search=hits()).cluster(), **WHERE)
    assert (reason(none), share(none)) == ("index-without-records", 0)


def kibana(pages: dict[str, Any], check: Any = logging.test_kibana, **params: Any) -> Any:
    """One look at Kibana."""
    stack = MemoryApi(namespace("logging"), *service("kibana", 5601)).service("kibana", pages)
    return look(check, stack.cluster(), **WHERE, **params)


@pytest.mark.parametrize(
    ("code", "overall", "outcome"),
    [
        (200, {"level": "available"}, "met"),
        (200, {"state": "green"}, "met"),
        (200, {"level": "degraded"}, "unmet"),
        (503, {"level": "unavailable"}, "unmet"),
        (503, {"level": "available"}, "unmet"),
        (200, {}, "unmet"),
        (401, {}, "cannot-tell"),
    ],
)
def test_kibana_says_that_it_is_available(code: int, overall: Object, outcome: str) -> None:
    """In the words of version 8 and of version 7."""
    assert kibana({"/api/status": (code, {"status": {"overall": overall}})}).status == outcome


def test_data_views_have_two_addresses() -> None:
    """They were index patterns before version 8; the title must be exact."""
    new = {"/api/data_views": (200, {"data_view": [{"title": "logstash-*"}]})}
    old = {
        "/api/data_views": (404, {}),
        "/api/saved_objects/_find": (200, {"saved_objects": [{"attributes": {"title": "logstash-*"}}]}),
    }
    for pages in (new, old):
        assert kibana(pages, logging.test_data_view, title="logstash-*").status == "met"
        assert reason(kibana(pages, logging.test_data_view, title="logstash")) == "kibana-data-view-absent"
    wrong = kibana({"/api/data_views": (200, {})}, logging.test_data_view, title="x")
    assert wrong.status == "cannot-tell"

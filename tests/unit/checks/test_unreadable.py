"""What is no answer of the system that was asked costs nobody a point: a page, half a document."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from checks import alertmanager, grafana, metrics_server
from tests.unit.checks.api import MemoryApi, look, reason
from tests.unit.checks.objects import item
from tests.unit.checks.test_alertmanager import api as with_alertmanager
from tests.unit.checks.test_grafana import api as with_grafana

GARBAGE = ["<html>sign in</html>", '{"database": "o', {}, "[]", '"ok"', "null"]
WHERE = {"namespace": "monitoring"}


@pytest.mark.parametrize("body", [*GARBAGE, {"status": "ok"}])
@pytest.mark.parametrize(
    ("page", "check", "params"),
    [
        ("health", grafana.test_reachable, {}),
        ("search", grafana.test_dashboards, {"titles": ["Nodes"]}),
        ("datasources", grafana.test_datasource, {}),
        ("datasources.proxy.uid.prometheus.api.v1.query", grafana.test_datasource, {}),
    ],
    ids=["health", "search", "data-sources", "query"],
)
def test_grafana(page: str, check: Callable[..., None], params: Any, body: Any) -> None:
    """Neither unhealthy, nor without dashboards, nor with a dead data source."""
    if page in ("search", "datasources") and body == "[]":
        return  # that is an answer
    pages: dict[str, Any] = {page: (200, body)}
    seen = look(check, with_grafana(**pages).cluster(), **WHERE, **params)
    assert (seen.status, reason(seen)) == ("cannot-tell", "grafana-bad-answer")


@pytest.mark.parametrize("body", [body for body in GARBAGE if body != "[]"])
def test_alertmanager_receivers(body: Any) -> None:
    """Not an Alertmanager without receivers."""
    stack = with_alertmanager().service("kps-alertmanager", {"/api/v2/receivers": (200, body)})
    seen = look(alertmanager.test_receivers, stack.cluster(), **WHERE, receivers=["slack"])
    assert (seen.status, reason(seen)) == ("cannot-tell", "alertmanager-bad-answer")


@pytest.mark.parametrize("body", GARBAGE)
def test_node_metrics(body: Any) -> None:
    """Not nodes without values."""
    stack = MemoryApi(item("v1", "Node", "node-1"))
    stack.raw["/apis/metrics.k8s.io/v1beta1/nodes"] = (200, body)
    seen = look(metrics_server.test_nodes, stack.cluster())
    assert (seen.status, reason(seen)) == ("cannot-tell", "bad-response")

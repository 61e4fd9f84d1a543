"""Dashboards: taken from ConfigMaps, with panels whose data sources are there."""

from __future__ import annotations

import json
from typing import Any

import pytest

from checks import grafana
from tests.unit.checks.api import look, reason, share
from tests.unit.checks.objects import Object, deployment, item
from tests.unit.checks.test_grafana import WHERE, api

GOOD = json.dumps({"title": "Web"})


def config_map(text: str = GOOD, key: str = "web.json", **labels: str) -> Object:
    """A ConfigMap with a dashboard."""
    return item("v1", "ConfigMap", "web", "shop", meta={"labels": labels}, data={key: text})


def sidecar(**values: str) -> Object:
    """Grafana's Deployment with the side-car for dashboards, beside the one for data sources."""
    own = [{"name": name, "value": value} for name, value in {"FOLDER": "/tmp/dashboards", **values}.items()]
    other = [
        {"name": "FOLDER", "value": "/etc/datasources"},
        {"name": "LABEL", "value": "grafana_datasource"},
    ]
    containers = [{"name": "sc-datasources", "env": other}, {"name": "sc-dashboard", "env": own}]
    return deployment("kps-grafana", "monitoring", containers=containers)


@pytest.mark.parametrize(
    ("given", "values", "expected"),
    [
        (config_map(grafana_dashboard="1"), None, None),
        (config_map(grafana_dashboards="1"), None, "dashboard-label-wrong"),
        (config_map(grafana_dashboard="0"), None, "dashboard-label-wrong"),
        (config_map(), None, "dashboard-label-wrong"),
        (config_map(own="yes"), {"LABEL": "own", "NAMESPACE": "ALL"}, None),
        (config_map(grafana_dashboard="1"), {"LABEL": "own", "NAMESPACE": "ALL"}, "dashboard-label-wrong"),
        (config_map(own="x"), {"LABEL": "own", "LABEL_VALUE": "y"}, "dashboard-label-wrong"),
        (config_map(own="x"), {"LABEL": "own"}, "dashboard-namespace-unwatched"),
        (config_map(own="x"), {"LABEL": "own", "NAMESPACE": "a,shop"}, None),
        (config_map("{", grafana_dashboard="1"), None, "dashboard-not-json"),
        (config_map("{}", grafana_dashboard="1"), None, "dashboard-not-json"),
        (config_map(key="web.yaml", grafana_dashboard="1"), None, "dashboard-not-json"),
    ],
)
def test_a_configmap_must_fit_the_side_car(given: Object, values: Any, expected: str | None) -> None:
    """Its label, its namespace, its content; what the side-car looks for is read from its container."""
    stack = api(given, *([sidecar(**values)] if values else []))
    asked = {"name": "web", "namespace": "shop", "monitoring": "monitoring"}
    assert reason(look(grafana.test_dashboard_configmap, stack.cluster(), **asked)) == expected


def panels(*found: Object, variables: tuple[Object, ...] = ()) -> Any:
    """One look at the panels of a dashboard."""
    dashboard = {"title": "Web", "panels": list(found), "templating": {"list": list(variables)}}
    pages: dict[str, Any] = {
        "search": (200, [{"title": "Web", "uid": "w"}]),
        "dashboards.uid.w": (200, {"dashboard": dashboard}),
    }
    return look(grafana.test_dashboard_panels, api(**pages).cluster(), **WHERE, title="Web")


@pytest.mark.parametrize(
    ("source", "known"),
    [
        ({"type": "prometheus", "uid": "prometheus"}, True),
        ("Prometheus", True),
        (None, True),
        ("-- Mixed --", True),
        ({"type": "prometheus"}, True),
        ({"type": "prometheus", "uid": "${DS_PROMETHEUS}"}, False),
        ({"uid": "$source"}, True),
        ({"uid": "${source:text}"}, True),
        ({"uid": "${LOKI}"}, False),
        ({"type": "prometheus", "uid": "gone"}, False),
    ],
)
def test_a_panel_needs_a_data_source_that_is_there(source: Any, known: bool) -> None:
    """By uid, name, default or variable; a variable of a kind that is missing resolves to nothing."""
    variables = (
        {"type": "datasource", "name": "source", "query": "prometheus"},
        {"type": "datasource", "name": "LOKI", "query": "loki"},
    )
    seen = panels({"id": 1, "datasource": source, "targets": [{"expr": "up"}]}, variables=variables)
    assert (seen.status == "met") is known
    assert known or (reason(seen), share(seen)) == ("panel-source-unknown", 0.5)


def test_panels_in_rows_and_their_queries_count() -> None:
    """A text panel asks nothing."""
    inner = {"id": 2, "targets": [{"datasource": {"uid": "gone"}}]}
    seen = panels({"id": 1, "type": "row", "panels": [inner]}, {"id": 3, "type": "text"})
    assert (reason(seen), share(seen)) == ("panel-source-unknown", 0.5)
    absent = look(grafana.test_dashboard_panels, api(search=(200, [])).cluster(), **WHERE, title="Web")
    assert reason(absent) == "grafana-dashboard-absent"


def test_a_login_below_a_sub_path_goes_there() -> None:
    """The form is not at the root."""
    stack = api(health=(301, ""))
    stack.service("kps-grafana", {"/grafana/api/health": (200, {"database": "ok"})})
    stack.headers["/api/health"] = {"location": "/grafana/api/health"}
    assert look(grafana.test_reachable, stack.cluster(), **WHERE).status == "met"
    assert [path for path in stack.paths if path.endswith("/login")][-1].endswith("/proxy/grafana/login")

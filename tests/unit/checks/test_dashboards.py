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
        (config_map('{"kind": "Dashboard", "spec": {"title": "Web"}}', grafana_dashboard="1"), None, None),
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


def test_a_login_is_found_where_only_the_api_answers_at_the_root() -> None:
    """A newer Grafana redirects everything but its API; one that sends elsewhere is not graded."""
    stack = api()
    stack.moved_logins = {""}
    stack.service("kps-grafana", {"/healthz": (301, "")})
    stack.headers["/healthz"] = {"location": "http://grafana.example.org/grafana/healthz"}
    stack.service("kps-grafana", {"/grafana/api/datasources": (200, [])})
    assert look(grafana.test_reachable, stack.cluster(), **WHERE).status == "met"
    assert [path for path in stack.paths if path.endswith("/login")][-1].endswith("/proxy/grafana/login")
    stack.headers["/healthz"] = {"location": "http://id.example.org/auth"}
    seen = look(grafana.test_reachable, stack.cluster(), **WHERE)
    assert (seen.status, reason(seen)) == ("cannot-tell", "grafana-login-refused")


@pytest.mark.parametrize("kind", ["row", "text", "dashlist"])
def test_a_panel_that_never_queries_is_not_judged(kind: str) -> None:
    """Older dashboards were saved with a data source for it, which an import leaves unresolved."""
    good = {"id": 1, "datasource": {"uid": "prometheus"}}
    idle = {"id": 2, "type": kind, "datasource": "${DS_PROMETHEUS}"}
    assert panels(good, idle).status == "met"
    assert reason(panels(idle)) == "dashboard-without-panels"


def test_the_best_of_dashboards_with_one_title_counts() -> None:
    """It was imported twice, the second time with its data source; their order says nothing."""
    panel = {"id": 1, "datasource": {"uid": "prometheus"}}
    broken, bad = {"id": 2, "datasource": {"uid": "gone"}}, {"id": 3, "datasource": {"uid": "gone"}}

    def seen(*found: list[Object]) -> Any:
        pages: dict[str, Any] = {
            f"dashboards.uid.{at}": (200, {"dashboard": {"panels": own}}) for at, own in enumerate(found)
        }
        pages["search"] = (200, [{"title": "Web", "uid": str(at)} for at in range(len(found))])
        return look(grafana.test_dashboard_panels, api(**pages).cluster(), **WHERE, title="Web")

    assert seen([broken], [panel]).status == "met"
    assert seen([panel], [broken]).status == "met"
    assert share(seen([broken, bad], [panel, broken])) == 2 / 3


V2 = "v2beta1"


def element(at: int, *, kind: str = "Panel", viz: str = "timeseries", **spec: Any) -> Object:
    """A panel of the second schema."""
    return {
        "kind": kind,
        "spec": {"id": at, "title": f"Panel {at}", "vizConfig": {"kind": "VizConfig", "group": viz}, **spec},
    }


def queries(*asked: Object) -> Object:
    """What a panel of the second schema asks."""
    found = [{"kind": "PanelQuery", "spec": {"refId": "A", **one}} for one in asked]
    return {"kind": "QueryGroup", "spec": {"queries": found}}


def within(name: str | None, group: str = "prometheus") -> Object:
    """A query as since v2beta1: the data source belongs to it."""
    source = {"datasource": {"name": name}} if name else {}
    return {"query": {"kind": "DataQuery", "group": group, "spec": {"expr": "up"}, **source}}


def beside(uid: str) -> Object:
    """A query as in v2alpha1: the data source stands beside it."""
    return {"query": {"kind": "prometheus", "spec": {"expr": "up"}}, "datasource": {"uid": uid}}


def newer(*elements: Object, layout: Object | None = None, version: str = V2, org: int = 1) -> Any:
    """One look at a dashboard that is stored in the second schema."""
    spec: dict[str, Any] = {
        "title": "Web",
        "variables": [{"kind": "DatasourceVariable", "spec": {"name": "source", "pluginId": "prometheus"}}],
        "elements": {f"panel-{one['spec']['id']}": one for one in elements},
    }
    items = [{"spec": {"element": {"kind": "ElementReference", "name": name}}} for name in spec["elements"]]
    spec["layout"] = layout or {"kind": "GridLayout", "spec": {"items": items}}
    pages: dict[str, Any] = {
        "search": (200, [{"title": "Web", "uid": "w"}]),
        "dashboards.uid.w": (406, {"message": "not supported"}),
        "org": (200, {"id": org, "name": "Main Org."}),
        "library-elements.lib": (200, {"result": {"model": {"targets": [{"datasource": {"uid": "gone"}}]}}}),
    }
    group = "/apis/dashboard.grafana.app"
    versions = [{"groupVersion": f"dashboard.grafana.app/{one}", "version": one} for one in ("v1", version)]
    stack = api(**pages)
    space = "default" if org == 1 else f"org-{org}"
    stack.service(
        "kps-grafana",
        {
            group: (200, {"versions": versions}),
            f"{group}/{version}/namespaces/{space}/dashboards/w": (200, {"kind": "Dashboard", "spec": spec}),
        },
    )
    return look(grafana.test_dashboard_panels, stack.cluster(), **WHERE, title="Web")


@pytest.mark.parametrize(
    ("query", "known"),
    [
        (within("prometheus"), True),
        (within("gone"), False),
        (within("${source}"), True),
        (within("${DS_PROMETHEUS}"), False),
        (within(None), True),
        (within(None, "loki"), False),
        (within("-- Dashboard --", "datasource"), True),
        (beside("prometheus"), True),
        (beside("gone"), False),
    ],
)
def test_a_panel_of_the_second_schema_needs_its_data_source(query: Object, known: bool) -> None:
    """Both versions of the schema say it in places of their own; a type alone is the default one of it."""
    seen = newer(element(1, data=queries(query)))
    assert (seen.status == "met") is known
    assert known or (reason(seen), share(seen)) == ("panel-source-unknown", 0.5)


def test_only_placed_panels_of_the_second_schema_count() -> None:
    """In rows and tabs too; a text asks nothing, a library panel is kept apart, a leftover is not seen."""
    good, gone = (element(at, data=queries(within(name))) for at, name in ((1, "prometheus"), (2, "gone")))
    place = {"spec": {"element": {"kind": "ElementReference", "name": "panel-1"}}}
    rows = {"kind": "RowsLayout", "spec": {"rows": [{"spec": {"layout": {"spec": {"items": [place]}}}}]}}
    assert newer(good, gone, layout=rows).status == "met"
    assert reason(newer(good, gone)) == "panel-source-unknown"
    text = element(3, viz="text", data=queries(within("gone")))
    assert newer(good, text).status == "met"
    assert reason(newer(text)) == "dashboard-without-panels"
    library = element(4, kind="LibraryPanel", libraryPanel={"uid": "lib", "name": "Shared"})
    assert reason(newer(good, library)) == "panel-source-unknown"


def test_the_second_schema_is_read_in_the_version_that_is_served() -> None:
    """In the organisation of the login; a version that nobody knows here is not graded."""
    good = element(1, data=queries(within("prometheus")))
    assert newer(good, version="v2").status == "met"
    assert newer(good, version="v2alpha1", org=3).status == "met"
    seen = newer(good, version="v3")
    assert (seen.status, reason(seen)) == ("cannot-tell", "dashboard-of-other-schema")

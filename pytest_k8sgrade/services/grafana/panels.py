"""Whether the panels of a dashboard have a data source, in both schemas that Grafana stores.

A dashboard that is there may still show nothing: one that was imported from a file
keeps references such as `${DS_PROMETHEUS}`, which only the import dialog resolves. The
second schema keeps panels as `elements`, which its `layout` places; what is not placed is
not seen by anybody.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pytest_k8sgrade.outcome import Findings, Unmet

if TYPE_CHECKING:
    from pytest_k8sgrade.services.grafana.grafana import Grafana

Object = Mapping[str, Any]

_VARIABLE = re.compile(r"\$\{(\w+)(?::\w+)?\}|\$(\w+)|\[\[(\w+)\]\]")
_BUILT_IN = frozenset(
    {"default", "grafana", "datasource", "__expr__", "-- Grafana --", "-- Mixed --", "-- Dashboard --"}
)
_WITHOUT_QUERIES = frozenset(
    {
        "alertlist",
        "annolist",
        "dashlist",
        "debug",
        "gettingstarted",
        "live",
        "news",
        "pluginlist",
        "row",
        "text",
        "welcome",
    }
)
"""Grafana's own panels that never query (`skipDataQuery`); older ones were saved with a data source."""


def require_sources(grafana: Grafana, dashboards: Sequence[Object], told: Mapping[str, Any]) -> None:
    """Return when every panel of one of the dashboards has its data sources; else tell what the best lacks.

    Each panel is a part. A dashboard without a panel that shows data is no proof of any.
    """
    sources, lacking = grafana.data_sources(), list[Unmet]()
    for one in dashboards:
        found = Findings()
        found.require(True, "grafana-dashboard-absent", part="dashboard", seen=1, wanted=1)
        _judge(found, grafana.dashboard(str(one["uid"])), grafana, sources, told)
        try:
            return found.close()
        except Unmet as finding:
            lacking.append(finding)
    raise min(lacking, key=_lost)


def _lost(finding: Unmet) -> float:
    """The share of the parts that is not met."""
    return sum(not part.met for part in finding.parts) / len(finding.parts)


def _judge(
    found: Findings, dashboard: Object, grafana: Grafana, sources: Sequence[Object], told: Mapping[str, Any]
) -> None:
    variables = dict(_variables(dashboard))
    known = sorted(str(one.get("uid")) for one in sources)
    panels = [one for one in _panels(dashboard, grafana) if _shows_data(one)]
    if not panels:
        found.require(False, "dashboard-without-panels", part="panels", seen=0, wanted=1, **told)
    for panel in panels:
        missing = [name for name in _references(panel) if not _resolved(name, sources, variables)]
        params: dict[str, Any] = {
            "panel": str(panel.get("title") or panel.get("id")),
            "reference": ", ".join(missing),
            "known": known,
            **told,
        }
        part = f"panel/{panel.get('id')}"
        found.require(not missing, "panel-source-unknown", part=part, seen=missing, wanted=known, **params)


def _variables(dashboard: Object) -> Iterator[tuple[str, str]]:
    """The variables that stand for a data source, with the type that they choose from."""
    for one in (dashboard.get("templating") or {}).get("list") or []:
        if one.get("type") == "datasource":
            yield str(one.get("name")), str(one.get("query"))
    for one in dashboard.get("variables") or []:
        if one.get("kind") == "DatasourceVariable":
            yield str(one["spec"].get("name")), str(one["spec"].get("pluginId"))


def _panels(dashboard: Object, grafana: Grafana) -> Iterator[Object]:
    """The panels, a library panel with its own document, which is kept apart from the dashboard."""
    for panel in [*_listed(dashboard), *_placed(dashboard)]:
        library = str((panel.get("libraryPanel") or {}).get("uid") or "")
        yield (
            {**grafana.panel(library), "id": panel.get("id")} if library and not _shows_data(panel) else panel
        )


def _listed(dashboard: Object) -> Iterator[Object]:
    """The panels of the first schema, those in rows too."""
    for panel in dashboard.get("panels") or []:
        yield panel
        yield from _listed(panel)
    for row in dashboard.get("rows") or []:
        yield from _listed(row)


def _placed(dashboard: Object) -> Iterator[Object]:
    """The panels of the second schema that its layout places, as the first one writes them."""
    elements = dashboard.get("elements") or {}
    for name in dict.fromkeys(_named(dashboard.get("layout"))):
        spec = (elements.get(name) or {}).get("spec")
        if spec is not None:
            group = (spec.get("data") or {}).get("spec") or {}
            targets = [_target(one.get("spec") or {}) for one in group.get("queries") or []]
            yield {**spec, "type": _visualization(spec), "targets": targets}


def _named(layout: Any) -> Iterator[str]:
    """The names of the elements in a layout; rows and tabs have layouts of their own."""
    if isinstance(layout, list):
        for one in layout:
            yield from _named(one)
    elif isinstance(layout, Mapping):
        if layout.get("kind") == "ElementReference":
            yield str(layout.get("name"))
        for one in layout.values():
            yield from _named(one)


def _visualization(spec: Object) -> Any:
    """The panel's type: the group of its configuration, in the first version of the schema its kind."""
    config = spec.get("vizConfig") or {}
    return config.get("group") or config.get("kind")


def _target(query: Object) -> Object:
    """A query with its data source: in the first version of the schema beside it, later within."""
    asked = query.get("query") or {}
    kind = asked.get("group") or (asked.get("kind") if asked.get("kind") != "DataQuery" else None)
    beside, within = query.get("datasource") or {}, asked.get("datasource") or {}
    uid = within.get("name") or beside.get("uid")
    return {"datasource": {"uid": uid, "type": beside.get("type") or kind}}


def _shows_data(panel: Object) -> bool:
    if panel.get("type") in _WITHOUT_QUERIES:
        return False
    return panel.get("datasource") is not None or bool(panel.get("targets"))


def _references(panel: Object) -> list[str]:
    """The data sources of a panel and of its queries: a uid, a name or a variable; `default` for none."""
    found = [panel.get("datasource"), *(one.get("datasource") for one in panel.get("targets") or [])]
    names = [one.get("uid") or one.get("type") if isinstance(one, Mapping) else one for one in found if one]
    return list(dict.fromkeys(str(name) for name in names if name)) or ["default"]


def _resolved(name: str, sources: Sequence[Object], variables: Mapping[str, str]) -> bool:
    variable = _VARIABLE.fullmatch(name)
    if variable is not None:
        kind = variables.get(variable[1] or variable[2] or variable[3])
        return kind is not None and any(one.get("type") == kind for one in sources)
    if name in _BUILT_IN:
        return name != "default" or any(one.get("isDefault") for one in sources)
    return any(name in (one.get("uid"), one.get("name"), one.get("type")) for one in sources)

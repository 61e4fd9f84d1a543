"""Dashboards: whether a side-car takes a ConfigMap, and whether panels have a data source.

A dashboard that is there may still show nothing: one that was imported from a file
keeps references such as `${DS_PROMETHEUS}`, which only the import dialog resolves.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from pytest_k8sgrade.outcome import Findings, cannot_tell, unmet
from pytest_k8sgrade.services.grafana.installation import pods
from pytest_k8sgrade.services.grafana.provisioning import DASHBOARD

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster
    from pytest_k8sgrade.services.grafana.grafana import Grafana
    from pytest_k8sgrade.services.grafana.installation import Place

Object = Mapping[str, Any]

_VARIABLE = re.compile(r"\$\{(\w+)(?::\w+)?\}|\$(\w+)|\[\[(\w+)\]\]")
_BUILT_IN = frozenset({"default", "grafana", "__expr__", "-- Grafana --", "-- Mixed --", "-- Dashboard --"})
_RESOURCE = "Dashboard"
"""The kind of a dashboard that is written as a resource, as Grafana 12 and newer export it."""
_PROVISIONED = frozenset({"datasources", "alerting", "plugins", "notifiers"})
"""Folders of the chart's other side-cars, by the last part of their path."""


@dataclass(frozen=True, slots=True)
class Sidecar:
    """What a side-car for dashboards looks for; `namespaces` is None where that cannot be read."""

    label: str = DASHBOARD
    value: str = "1"
    namespaces: tuple[str, ...] | None = None

    def wants(self, labels: Mapping[str, str]) -> bool:
        """Whether it takes what has these labels."""
        return self.label in labels and self.value in ("", labels[self.label])

    def watches(self, namespace: str) -> bool:
        """Whether it looks into a namespace."""
        return self.namespaces is None or "ALL" in self.namespaces or namespace in self.namespaces


def sidecars(cluster: Cluster, place: Place) -> list[Sidecar]:
    """The side-cars of Grafana's pods, as the environment of their containers has it.

    The chart's own where the pods cannot be read, or one does not say what it looks for.
    """
    templates = pods(cluster, place)
    if not templates:
        return [Sidecar()]
    specs = [template.get("spec") or {} for template in templates]
    containers = [
        one for spec in specs for key in ("containers", "initContainers") for one in spec.get(key) or []
    ]
    found = (_sidecar(one.get("env") or [], place.namespace) for one in containers)
    return list(dict.fromkeys(one for one in found if one is not None))


def _sidecar(environment: Sequence[Object], namespace: str) -> Sidecar | None:
    values = {one["name"]: one.get("value") or "" for one in environment}
    folder = PurePosixPath(values.get("FOLDER", ""))
    if not {"FOLDER", "LABEL"} <= values.keys() or folder.name in _PROVISIONED:
        return None
    if not values["LABEL"]:
        return Sidecar()
    watched = values.get("NAMESPACE") or namespace
    return Sidecar(values["LABEL"], values.get("LABEL_VALUE", ""), tuple(watched.split(",")))


def require_taken(config_map: Object, takers: Sequence[Sidecar], place: Place) -> None:
    """Unmet unless a side-car takes the ConfigMap and finds dashboards in it."""
    metadata = config_map["metadata"]
    labels = metadata.get("labels") or {}
    if not takers:
        where = {"service": place.service, "namespace": place.namespace}
        config_name = f"{metadata['namespace']}/{metadata['name']}"
        unmet("dashboard-without-sidecar", seen=0, wanted=1, config_map=config_name, **where)
    fitting = [one for one in takers if one.wants(labels)]
    taker = next((one for one in fitting if one.watches(metadata["namespace"])), [*fitting, *takers][0])
    told: dict[str, Any] = {
        "config_map": f"{metadata['namespace']}/{metadata['name']}",
        "labels": labels,
        "asked": f"{taker.label}={taker.value}" if taker.value else taker.label,
        "service": place.service,
        "namespace": place.namespace,
    }
    if not taker.wants(labels):
        unmet("dashboard-label-wrong", seen=labels, wanted=told["asked"], **told)
    if not taker.watches(metadata["namespace"]):
        watched = list(taker.namespaces or [])
        unmet(
            "dashboard-namespace-unwatched",
            seen=metadata["namespace"],
            wanted=watched,
            watched=watched,
            **told,
        )
    files = {key: text for key, text in (config_map.get("data") or {}).items() if key.endswith(".json")}
    broken = sorted(key for key, text in files.items() if not _is_dashboard(text))
    if broken or not files:
        unmet("dashboard-not-json", seen=broken, wanted="JSON", files=broken, **told)


def _is_dashboard(text: str) -> bool:
    """Whether a file has a dashboard's title: at its top, or in the specification of a resource."""
    try:
        found = json.loads(text)
    except ValueError:
        return False
    if isinstance(found, dict) and found.get("kind") == _RESOURCE:
        found = found.get("spec")
    return isinstance(found, dict) and bool(found.get("title"))


def judge_panels(
    found: Findings, dashboard: Object, grafana: Grafana, sources: Sequence[Object], told: Mapping[str, Any]
) -> None:
    """Record each panel as a part: met when every data source that it names is there.

    A dashboard without a panel that shows data is no proof of any; CannotTell for one of the newer
    schema, which has `elements`.
    """
    variables = {
        str(one.get("name")): str(one.get("query"))
        for one in (dashboard.get("templating") or {}).get("list") or []
        if one.get("type") == "datasource"
    }
    known = sorted(str(one.get("uid")) for one in sources)
    panels = [one for one in _panels(dashboard, grafana) if _shows_data(one)]
    if not panels and dashboard.get("elements"):
        cannot_tell("dashboard-of-other-schema", **told)
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


def _shows_data(panel: Object) -> bool:
    return panel.get("datasource") is not None or bool(panel.get("targets"))


def _panels(dashboard: Object, grafana: Grafana) -> Iterator[Object]:
    """The panels, those in rows too; a library panel is kept apart from the dashboard."""
    for panel in dashboard.get("panels") or []:
        library = str((panel.get("libraryPanel") or {}).get("uid") or "")
        yield (
            {**grafana.panel(library), "id": panel.get("id")} if library and not _shows_data(panel) else panel
        )
        yield from _panels(panel, grafana)
    for row in dashboard.get("rows") or []:
        yield from _panels(row, grafana)


def _references(panel: Object) -> list[str]:
    """The data sources of a panel and of its queries: a uid, a name or a variable; `default` for none."""
    found = [panel.get("datasource"), *(one.get("datasource") for one in panel.get("targets") or [])]
    names = [one.get("uid") or one.get("type") if isinstance(one, Mapping) else one for one in found if one]
    return list(dict.fromkeys(str(name) for name in names)) or ["default"]


def _resolved(name: str, sources: Sequence[Object], variables: Mapping[str, str]) -> bool:
    variable = _VARIABLE.fullmatch(name)
    if variable is not None:
        kind = variables.get(variable[1] or variable[2] or variable[3])
        return kind is not None and any(one.get("type") == kind for one in sources)
    if name in _BUILT_IN:
        return name != "default" or any(one.get("isDefault") for one in sources)
    return any(name in (one.get("uid"), one.get("name"), one.get("type")) for one in sources)

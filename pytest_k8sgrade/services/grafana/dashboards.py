"""Dashboards: whether a side-car takes a ConfigMap, and whether panels have a data source.

A dashboard that is there may still show nothing: one that was imported from a file
keeps references such as `${DS_PROMETHEUS}`, which only the import dialog resolves.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_k8sgrade.kube.selectors import selects
from pytest_k8sgrade.outcome import Findings, unmet
from pytest_k8sgrade.services.diagnosis import if_readable
from pytest_k8sgrade.services.grafana.provisioning import DASHBOARD
from pytest_k8sgrade.services.running import workloads

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster
    from pytest_k8sgrade.services.grafana.grafana import Place

Object = Mapping[str, Any]

_VARIABLE = re.compile(r"\$\{(\w+)(?::\w+)?\}|\$(\w+)|\[\[(\w+)\]\]")
_BUILT_IN = frozenset({"default", "grafana", "__expr__", "-- Grafana --", "-- Mixed --", "-- Dashboard --"})
_FOLDER = "/tmp/dashboards"  # noqa: S108 - where the chart's side-car for dashboards writes


@dataclass(frozen=True, slots=True)
class Sidecar:
    """What the side-car for dashboards looks for; `namespaces` is None where that cannot be read."""

    label: str = DASHBOARD
    value: str = "1"
    namespaces: Sequence[str] | None = None

    def watches(self, namespace: str) -> bool:
        """Whether it looks into a namespace."""
        return self.namespaces is None or "ALL" in self.namespaces or namespace in self.namespaces


def sidecar(cluster: Cluster, place: Place) -> Sidecar:
    """The side-car of Grafana's pods, as the environment of its container has it; else the chart's."""
    listed = if_readable(lambda: workloads.list_all(cluster, place.namespace, ("Deployment", "StatefulSet")))
    pods = [one["spec"]["template"] for one in listed or []]
    for pod in pods:
        if not selects(place.selector, pod["metadata"].get("labels")):
            continue
        for container in (pod.get("spec") or {}).get("containers") or []:
            values = {one["name"]: one.get("value") or "" for one in container.get("env") or []}
            if values.get("FOLDER") == _FOLDER and values.get("LABEL"):
                watched = values.get("NAMESPACE") or place.namespace
                return Sidecar(values["LABEL"], values.get("LABEL_VALUE", ""), watched.split(","))
    return Sidecar()


def require_taken(config_map: Object, taker: Sidecar, place: Place) -> None:
    """Unmet unless the side-car takes the ConfigMap and finds dashboards in it."""
    metadata = config_map["metadata"]
    labels = metadata.get("labels") or {}
    told: dict[str, Any] = {
        "config_map": f"{metadata['namespace']}/{metadata['name']}",
        "labels": labels,
        "asked": f"{taker.label}={taker.value}" if taker.value else taker.label,
        "service": place.service,
        "namespace": place.namespace,
    }
    if taker.label not in labels or taker.value not in ("", labels[taker.label]):
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
    try:
        found = json.loads(text)
    except ValueError:
        return False
    return isinstance(found, dict) and bool(found.get("title"))


def judge_panels(
    found: Findings, dashboard: Object, sources: Sequence[Object], told: Mapping[str, Any]
) -> None:
    """Record each panel as a part: met when every data source that it names is there."""
    variables = {
        str(one.get("name")): str(one.get("query"))
        for one in (dashboard.get("templating") or {}).get("list") or []
        if one.get("type") == "datasource"
    }
    known = sorted(str(one.get("uid")) for one in sources)
    for panel in _panels(dashboard):
        missing = [name for name in _references(panel) if not _resolved(name, sources, variables)]
        params: dict[str, Any] = {
            "panel": str(panel.get("title") or panel.get("id")),
            "reference": ", ".join(missing),
            "known": known,
            **told,
        }
        part = f"panel/{panel.get('id')}"
        found.require(not missing, "panel-source-unknown", part=part, seen=missing, wanted=known, **params)


def _panels(dashboard: Object) -> Iterator[Object]:
    """The panels that show data, those in rows too."""
    for panel in dashboard.get("panels") or []:
        if panel.get("datasource") is not None or panel.get("targets"):
            yield panel
        yield from _panels(panel)
    for row in dashboard.get("rows") or []:
        yield from _panels(row)


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

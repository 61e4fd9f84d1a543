"""Why Grafana lacks a dashboard or data source that its Helm release brings, or gets no answer from one.

A side-car takes ConfigMaps by a label. Which ConfigMap it should be is known from the release's
manifest, so that no other ConfigMap of the namespace has to be read.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import urlsplit

from pytest_k8sgrade.services.diagnosis import if_readable
from pytest_k8sgrade.services.helm import installed
from pytest_k8sgrade.services.running.backends import without_endpoints

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster
    from pytest_k8sgrade.services.grafana.installation import Place

DASHBOARD, SOURCE = "grafana_dashboard", "grafana_datasource"
"""The labels of the chart's side-cars."""
_RESOURCE = "Dashboard"
"""The kind of a dashboard that is written as a resource, as Grafana 12 and newer export it."""

Told: TypeAlias = tuple[str, Mapping[str, Any]]

ABSENT: Told = ("grafana-dashboard-absent", {})


def why_dashboard_absent(cluster: Cluster, place: Place, wanted: str) -> Told:
    """The reason's id and parameters for a dashboard that Grafana does not know."""
    found = _trouble(cluster, place, DASHBOARD, lambda text: title(text) == wanted)
    return found or ABSENT


def why_source_absent(cluster: Cluster, place: Place, kind: str) -> Told:
    """The reason's id and parameters for a kind of data source that Grafana does not have."""
    found = _trouble(cluster, place, SOURCE, lambda text: kind in _kinds(text))
    return found or ("grafana-datasource-absent", {})


def why_source_dead(cluster: Cluster, place: Place, url: str) -> Told | None:
    """Why nothing answers at the address of a data source, where that is a Service of the cluster."""
    name, namespace, *rest = [*(urlsplit(url).hostname or "").split("."), place.namespace]
    if not name or (len(rest) > 1 and rest[0] != "svc"):
        return None
    services = if_readable(lambda: cluster.list("v1", "Service", namespace))
    if not services:
        return None
    service = next((one for one in services if one["metadata"]["name"] == name), None)
    if service is None:
        return "grafana-datasource-no-service", {"target": f"{namespace}/{name}"}
    cause = without_endpoints(cluster, service)
    return (cause.reason, cause.params) if cause is not None else None


def _trouble(cluster: Cluster, place: Place, label: str, holds: Callable[[str], bool]) -> Told | None:
    """What is wrong with the ConfigMap of the release that should have brought it."""
    for name in _config_maps(cluster, place, label, holds):
        found = _config_map(cluster, place.namespace, name)
        told = {"config_map": name, "label": label}
        if found == []:
            return "grafana-config-map-absent", told
        if found and label not in (found[0]["metadata"].get("labels") or {}):
            return "grafana-config-map-unlabelled", told
    return None


def _config_map(cluster: Cluster, namespace: str, name: str) -> list[dict[str, Any]] | None:
    """The ConfigMap alone in a list, an empty list when it is not there, None when it cannot be read."""
    return if_readable(lambda: cluster.list("v1", "ConfigMap", namespace, fields=f"metadata.name={name}"))


def _config_maps(cluster: Cluster, place: Place, label: str, holds: Callable[[str], bool]) -> Iterator[str]:
    if not place.release:
        return
    for document in if_readable(lambda: installed(cluster, place.release, place.namespace)) or []:
        metadata = document.get("metadata") or {}
        if document.get("kind") != "ConfigMap" or label not in (metadata.get("labels") or {}):
            continue
        if any(isinstance(text, str) and holds(text) for text in (document.get("data") or {}).values()):
            yield metadata["name"]


def title(text: str) -> str | None:
    """The title in a dashboard's file: at its top, or in the specification of a resource; else None."""
    try:
        found = json.loads(text)
    except ValueError:
        return None
    if isinstance(found, dict) and found.get("kind") == _RESOURCE:
        found = found.get("spec")
    return (found.get("title") or None) if isinstance(found, dict) else None


def _kinds(text: str) -> set[str]:
    """The types of the data sources of a provisioning file."""
    import yaml  # noqa: PLC0415 - only to explain a fault

    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError:
        return set()
    sources = found.get("datasources") if isinstance(found, dict) else None
    return {str(one.get("type")) for one in sources or [] if isinstance(one, Mapping)}

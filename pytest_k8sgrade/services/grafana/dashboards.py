"""Whether a side-car of Grafana takes a ConfigMap with a dashboard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from pytest_k8sgrade.outcome import unmet
from pytest_k8sgrade.services.grafana.installation import pods
from pytest_k8sgrade.services.grafana.provisioning import DASHBOARD, title

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster
    from pytest_k8sgrade.services.grafana.installation import Place

Object = Mapping[str, Any]

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
    broken = sorted(key for key, text in files.items() if not title(text))
    if broken or not files:
        unmet("dashboard-not-json", seen=broken, wanted="JSON", files=broken, **told)

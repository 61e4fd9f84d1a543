"""The adapter behind the custom metrics API: its Deployment, its arguments, its configuration files.

It is found through the APIService's Service; what it was told is read from its pod's
template and from the ConfigMaps that are mounted there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_k8sgrade.cluster.plain_yaml import load_plain
from pytest_k8sgrade.kube.images import program
from pytest_k8sgrade.kube.selectors import selects
from pytest_k8sgrade.services.diagnosis import if_readable
from pytest_k8sgrade.services.running import workloads

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster
    from pytest_k8sgrade.services.metrics.api_services import ApiService

Object = Mapping[str, Any]
_URL_OPTION = "--prometheus-url"


@dataclass(frozen=True, slots=True)
class Configured:
    """The documents of one mounted ConfigMap."""

    config_map: str
    documents: tuple[Mapping[str, Any], ...]

    @property
    def has_rules(self) -> bool:
        """Whether there are rules for custom metrics."""
        return any(document.get("rules") for document in self.documents)


def adapter_of(cluster: Cluster, api: ApiService) -> Object | None:
    """The Deployment behind the API's Service: of the same name, else by the Service's selector."""
    if not api.service:
        return None
    named = cluster.find("apps/v1", "Deployment", api.service, api.namespace)
    if named is not None:
        return named
    service = cluster.get("v1", "Service", api.service, api.namespace)
    selector = service["spec"].get("selector")
    listed = cluster.list("apps/v1", "Deployment", api.namespace)
    return next((one for one in listed if selects(selector, _labels(one))), None)


def _labels(workload: Object) -> Mapping[str, str]:
    template = (workload.get("spec") or {}).get("template") or {}
    return (template.get("metadata") or {}).get("labels") or {}


def programs(workload: Object) -> set[str]:
    """What a workload runs, by the names of its images."""
    containers = workloads.pod_template(workload).get("containers") or []
    return {program(str(container.get("image", ""))) for container in containers}


def prometheus_url(adapter: Object) -> str:
    """Where the adapter asks Prometheus; empty when it is not told."""
    return workloads.option(adapter, _URL_OPTION)


def configuration(cluster: Cluster, adapter: Object) -> list[Configured]:
    """The mounted ConfigMaps that can be read and hold a document."""
    namespace = adapter["metadata"]["namespace"]
    volumes = adapter["spec"]["template"]["spec"].get("volumes") or []
    names = [one["configMap"].get("name", "") for one in volumes if one.get("configMap")]
    read = [(name, if_readable(lambda: _documents(cluster, name, namespace))) for name in names]  # noqa: B023
    return [Configured(name, tuple(documents)) for name, documents in read if documents]


def _documents(cluster: Cluster, name: str, namespace: str) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = []
    for text in (cluster.get("v1", "ConfigMap", name, namespace).get("data") or {}).values():
        try:
            document = load_plain(text)
        except ValueError:
            continue
        if isinstance(document, dict):
            found.append(document)
    return found

"""The metrics APIs that autoscalers read, and who answers them.

An aggregated API without a backend answers 503 as plain text, one that is not
registered 404 as plain text: the APIService object tells which of the two it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from pytest_k8sgrade.services.metrics import api_services

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster

RESOURCE, CUSTOM, EXTERNAL = "metrics.k8s.io", "custom.metrics.k8s.io", "external.metrics.k8s.io"
_VERSIONS = {RESOURCE: ("v1beta1",), CUSTOM: ("v1beta2", "v1beta1"), EXTERNAL: ("v1beta1",)}

MetricsApi: TypeAlias = api_services.ApiService
"""One registered version of a metrics group."""


def registered(cluster: Cluster, group: str) -> MetricsApi | None:
    """The group's API, an available version before others; None when it is not registered."""
    asked = (api_services.find(cluster, f"{group}/{version}") for version in _VERSIONS[group])
    found = [api for api in asked if api is not None]
    return min(found, key=lambda api: (not api.available, api.name), default=None)

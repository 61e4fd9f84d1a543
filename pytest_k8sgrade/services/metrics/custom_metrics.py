"""Custom and external metrics as autoscalers read them, and why an adapter serves none.

Two versions of the custom API are in use and one of them is enough; which one is asked
is not the student's business. Values are quantities: `66m` is 0.066. The adapter itself
is found through the APIService, its Prometheus through its own arguments.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NoReturn

from pytest_k8sgrade.cluster.plain_yaml import load_plain
from pytest_k8sgrade.kube.quantity import parse_quantity
from pytest_k8sgrade.kube.selectors import selects
from pytest_k8sgrade.outcome import CannotTell, absent, unmet
from pytest_k8sgrade.services.addresses import missing_service
from pytest_k8sgrade.services.diagnosis import if_readable
from pytest_k8sgrade.services.metrics import api_services, metrics_api
from pytest_k8sgrade.services.metrics.api_services import ApiService

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster

Object = Mapping[str, Any]

VERSIONS = ("v1beta1", "v1beta2")
_URL_OPTION = "--prometheus-url"
_UNKNOWN = ApiService(name=metrics_api.CUSTOM, service="", namespace="", available=True, why="")
"""An API that answers, but whose APIService cannot be read."""


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a metric; `name` is that of the described object, empty for external metrics."""

    name: str
    amount: Decimal
    written: str


def values(cluster: Cluster, metric: str, namespace: str, resource: str) -> list[Value] | None:
    """The values for all objects of a namespace; None when the API serves no such metric.

    Absent, or unmet with its cause, where no version of the API answers.
    """
    for version in VERSIONS:
        path = f"/apis/{metrics_api.CUSTOM}/{version}/namespaces/{namespace}/{resource}/*/{metric}"
        response = cluster.raw(path)
        if response.status == 200:
            return [_value(item) for item in response.json().get("items") or []]
        if response.status == 404 and response.api_status is not None:
            return None
        if response.status != 404:
            break
    require_available(cluster)
    return None


def external_values(
    cluster: Cluster, metric: str, namespace: str, labels: Mapping[str, str]
) -> list[Value] | None:
    """The values of an external metric; None when the API serves no such metric."""
    group_version = f"{metrics_api.EXTERNAL}/v1beta1"
    selector = ",".join(f"{key}={value}" for key, value in sorted(labels.items()))
    path = f"/apis/{group_version}/namespaces/{namespace}/{metric}"
    response = cluster.raw(path, {"labelSelector": selector} if selector else None)
    if response.status == 200:
        return [_value(item) for item in response.json().get("items") or []]
    api_services.require_served(cluster, group_version)
    return None


def _value(item: Mapping[str, Any]) -> Value:
    described = item.get("describedObject") or {}
    written = str(item.get("value", "0"))
    return Value(described.get("name", ""), parse_quantity(written), written)


def offered(cluster: Cluster) -> list[str] | None:
    """The metrics that the custom API lists, as `pods/http_requests`; None when no version of it answers."""
    for version in VERSIONS:
        response = cluster.raw(f"/apis/{metrics_api.CUSTOM}/{version}")
        if response.status == 200:
            return sorted(str(one.get("name", "")) for one in response.json().get("resources") or [])
    return None


def require_available(cluster: Cluster) -> ApiService:
    """The custom metrics API; Absent or unmet, with the adapter's own trouble, when it does not work."""
    first, *others = VERSIONS
    api = _registered(cluster, first)
    for version in others:
        if api is None:
            api = _registered(cluster, version)
        elif not api.available:
            api = _working(cluster, version) or api
    if api is None:
        absent("custom-metrics-absent", wanted=metrics_api.CUSTOM, group=metrics_api.CUSTOM)
    if not api.available:
        _explain_unavailable(cluster, api)
    return api


def _registered(cluster: Cluster, version: str) -> ApiService | None:
    return api_services.find(cluster, f"{metrics_api.CUSTOM}/{version}")


def _working(cluster: Cluster, version: str) -> ApiService | None:
    """Another version if it is known to work: a doubt about it does not excuse the one that is down."""
    other = if_readable(lambda: _registered(cluster, version))
    return other if other is not None and other.available else None


def _explain_unavailable(cluster: Cluster, api: ApiService) -> NoReturn:
    if api.why == "FailedDiscoveryCheck":
        adapter = if_readable(lambda: adapter_of(cluster, api))
        ruled = _has_rules(cluster, adapter) if adapter is not None else None
        reason = "custom-metrics-without-rules" if ruled is False else "custom-metrics-not-answering"
        unmet(reason, seen=api.why, wanted="True", why=api.why, **_where(api))
    api_services.explain(cluster, api)
    raise AssertionError("the API is not available")


def require_serving(cluster: Cluster) -> None:
    """Unmet, with its cause, unless the API is available and lists a metric.

    An empty list is known to be a fault also where the APIService cannot be read.
    """
    try:
        api = require_available(cluster)
    except CannotTell:
        if if_readable(lambda: offered(cluster)) != []:
            raise
        api = _UNKNOWN
    if not offered(cluster):
        _explain_empty(cluster, api)


def _explain_empty(cluster: Cluster, api: ApiService) -> NoReturn:
    adapter = if_readable(lambda: adapter_of(cluster, api))
    url = next(iter(_urls(adapter)), "") if adapter is not None else ""
    place = missing_service(cluster, url)
    if place is not None:
        where = {"prometheus": place.service, "prometheus_namespace": place.namespace}
        unmet("adapter-prometheus-absent", seen=url, wanted="Prometheus", url=url, **where, **_where(api))
    unmet("custom-metrics-empty", seen=[], wanted=1, url=url or "-", **_where(api))


def _where(api: ApiService) -> dict[str, Any]:
    return {"api": api.name, "service": api.service or "-", "namespace": api.namespace or "-"}


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
    return (workload["spec"]["template"].get("metadata") or {}).get("labels") or {}


def _urls(adapter: Object) -> Iterator[str]:
    for container in adapter["spec"]["template"]["spec"].get("containers") or []:
        words = [*(container.get("command") or []), *(container.get("args") or [])]
        for word, following in zip(words, [*words[1:], ""], strict=True):
            option, _, value = word.partition("=")
            if option == _URL_OPTION:
                yield value or following


def _has_rules(cluster: Cluster, adapter: Object) -> bool | None:
    """Whether the adapter's configuration has rules for custom metrics; None when it cannot be read."""
    namespace = adapter["metadata"]["namespace"]
    volumes = adapter["spec"]["template"]["spec"].get("volumes") or []
    names = [one["configMap"].get("name", "") for one in volumes if one.get("configMap")]
    known = [
        document
        for name in names
        for document in if_readable(lambda: _documents(cluster, name, namespace)) or []  # noqa: B023
    ]
    return any(document.get("rules") for document in known) if known else None


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

"""Custom and external metrics as autoscalers read them, and why an adapter serves none.

Two versions of the custom API are in use and one of them is enough; which one is asked
is not the student's business. Values are quantities: `66m` is 0.066.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import takewhile
from typing import TYPE_CHECKING, Any, NoReturn

from pytest_k8sgrade.kube.quantity import parse_quantity
from pytest_k8sgrade.outcome import CannotTell, absent, unmet
from pytest_k8sgrade.services.addresses import closed_port, missing_service
from pytest_k8sgrade.services.diagnosis import if_readable
from pytest_k8sgrade.services.metrics import api_services, metrics_api
from pytest_k8sgrade.services.metrics.adapter import adapter_of, configuration, prometheus_url
from pytest_k8sgrade.services.metrics.adapter_rules import made, names, rules
from pytest_k8sgrade.services.metrics.api_services import ApiService

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster

Object = Mapping[str, Any]

VERSIONS = ("v1beta1", "v1beta2")
NAMESPACES = "namespaces"
"""The resource whose metrics have a path of their own: they are about the namespace itself."""
_ALIKE = 4
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
    about = "metrics" if resource == NAMESPACES else f"{resource}/*"
    for version in VERSIONS:
        path = f"/apis/{metrics_api.CUSTOM}/{version}/namespaces/{namespace}/{about}/{metric}"
        response = cluster.raw(path)
        if response.status == 200:
            return [_value(item) for item in response.json().get("items") or []]
        if response.status == 404 and response.api_status is not None:
            return None
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


def added_up(found: Sequence[Value]) -> list[Value]:
    """One value for all series of an external metric: an autoscaler adds them up."""
    total = sum((one.amount for one in found), Decimal())
    return list(found) if len(found) < 2 else [Value("", total, format(total, "f"))]


def _value(item: Mapping[str, Any]) -> Value:
    described = item.get("describedObject") or {}
    written = str(item.get("value", "0"))
    return Value(described.get("name", ""), parse_quantity(written), written)


def offered(cluster: Cluster) -> list[str] | None:
    """The metrics that the custom API lists, as `pods/http_requests`; None when no version of it answers."""
    for version in VERSIONS:
        response = cluster.raw(f"/apis/{metrics_api.CUSTOM}/{version}")
        if response.status == 200:
            return _names(response.json())
    return None


def _names(listed: Mapping[str, Any]) -> list[str]:
    return sorted(str(one.get("name", "")) for one in listed.get("resources") or [])


def offered_external(cluster: Cluster) -> list[str] | None:
    """The metrics that the external API lists; KEDA lists none by their names."""
    response = cluster.raw(f"/apis/{metrics_api.EXTERNAL}/v1beta1")
    return _names(response.json()) if response.status == 200 else None


def _outside_namespaces(cluster: Cluster, full: str) -> bool:
    """Whether the API lists a metric only for objects outside of namespaces."""
    for version in VERSIONS:
        response = cluster.raw(f"/apis/{metrics_api.CUSTOM}/{version}")
        if response.status == 200:
            own = [one for one in response.json().get("resources") or [] if one.get("name") == full]
            return bool(own) and not any(one.get("namespaced") is not False for one in own)
    return False


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
        known = configuration(cluster, adapter) if adapter is not None else []
        ruled = not known or any(one.has_rules for one in known)
        reason = "custom-metrics-not-answering" if ruled else "custom-metrics-without-rules"
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
    url = prometheus_url(adapter) if adapter is not None else ""
    _require_prometheus(cluster, api, url)
    unmet("custom-metrics-empty", seen=[], wanted=1, url=url or "-", **_where(api))


def _require_prometheus(cluster: Cluster, api: ApiService, url: str) -> None:
    """Unmet when the adapter asks a Service that does not exist, or a port that it does not have."""
    place = missing_service(cluster, url)
    if place is not None:
        where = {"prometheus": place.service, "prometheus_namespace": place.namespace}
        unmet("adapter-prometheus-absent", seen=url, wanted="Prometheus", url=url, **where, **_where(api))
    closed = closed_port(cluster, url)
    if closed is not None:
        where = {"prometheus": closed.service, "prometheus_namespace": closed.namespace}
        port = closed.port
        unmet("adapter-prometheus-port", seen=port, wanted="port", url=url, port=port, **where, **_where(api))


def _where(api: ApiService) -> dict[str, Any]:
    return {"api": api.name, "service": api.service or "-", "namespace": api.namespace or "-"}


def explain_absent(cluster: Cluster, metric: str, namespace: str, resource: str) -> NoReturn:
    """Unmet: the API serves no such metric; where known, whether a rule is missing or not in effect."""
    full = f"{resource}/{metric}"
    served = if_readable(lambda: offered(cluster)) or []
    own = [one for one in served if one.startswith(f"{resource}/")]
    alike = sorted(own, key=lambda one: -_common(one, full))[:_ALIKE]
    told = {"metric": metric, "namespace": namespace, "resource": resource, "offered": alike}
    if full in served and if_readable(lambda: _outside_namespaces(cluster, full)):
        unmet("custom-metric-outside-namespaces", seen=full, wanted=namespace, **told)
    api = if_readable(lambda: require_available(cluster))
    adapter = if_readable(lambda: adapter_of(cluster, api)) if api is not None else None
    if api is not None and adapter is not None:
        if not served:
            _require_prometheus(cluster, api, prometheus_url(adapter))
        _require_ruled(cluster, adapter, metric, {"seen": alike, "wanted": full, **told})
    unmet("custom-metric-absent", seen=alike, wanted=full, **told)


def _common(left: str, right: str) -> int:
    """How many characters two names begin with in common."""
    return len(list(takewhile(lambda pair: pair[0] == pair[1], zip(left, right, strict=False))))


def _require_ruled(cluster: Cluster, adapter: Object, metric: str, told: Mapping[str, Any]) -> None:
    """Unmet when it is known whether the adapter's rules make the metric, which is not served."""
    for one in configuration(cluster, adapter):
        known = rules(one.documents)
        answer = made(known, metric) if one.has_rules else None
        if answer is not None:
            reason = "custom-metric-rule-not-in-effect" if answer else "custom-metric-without-rule"
            subject = adapter["metadata"]
            where = {"adapter": subject["name"], "adapter_namespace": subject["namespace"]}
            unmet(reason, config_map=one.config_map, makes=names(known), **where, **told)

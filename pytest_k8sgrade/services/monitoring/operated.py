"""Where the Prometheus or Alertmanager that the operator runs can be asked.

The names of chart Services depend on the release, its overrides and the chart's
version; the operator's own names do not. So the way goes from the custom resource
to its StatefulSet, and from the pods' labels to a Service that selects them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from pytest_k8sgrade.kube.conditions import condition
from pytest_k8sgrade.kube.selectors import matches, selector_text, selects
from pytest_k8sgrade.kube.times import parse_time
from pytest_k8sgrade.outcome import Absent, CannotTell, absent, hopeless, too_early, unmet
from pytest_k8sgrade.services.diagnosis import if_readable
from pytest_k8sgrade.services.running import workloads
from pytest_k8sgrade.services.running.startup import is_starting

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster

Object: TypeAlias = Mapping[str, Any]
OperatedKind: TypeAlias = Literal["Prometheus", "Alertmanager"]
Scheme: TypeAlias = Literal["http", "https"]

API_VERSION = "monitoring.coreos.com/v1"
PORTS: Mapping[OperatedKind, int] = {"Prometheus": 9090, "Alertmanager": 9093}


@dataclass(frozen=True, slots=True)
class Address:
    """A Service and its port as the service proxy wants them; `prefix` is the path that is served from.

    Of several `shards` it leads to another one each time, and each has a part of the targets only.
    """

    service: str
    namespace: str
    port: str
    scheme: Scheme = "http"
    prefix: str = ""
    shards: int = 1

    def base(self, proxied: str) -> str:
        """The URL to which paths of the API are added, for the URL of the Service itself."""
        path = self.prefix.strip("/")
        return proxied.rstrip("/") + (f"/{path}" if path else "")


def operated(cluster: Cluster, kind: OperatedKind, namespace: str, name: str = "") -> Object:
    """The custom resource, with a specification; without a name the only one of the namespace."""
    if name:
        return {"spec": {}, **cluster.get(API_VERSION, kind, name, namespace)}
    found = cluster.list(API_VERSION, kind, namespace)
    if not found:
        absent("operated-absent", kind=kind, namespace=namespace)
    if len(found) > 1:
        names = sorted(item["metadata"]["name"] for item in found)
        absent("operated-ambiguous", seen=names, kind=kind, namespace=namespace, names=names)
    return {"spec": {}, **found[0]}


def prometheus_address(cluster: Cluster, namespace: str, name: str = "") -> Address:
    """The Service that leads to a Prometheus, found through its custom resource."""
    return address(cluster, "Prometheus", operated(cluster, "Prometheus", namespace, name))


def address(cluster: Cluster, kind: OperatedKind, resource: Object) -> Address:
    """A Service whose selector covers the pods of `resource` and that has its web port."""
    name, namespace = resource["metadata"]["name"], resource["metadata"]["namespace"]
    stateful_set = cluster.get("apps/v1", "StatefulSet", f"{kind.lower()}-{name}", namespace)
    labels = stateful_set["spec"]["template"]["metadata"].get("labels") or {}
    spec = resource["spec"]
    scheme: Scheme = "https" if (spec.get("web") or {}).get("tlsConfig") else "http"
    prefix, shards = spec.get("routePrefix") or "", spec.get("shards") or 1
    found = [
        Address(service["metadata"]["name"], namespace, str(port), scheme, prefix, shards)
        for service in cluster.list("v1", "Service", namespace)
        if selects(service["spec"].get("selector"), labels)
        and (port := web_port(service, kind, spec.get("portName") or "web")) is not None
    ]
    if not found:
        absent("operated-service-absent", kind=kind, name=name, namespace=namespace, port=PORTS[kind])
    return min(found, key=lambda one: one.service)


def web_port(service: Object, kind: OperatedKind, name: str = "web") -> int | None:
    """The port of a Service that leads to the web port of a kind, by its name or its usual number."""
    wanted = (name, PORTS[kind])
    for port in service["spec"].get("ports") or []:
        if port.get("targetPort", port["port"]) in wanted or port["port"] == wanted[1]:
            return int(port["port"])
    return None


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Why an object is not taken: `by` is what does not fit, `asked` what would."""

    by: Literal["label", "namespace"]
    asked: str


def left_out(cluster: Cluster, resource: Object, prefix: str, item: Object) -> LeftOut | None:
    """Which selector of a custom resource leaves an object out, e.g. `rule` for `ruleSelector`.

    A missing selector of labels selects nothing, a missing one of namespaces the resource's own.
    """
    spec, metadata = resource["spec"], item["metadata"]
    selector = spec.get(f"{prefix}Selector")
    if selector is None or not matches(selector, metadata.get("labels")):
        return LeftOut("label", selector_text(selector) or "-")
    namespaces, own = spec.get(f"{prefix}NamespaceSelector"), resource["metadata"]["namespace"]
    if namespaces is None:
        return None if metadata["namespace"] == own else LeftOut("namespace", own)
    if namespaces:
        found = if_readable(lambda: cluster.get("v1", "Namespace", metadata["namespace"]))
        if found is not None and not matches(namespaces, found["metadata"].get("labels")):
            return LeftOut("namespace", selector_text(namespaces))
    return None


def rejected(cluster: Cluster, item: Object) -> bool:
    """Whether the operator says that it skips an object: in its status, or else in an event.

    The status has it only with a feature gate of the operator, the event for an hour only.
    """
    bindings = (item.get("status") or {}).get("bindings") or []
    told = [
        one
        for binding in bindings
        for one in binding.get("conditions") or []
        if one.get("type") == "Accepted"
    ]
    if told:
        return any(one.get("status") == "False" for one in told)
    metadata = item["metadata"]
    fields = f"involvedObject.kind={item['kind']},involvedObject.name={metadata['name']}"
    events = if_readable(lambda: cluster.list("v1", "Event", metadata["namespace"], fields=fields)) or []
    return any(_refusal(event) for event in events)


def _refusal(event: Object) -> bool:
    return event.get("type") == "Warning" and event.get("reason") == "InvalidConfiguration"


RELOAD = timedelta(minutes=5)
"""The longest way of a new object into a running configuration: operator, kubelet, reload."""


def is_new(cluster: Cluster, item: Object) -> bool:
    """Whether an object is so young that it may still be on its way."""
    created = parse_time(item["metadata"].get("creationTimestamp"))
    return created is not None and cluster.now - created < RELOAD


def require_operated(cluster: Cluster, kind: OperatedKind, resource: Object) -> None:
    """Unmet, or hopeless, unless the operator took the newest generation and its pods are ready.

    A transition time is not read: the operator rewrites that of a Prometheus on every sync.
    """
    metadata = resource["metadata"]
    params = {"kind": kind, "namespace": metadata["namespace"], "name": metadata["name"]}
    if resource["spec"].get("replicas", 1) == 0:
        hopeless("workload-scaled-to-zero", seen=0, wanted=1, **params)
    for wanted in ("Reconciled", "Available"):
        found = condition(resource, wanted)
        observed = found.observed_generation if found is not None else None
        if found is None or ((observed or 0) < metadata.get("generation", 0) and observed is not None):
            say = too_early if found is None and is_new(cluster, resource) else unmet
            say("operated-not-reconciled", seen=observed, wanted=wanted, condition=wanted, **params)
        if found.status == "True":
            continue
        if wanted == "Reconciled" and found.status != "False":
            unmet("operated-not-reconciled", seen=found.status, wanted="True", condition=wanted, **params)
        if wanted == "Reconciled":
            _explain_references(cluster, resource, params)
            hopeless("operated-refused", seen=found.reason, wanted="True", why=found.reason, **params)
        starting = _explain_pods(cluster, kind, resource)
        say = too_early if starting else unmet
        say("operated-not-available", seen=found.status, wanted="True", why=found.reason, **params)


_SECRET_FIELDS = ("additionalScrapeConfigs", "additionalAlertRelabelConfigs", "additionalAlertManagerConfigs")


def _explain_references(cluster: Cluster, resource: Object, params: Mapping[str, Any]) -> None:
    """Raise which Secret that the resource names is not there, or lacks the key."""
    for field in _SECRET_FIELDS:
        reference = resource["spec"].get(field) or {}
        name, key = reference.get("name"), reference.get("key", "")
        if not name or reference.get("optional"):
            continue
        told = {**params, "field": f"spec.{field}", "secret": name, "key": key}
        try:
            keys = list(cluster.secret(name, params["namespace"]))
        except Absent:
            hopeless("operated-secret-absent", seen=None, wanted=name, **told)
        except CannotTell:
            continue
        if key not in keys:
            hopeless("operated-secret-key-absent", seen=keys, wanted=key, **told)


def _explain_pods(cluster: Cluster, kind: OperatedKind, resource: Object) -> bool:
    """Raise what keeps the pods from being ready; whether they may still be starting by their probes."""
    metadata = resource["metadata"]
    name = f"{kind.lower()}-{metadata['name']}"
    stateful_set = if_readable(lambda: workloads.get(cluster, "StatefulSet", name, metadata["namespace"]))
    if stateful_set is None:
        return False
    pods = if_readable(lambda: workloads.selected_pods(cluster, stateful_set)) or []
    if is_starting(pods, cluster.now):
        return True
    missing = workloads.shortfall(cluster, stateful_set)
    if missing is not None:
        workloads.raise_shortfall(missing)
    return False

"""Why Prometheus sends no alerts to an Alertmanager: what `spec.alerting` of its resource names.

Each entry is a Service and one of its ports; whether they exist is asked of the cluster.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from pytest_k8sgrade.kube.selectors import selects
from pytest_k8sgrade.outcome import hopeless, unmet
from pytest_k8sgrade.services.diagnosis import if_readable
from pytest_k8sgrade.services.running import workloads

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster

Object = Mapping[str, Any]


def explain_not_connected(
    cluster: Cluster, prometheus: Object, alertmanager: Object, hosts: Collection[str | None]
) -> NoReturn:
    """Tell the field that is missing or names nothing; `hosts` are the addresses that Prometheus sends to."""
    metadata = prometheus["metadata"]
    where: dict[str, Any] = {
        "namespace": metadata["namespace"],
        "prometheus": metadata["name"],
        "name": alertmanager["metadata"]["name"],
    }
    _require_pods(cluster, alertmanager)
    entries = (prometheus["spec"].get("alerting") or {}).get("alertmanagers") or []
    if not entries:
        hopeless("alerting-not-configured", seen=[], wanted=where["name"], **where)
    for index, entry in enumerate(entries):
        _explain_entry(cluster, f"spec.alerting.alertmanagers[{index}]", entry, where)
    seen = sorted(host for host in hosts if host)
    unmet("alertmanager-not-connected", seen=seen, wanted=where["name"], **where)


def leads_to(
    cluster: Cluster, hosts: Collection[str | None], pods: Collection[Object], namespace: str
) -> bool:
    """Whether a host is the address, or the name in the cluster's DNS, of a Service of these pods."""
    services = if_readable(lambda: cluster.list("v1", "Service", namespace)) or []
    named = [one for one in services if _names(one) & set(hosts)]
    labels = [pod["metadata"].get("labels") for pod in pods]
    return any(selects(one["spec"].get("selector"), have) for one in named for have in labels)


def _names(service: Object) -> set[str]:
    own, spec = service["metadata"], service["spec"]
    name = f"{own['name']}.{own['namespace']}"
    return {
        name,
        f"{name}.svc",
        f"{name}.svc.cluster.local",
        *(spec.get("clusterIPs") or []),
        spec.get("clusterIP") or "",
    }


def _require_pods(cluster: Cluster, alertmanager: Object) -> None:
    """An Alertmanager that does not run is no fault of what Prometheus is told."""
    metadata = alertmanager["metadata"]
    name = f"alertmanager-{metadata['name']}"
    found = if_readable(lambda: workloads.get(cluster, "StatefulSet", name, metadata["namespace"]))
    if found is not None:
        workloads.require_rolled_out(cluster, found)


def _explain_entry(cluster: Cluster, field: str, entry: Object, where: Mapping[str, Any]) -> None:
    name, namespace = entry.get("name", ""), entry.get("namespace") or where["namespace"]
    services = if_readable(lambda: cluster.list("v1", "Service", namespace))
    if services is None:
        return
    service = next((one for one in services if one["metadata"]["name"] == name), None)
    told = {**where, "field": f"{field}.name", "service": f"{namespace}/{name}"}
    if service is None:
        hopeless("alerting-service-absent", seen=name, wanted=where["name"], **told)
    ports = [(one.get("name"), one["port"]) for one in service["spec"].get("ports") or []]
    port = entry.get("port")
    if port not in [known for both in ports for known in both]:
        found = [name or number for name, number in ports]
        told = {**told, "field": f"{field}.port", "port": port, "found": found}
        hopeless("alerting-port-unknown", seen=port, wanted=found, **told)

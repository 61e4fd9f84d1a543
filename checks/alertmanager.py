"""Alertmanager: running with the configuration it was given, and known to Prometheus.

A configuration that the operator refuses never reaches the pod, which goes on with
the old one: only the custom resource's condition tells.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from pytest_k8sgrade.cluster import Cluster
from pytest_k8sgrade.outcome import Findings, unmet
from pytest_k8sgrade.services import workloads
from pytest_k8sgrade.services.alertmanager import Alertmanager
from pytest_k8sgrade.services.operated import address, operated, require_operated
from pytest_k8sgrade.services.prometheus import Prometheus


def test_up(cluster: Cluster, namespace: str, name: str = "") -> None:
    """Alertmanager runs as its custom resource asks, with the newest configuration, and is ready."""
    resource = operated(cluster, "Alertmanager", namespace, name)
    require_operated(cluster, "Alertmanager", resource)
    Alertmanager(cluster, address(cluster, "Alertmanager", resource)).require_ready()


def test_connected(cluster: Cluster, namespace: str, name: str = "", prometheus: str = "") -> None:
    """Prometheus sends its alerts to this Alertmanager."""
    resource = operated(cluster, "Alertmanager", namespace, name)
    asked = Prometheus.of(cluster, namespace, prometheus)
    hosts = {urlsplit(str(one["url"])).hostname for one in asked.alertmanagers()}
    if not hosts:
        asked.settled()
    stateful_set = workloads.get(
        cluster, "StatefulSet", f"alertmanager-{resource['metadata']['name']}", namespace
    )
    pods = workloads.own_pods(stateful_set, workloads.selected_pods(cluster, stateful_set))
    own = {ip["ip"] for pod in pods for ip in (pod.get("status") or {}).get("podIPs") or []}
    if not own & hosts:
        unmet(
            "alertmanager-not-connected",
            seen=sorted(host for host in hosts if host),
            wanted=sorted(own),
            namespace=namespace,
            name=resource["metadata"]["name"],
        )


def test_alert_arrived(cluster: Cluster, namespace: str, alert: str = "Watchdog", name: str = "") -> None:
    """The alert {alert} has arrived in Alertmanager."""
    found = Alertmanager.of(cluster, namespace, name).alerts()
    names = sorted({str((one.get("labels") or {}).get("alertname")) for one in found})
    if alert not in names:
        unmet("alert-not-arrived", seen=names, wanted=alert, alert=alert, namespace=namespace)


def test_receivers(cluster: Cluster, namespace: str, receivers: list[str], name: str = "") -> None:
    """The running configuration of Alertmanager has the receivers {receivers}."""
    resource = operated(cluster, "Alertmanager", namespace, name)
    require_operated(cluster, "Alertmanager", resource)
    running = Alertmanager(cluster, address(cluster, "Alertmanager", resource)).receivers()
    found, metadata = Findings(), resource["metadata"]
    secret = resource["spec"].get("configSecret") or f"alertmanager-{metadata['name']}"
    for receiver in receivers:
        found.require(
            receiver in running,
            "receiver-not-running",
            part=f"receiver/{receiver}",
            seen=running,
            wanted=receiver,
            receiver=receiver,
            secret=secret,
            namespace=metadata["namespace"],
            name=metadata["name"],
        )
    found.close()

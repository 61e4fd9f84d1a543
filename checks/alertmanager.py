"""Alertmanager: running with the configuration it was given, known to Prometheus, delivering.

A configuration that the operator refuses never reaches the pod, which goes on with
the old one: only the custom resource's condition tells. What is asked of receivers
and routes is asked of the running configuration, never of a Secret. With `service`,
the name of a Service, an Alertmanager is asked that no operator runs, and `prometheus`
names the Service of its Prometheus.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from pytest_k8sgrade.cluster import Cluster
from pytest_k8sgrade.kube.selectors import selects
from pytest_k8sgrade.outcome import Findings, absent, cannot_tell, unmet
from pytest_k8sgrade.services.alerting import alerting, notifying, routing, written
from pytest_k8sgrade.services.alerting.alert_sending import explain_not_connected, leads_to
from pytest_k8sgrade.services.alerting.alertmanager import (
    CONFIG_KEY,
    Alertmanager,
    accepted,
    config_secret,
    opened,
)
from pytest_k8sgrade.services.diagnosis import if_readable, if_recorded
from pytest_k8sgrade.services.monitoring.operated import address, operated
from pytest_k8sgrade.services.monitoring.prometheus import Prometheus
from pytest_k8sgrade.services.running import workloads


def test_up(cluster: Cluster, namespace: str, name: str = "", service: str = "") -> None:
    """Alertmanager runs as its custom resource asks, with the newest configuration, and is ready."""
    asked, resource = accepted(cluster, namespace, name, service)
    asked.require_ready()
    if service:  # any server may answer a path with 200
        if_recorded(lambda: bool(asked.cluster_status()), False)
    if (resource["spec"].get("replicas") or 1) > 1:
        alerting.require_clustered(cluster, asked, resource)


def test_connected(cluster: Cluster, namespace: str, name: str = "", prometheus: str = "") -> None:
    """Prometheus sends its alerts to this Alertmanager."""
    resource = operated(cluster, "Alertmanager", namespace, name)
    sender = operated(cluster, "Prometheus", namespace, prometheus)
    asked = Prometheus(cluster, address(cluster, "Prometheus", sender))
    hosts = {urlsplit(str(one["url"])).hostname for one in asked.alertmanagers()}
    if not hosts:
        asked.settled()
        explain_not_connected(cluster, sender, resource, [])
    stateful_set = workloads.get(
        cluster, "StatefulSet", f"alertmanager-{resource['metadata']['name']}", namespace
    )
    pods = workloads.own_pods(stateful_set, workloads.selected_pods(cluster, stateful_set))
    own = {ip["ip"] for pod in pods for ip in (pod.get("status") or {}).get("podIPs") or []}
    if not own & hosts and not leads_to(cluster, hosts, pods, namespace):
        explain_not_connected(cluster, sender, resource, sorted(host for host in hosts if host))


def test_alert_arrived(
    cluster: Cluster,
    namespace: str,
    alert: str = "Watchdog",
    *,
    receiver: str = "",
    labels: dict[str, str] = {},  # noqa: B006 - never changed
    name: str = "",
    prometheus: str = "",
    service: str = "",
) -> None:
    """The alert {alert} has arrived in Alertmanager."""
    asked, resource = opened(cluster, namespace, name, service)
    wanted = {"alertname": alert, **labels}
    held = asked.alerts()
    own = [one for one in held if selects(wanted, one.get("labels"))]
    if not own:
        alerting.explain_not_arrived(cluster, resource, wanted, prometheus, held)
    if receiver and not any(alerting.delivered(one, receiver) for one in own):
        alerting.explain_not_delivered(asked, own, receiver, alert, namespace)


def test_config_written(
    cluster: Cluster,
    namespace: str,
    receivers: list[str],
    secrets: list[str] = [],  # noqa: B006 - never changed
    name: str = "",
) -> None:
    """A Secret holds a configuration of Alertmanager that notifies by the receivers {receivers}.

    It may be one of `secrets`, read or not, or the one that Alertmanager reads; the best of them counts.
    """
    resource = if_readable(lambda: operated(cluster, "Alertmanager", namespace, name))
    names = dict.fromkeys([*secrets, *([config_secret(resource)] if resource else [])])
    there = [one for secret in names if (one := written.stored(cluster, namespace, secret))]
    if not there:
        absent(
            "config-secret-absent", seen=None, wanted=list(names), secrets=list(names), namespace=namespace
        )
    lacks = [written.lacking(one, receivers) for one in there]
    at = min(range(len(there)), key=lambda index: len(lacks[index]))
    told: dict[str, Any] = {"key": CONFIG_KEY, "namespace": namespace}
    hidden = next((one.secret for one in there if one.reason == "config-unreadable"), None)
    if hidden and lacks[at]:
        cannot_tell("config-unreadable", seen=None, secret=hidden, **told)
    found = Findings()
    for receiver in receivers:
        reason, part = lacks[at].get(receiver, "receiver-not-written"), f"receiver/{receiver}"
        met = receiver not in lacks[at]
        found.require(met, reason, part=part, receiver=receiver, secret=there[at].secret, **told)
    found.close()


def test_config_current(cluster: Cluster, namespace: str, name: str = "") -> None:
    """Alertmanager runs with the configuration that is written in the Secret it reads."""
    asked, resource = accepted(cluster, namespace, name, "")
    secret = config_secret(resource)
    told = {"secret": secret, "namespace": namespace, "name": resource["metadata"]["name"]}
    if (resource["spec"].get("alertmanagerConfiguration") or {}).get("name"):
        cannot_tell("config-not-in-secret", seen=secret, **told)
    own = written.stored(cluster, namespace, secret)
    if own is None:
        absent("config-secret-absent", seen=None, wanted=secret, secrets=[secret], namespace=namespace)
    if own.config is None:
        say = cannot_tell if own.reason == "config-unreadable" else unmet
        say(own.reason, seen=None, wanted=CONFIG_KEY, key=CONFIG_KEY, **told)
    fields = written.differences(own.config, asked.config())
    if fields:
        unmet("config-not-current", seen=fields, wanted=[], fields=fields, **told)


def test_receivers(
    cluster: Cluster, namespace: str, receivers: list[str], name: str = "", service: str = ""
) -> None:
    """The running configuration of Alertmanager has the receivers {receivers}."""
    asked, resource = accepted(cluster, namespace, name, service)
    running = asked.receivers()
    found, metadata = Findings(), resource["metadata"]
    reason, more = "receiver-not-in-file", dict[str, Any]()
    missing = set(receivers) - set(running)
    if missing and not service:
        reason, more = written.why_without(cluster, resource, missing)
    for receiver in receivers:
        found.require(
            receiver in running,
            reason,
            part=f"receiver/{receiver}",
            seen=running,
            wanted=receiver,
            receiver=receiver,
            running=running,
            secret=config_secret(resource),
            namespace=metadata["namespace"],
            name=metadata["name"],
            **more,
        )
    found.close()


def test_notifies(
    cluster: Cluster,
    namespace: str,
    receiver: str = "",
    integration: str = "",
    name: str = "",
    service: str = "",
) -> None:
    """Alertmanager has a receiver that sends notifications."""
    asked, resource = accepted(cluster, namespace, name, service)
    config = asked.config()
    names = [receiver] if receiver else routing.receivers(config)
    kinds = {one: routing.integrations(config, one) for one in names}
    if not any(integration in own if integration else own for own in kinds.values()):
        alerting.explain_silent(resource, kinds, integration)


def test_notified(
    cluster: Cluster,
    namespace: str,
    receivers: list[str] = [],  # noqa: B006 - never changed
    name: str = "",
    service: str = "",
) -> None:
    """Alertmanager has delivered a notification by one of the receivers {receivers}.

    Without names any receiver counts.
    """
    asked, resource = accepted(cluster, namespace, name, service)
    config = asked.config()
    names = receivers or routing.receivers(config)
    kinds = {one: routing.integrations(config, one) for one in names}
    if not any(kinds.values()):
        alerting.explain_silent(resource, kinds, "")
    notifying.require_delivered(cluster, asked, resource, config, names)


def test_routed(
    cluster: Cluster,
    namespace: str,
    alerts: list[dict[str, str]],
    receiver: str,
    name: str = "",
    service: str = "",
) -> None:
    """Alerts with the labels {alerts} go to the receiver {receiver}."""
    asked, resource = accepted(cluster, namespace, name, service)
    config = asked.config()
    found = Findings()
    for labels in alerts:
        ends = alerting.ends_of(config, labels, namespace)
        reason, params = alerting.why_elsewhere(resource, config, labels, receiver, ends)
        told = {"receiver": receiver, "labels": labels, "found": ends, "namespace": namespace, **params}
        part = ",".join(f"{key}={value}" for key, value in sorted(labels.items()))
        found.require(receiver in ends, reason, part=f"alert/{part}", seen=ends, wanted=receiver, **told)
    found.close()


def test_inhibits(
    cluster: Cluster,
    namespace: str,
    source: dict[str, str],
    target: dict[str, str],
    *,
    equal: list[str] = [],  # noqa: B006 - never changed
    name: str = "",
    service: str = "",
) -> None:
    """An alert {source} silences the alert {target} that agrees with it in {equal}."""
    asked, resource = accepted(cluster, namespace, name, service)
    config = asked.config()
    rules = [rule for rule in config.get("inhibit_rules") or [] if routing.inhibits(rule, source, target)]
    seen = [sorted(rule.get("equal") or []) for rule in rules]
    if not any(set(one) == set(equal) for one in seen):
        reason = "inhibition-other-labels" if rules else "inhibition-absent"
        told = {"source": source, "target": target, "found": seen, "namespace": namespace}
        unmet(reason, seen=seen, wanted=equal, equal=equal, name=resource["metadata"]["name"], **told)


def test_config_loaded(
    cluster: Cluster, name: str, namespace: str, monitoring: str, alertmanager: str = ""
) -> None:
    """Alertmanager runs with the AlertmanagerConfig {name}."""
    resource = operated(cluster, "Alertmanager", monitoring, alertmanager)
    item = alerting.config_object(cluster, name, namespace)
    running = Alertmanager.running(cluster, resource).receivers()
    if not alerting.runs(item, running):
        alerting.explain_not_loaded(cluster, resource, item, running)

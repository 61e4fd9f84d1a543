"""Why an alert or a configuration does not get to where it should in Alertmanager.

The way goes from the rule in Prometheus over the connection to the route and the
receiver; the first broken step is told. What is silenced or inhibited has arrived,
but nobody is notified of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NoReturn

from pytest_k8sgrade.kube.objects import spec_of
from pytest_k8sgrade.outcome import Findings, cannot_tell, hopeless, too_early, unmet
from pytest_k8sgrade.services.alerting import routing
from pytest_k8sgrade.services.alerting.alert_sending import explain_not_connected
from pytest_k8sgrade.services.diagnosis import if_readable
from pytest_k8sgrade.services.monitoring import rules
from pytest_k8sgrade.services.monitoring.operated import is_new, left_out, operated, rejected
from pytest_k8sgrade.services.monitoring.prometheus import Prometheus

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster
    from pytest_k8sgrade.services.alerting.alertmanager import Alertmanager

Object = Mapping[str, Any]
CONFIG_API = "monitoring.coreos.com/v1alpha1"
SETTLING = timedelta(minutes=2)
"""How long replicas may take to find each other."""


def require_clustered(cluster: Cluster, asked: Alertmanager, resource: Object) -> None:
    """Unmet unless the replicas know each other: else each of them notifies by itself."""
    status, metadata = asked.cluster_status(), resource["metadata"]
    wanted, peers = resource["spec"]["replicas"], len(status.get("peers") or [])
    if status.get("status") == "ready" and peers >= wanted:
        return
    started = asked.started()
    young = started is not None and cluster.now - started < SETTLING
    say = too_early if young and status.get("status") in ("settling", "ready") else unmet
    where = {"namespace": metadata["namespace"], "name": metadata["name"]}
    told = {"peers": peers, "replicas": wanted, "status": status.get("status"), **where}
    say("alertmanager-not-clustered", seen=status.get("status"), wanted="ready", **told)


def explain_not_arrived(
    cluster: Cluster, resource: Object, wanted: Mapping[str, str], prometheus: str, held: Sequence[Object]
) -> NoReturn:
    """Tell the first broken step between the alert's rule and Alertmanager."""
    namespace, alert = resource["metadata"]["namespace"], wanted["alertname"]
    plain = resource["kind"] == "Service"
    name, service = ("", prometheus) if plain else (prometheus, "")
    asked = if_readable(lambda: Prometheus.of(cluster, namespace, name, service))
    if asked is not None:
        _explain_rule(cluster, asked, wanted, namespace, prometheus)
        known = if_readable(asked.alertmanagers)
        if known is not None and not known and not plain:
            asked.settled()
            sender = operated(cluster, "Prometheus", namespace, prometheus)
            explain_not_connected(cluster, sender, resource, [])
    names = sorted({str((one.get("labels") or {}).get("alertname")) for one in held})
    unmet("alert-not-arrived", seen=names, wanted=alert, alert=alert, namespace=namespace)


def _explain_rule(
    cluster: Cluster, asked: Prometheus, wanted: Mapping[str, str], namespace: str, prometheus: str
) -> None:
    alert, loaded = wanted["alertname"], if_readable(lambda: rules.loaded(asked))
    if loaded is None:
        return
    own = loaded.get(alert) or []
    if not own:
        _explain_unloaded(rules.why_not_loaded(cluster, alert, namespace, prometheus))
        return
    labels = {key: value for key, value in wanted.items() if key != "alertname"}
    firing = [(rule, one) for rule, one in rules.alerts(own, labels) if one.state == "firing"]
    if not firing:
        rules.explain_not_firing(asked, own, labels, namespace)
    since = [fired for rule, one in firing if (fired := rules.fired_at(rule, one)) is not None]
    if since and cluster.now - max(since) < rules.SENDING:
        too_early("alert-being-sent", seen="firing", wanted="active", alert=alert, namespace=namespace)


def _explain_unloaded(told: rules.NotLoaded) -> None:
    """Only for a rule that somebody wrote: an alert may also come from elsewhere."""
    if told.reason not in ("rule-not-loaded", "rule-not-written"):
        found = Findings()
        found.require(False, told.reason, terminal=told.terminal, early=told.early, **told.params)
        found.close()


def delivered(alert: Object, receiver: str) -> bool:
    """Whether an alert that Alertmanager holds is active and goes to the receiver."""
    return _state(alert) == "active" and receiver in _receivers(alert)


def _state(alert: Object) -> Any:
    return (alert.get("status") or {}).get("state")


def _receivers(alert: Object) -> list[str]:
    return [str(one.get("name")) for one in alert.get("receivers") or []]


def explain_not_delivered(
    asked: Alertmanager, own: Sequence[Object], receiver: str, alert: str, namespace: str
) -> NoReturn:
    """Tell why an alert that has arrived is not notified to a receiver."""
    params: dict[str, Any] = {"alert": alert, "receiver": receiver, "namespace": namespace}
    aimed = next((one for one in own if receiver in _receivers(one)), None)
    if aimed is None:
        found = sorted({name for one in own for name in _receivers(one)})
        labels, config = dict(own[0].get("labels") or {}), if_readable(asked.config)
        route = _swallowing((config or {}).get("route") or {}, labels, receiver)
        reason = "alert-swallowed" if route is not None else "alert-other-receiver"
        unmet(reason, seen=found, wanted=receiver, found=found, route=_text(route), labels=labels, **params)
    if _state(aimed) == "unprocessed":
        too_early("alert-unprocessed", seen="unprocessed", wanted="active", **params)
    status = aimed.get("status") or {}
    reason = "alert-silenced" if status.get("silencedBy") else "alert-suppressed"
    if status.get("inhibitedBy"):
        reason = "alert-inhibited"
    by = [one for key in ("silencedBy", "inhibitedBy", "mutedBy") for one in status.get(key) or []]
    unmet(reason, seen=_state(aimed), wanted="active", state=_state(aimed), by=by, **params)


def explain_silent(resource: Object, kinds: Mapping[str, Sequence[str]], integration: str) -> NoReturn:
    """Say that no receiver notifies anybody, or not in the way that was asked for."""
    metadata = resource["metadata"]
    found = {name: list(own) for name, own in kinds.items()}
    told: dict[str, Any] = {"namespace": metadata["namespace"], "name": metadata["name"], "found": found}
    reason = "receivers-other-integration" if any(kinds.values()) else "receivers-deliver-nothing"
    unmet(reason, seen=found, wanted=integration or "any", integration=integration or "-", **told)


def ends_of(config: Object, labels: Mapping[str, str], namespace: str) -> list[str]:
    """The receivers of an alert; CannotTell when a matcher cannot be read."""
    try:
        return routing.receivers_of(config, labels)
    except ValueError as error:
        cannot_tell("route-unreadable", seen=str(error), error=str(error), namespace=namespace)


def why_elsewhere(
    resource: Object, config: Object, labels: Mapping[str, str], receiver: str, ends: Sequence[str]
) -> tuple[str, dict[str, Any]]:
    """The message for an alert that goes to `ends` and not to the receiver, and its parameters."""
    root, name = config.get("route") or {}, {"name": resource["metadata"]["name"]}
    if receiver in ends:
        return "route-elsewhere", name
    if receiver not in {str(one.get("receiver")) for one in routing.routes(root)}:
        return "route-without-receiver", name
    strategy = (resource["spec"].get("alertmanagerConfigMatcherStrategy") or {}).get("type", "OnNamespace")
    try:
        own = _injected(root, labels, receiver) if strategy != "None" else None
        route = _swallowing(root, labels, receiver)
    except ValueError:  # of a matcher that the alert itself does not meet on its way
        return "route-elsewhere", name
    if own is not None:
        return "route-namespace-matcher", {"own": own, "strategy": strategy, **name}
    if route is not None:
        return "route-swallowed", {"route": _text(route), "by": str(route.get("receiver")), **name}
    return "route-elsewhere", name


def _injected(root: Object, labels: Mapping[str, str], receiver: str) -> str | None:
    """The namespace with which a route, as of an AlertmanagerConfig, would take the alert."""
    for child in root.get("routes") or []:
        for one in routing.matchers(child):
            if (one.name, one.operator) == ("namespace", "="):
                ends = routing.receivers_of({"route": root}, {**labels, "namespace": one.value})
                if receiver in ends:
                    return one.value
    return None


def _swallowing(route: Object, labels: Mapping[str, str], receiver: str) -> Object | None:
    """The route that takes an alert before one further down that would lead to the receiver."""
    inherited = {"receiver": route.get("receiver")}
    fitting = [{**inherited, **one} for one in route.get("routes") or [] if routing.fits(one, labels)]
    for at, child in enumerate(fitting):
        inner = _swallowing(child, labels, receiver)
        if inner is not None:
            return inner
        if not child.get("continue"):
            ends = [end for one in fitting[at + 1 :] for end in routing.taken(one, labels)]
            return child if any(str(end.get("receiver")) == receiver for end in ends) else None
    return None


def _text(route: Object | None) -> str:
    return ", ".join(str(one) for one in routing.matchers(route)) if route else "-"


def config_object(cluster: Cluster, name: str, namespace: str) -> Object:
    """The AlertmanagerConfig; Absent when it or its kind is not there."""
    return cluster.get(CONFIG_API, "AlertmanagerConfig", name, namespace)


def runs(item: Object, running: Sequence[str]) -> bool:
    """Whether an AlertmanagerConfig's receivers run; the operator puts its name before theirs."""
    own = [item["metadata"]["namespace"], item["metadata"]["name"]]
    wanted = {"/".join([*own, str(one.get("name"))]) for one in spec_of(item).get("receivers") or []}
    return wanted <= set(running) if wanted else any(one.split("/")[:2] == own for one in running)


def explain_not_loaded(cluster: Cluster, resource: Object, item: Object, running: Sequence[str]) -> NoReturn:
    """Tell what keeps an AlertmanagerConfig out of the running configuration."""
    own, metadata = resource["metadata"], item["metadata"]
    found, named = list(running), f"{metadata['namespace']}/{metadata['name']}"
    where = {"object": named, "name": own["name"], "namespace": own["namespace"], "running": found}
    left = left_out(cluster, resource, "alertmanagerConfig", item)
    if left is not None:
        labels = metadata.get("labels") or {}
        reason = "alertmanagerconfig-label-not-selected"
        if left.by == "namespace":
            reason = "alertmanagerconfig-namespace-not-selected"
        hopeless(reason, seen=labels, wanted=left.asked, asked=left.asked, labels=labels, **where)
    if rejected(cluster, item):
        unmet("alertmanagerconfig-rejected", seen="InvalidConfiguration", wanted=named, **where)
    say = too_early if is_new(cluster, item) else unmet
    say("alertmanagerconfig-not-loaded", seen=found, wanted=named, **where)

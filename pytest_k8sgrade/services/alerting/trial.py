"""Alerts that the check sends: each has to reach the receiver of its severity, and to be delivered.

One after another, so that none inhibits the next and each delivery can be told apart. An
alert is resolved as soon as it was seen, and ends by itself if nobody resolves it. A
delivery is a request that did not fail, by Alertmanager's own count, or, where there is
an inbox that tells what it got, the alert in the inbox.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from pytest_k8sgrade.cluster.acting_rules import ALERT_PREFIX, ALERT_RUN, Act, alerts
from pytest_k8sgrade.cluster.places import Service
from pytest_k8sgrade.kube.duration import parse_duration
from pytest_k8sgrade.kube.selectors import selects
from pytest_k8sgrade.kube.times import format_time
from pytest_k8sgrade.outcome import Findings, Unmet, cannot_tell, unmet
from pytest_k8sgrade.services.alerting import alerting, notifying, routing
from pytest_k8sgrade.services.alerting.alertmanager import accepted, opened
from pytest_k8sgrade.services.alerting.inbox import Inbox

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster
    from pytest_k8sgrade.cluster.acting import Actor
    from pytest_k8sgrade.services.alerting.alertmanager import Alertmanager

Object = Mapping[str, Any]

LISTED_S: Final = 20.0
SLACK_S: Final = 30.0
"""What may pass beside the group's own wait until a request has been made and counted."""
_LONG_OVER: Final = timedelta(minutes=1)
"""How long before its start an alert that is taken back ended.

Alertmanager's clock may be behind the API server's, and of two ends that are still to come it keeps
the later one.
"""
_TIMES: Final = ("group_by", "group_wait", "group_interval")
_GROUP_WAIT_S: Final = 30.0
_GROUP_INTERVAL_S: Final = 300.0


@dataclass(frozen=True, slots=True)
class Target:
    """The Alertmanager that is tried, and where deliveries can be read."""

    namespace: str
    name: str
    service: str
    inbox: Inbox | None

    def opened(self, cluster: Cluster) -> Alertmanager:
        """It, on a fresh view."""
        return opened(cluster, self.namespace, self.name, self.service)[0]


def require_delivered(
    actor: Actor, target: Target, receivers: Mapping[str, str], labels: Mapping[str, str]
) -> None:
    """Send one alert per severity, and say which did not get to its receiver."""
    asked, resource = accepted(actor.look(), target.namespace, target.name, target.service)
    config = asked.config()
    if target.inbox is None and (resource["spec"].get("replicas") or 1) > 1:
        cannot_tell("trial-several-replicas", seen=resource["spec"]["replicas"], **_told(target, "-", "-"))
    found = Findings()
    for severity, receiver in receivers.items():
        own = {**labels, "severity": severity, "alertname": f"{ALERT_PREFIX}-{severity}-{actor.run}"}
        trial = _Trial(actor, target, {**own, ALERT_RUN: actor.run}, receiver, config)
        try:
            trial.run()
        except Unmet as missing:
            found.require(
                False,
                missing.reason.id,
                part=f"severity/{severity}",
                seen=missing.seen,
                wanted=missing.wanted,
                **missing.reason.params,
            )
        else:
            found.require(True, "trial-not-delivered", part=f"severity/{severity}")
    actor.seen = dict(receivers)
    found.close()


def _told(target: Target, alert: str, receiver: str) -> dict[str, Any]:
    return {"namespace": target.namespace, "alert": alert, "receiver": receiver}


@dataclass(frozen=True, slots=True)
class _Trial:
    actor: Actor
    target: Target
    labels: Mapping[str, str]
    receiver: str
    config: Object

    @property
    def told(self) -> dict[str, Any]:
        return _told(self.target, self.labels["alertname"], self.receiver)

    def run(self) -> None:
        """Send the alert, see where it goes, wait for its delivery, resolve it."""
        kinds = routing.integrations(self.config, self.receiver)
        if self.receiver not in routing.receivers(self.config):
            names = routing.receivers(self.config)
            unmet("trial-receiver-absent", seen=names, wanted=self.receiver, running=names, **self.told)
        if not kinds:
            unmet("trial-receiver-silent", seen=[], wanted="any", **self.told)
        before = self._counted(self.actor.look(), kinds)
        done = self.actor.do(*self._acts())
        try:
            self._require_aimed()
            self._require_delivered(kinds, before)
        finally:
            self.actor.take_back(done)

    def _acts(self) -> tuple[Act, Act]:
        """The alert that fires until its time is over, and the same one resolved."""
        cluster, address = self.actor.look(), self.target.opened(self.actor.look()).address
        path = Service(address.namespace, address.service, address.port).proxy_path
        starts = cluster.now
        notes = {"summary": "A test alert of pytest-k8sgrade; it resolves by itself."}
        alert = {"labels": dict(self.labels), "annotations": notes, "startsAt": format_time(starts)}
        ends, over = format_time(self.actor.expires), format_time(starts - _LONG_OVER)
        resolved = {**alert, "startsAt": over, "endsAt": over}
        return alerts(path, [{**alert, "endsAt": ends}]), alerts(path, [resolved])

    def _require_aimed(self) -> None:
        """Unmet unless Alertmanager has the alert for the receiver, and nothing keeps it back."""
        aimed = self.actor.until(LISTED_S, lambda cluster: self._aimed(cluster) or None)
        asked = self.target.opened(self.actor.look())
        own = [one for one in asked.alerts() if selects(self.labels, one.get("labels"))]
        if not own:
            cannot_tell("trial-alert-lost", seen=0, wanted=1, **self.told)
        if not aimed:
            name = self.labels["alertname"]
            alerting.explain_not_delivered(asked, own, self.receiver, name, self.target.namespace)

    def _aimed(self, cluster: Cluster) -> bool:
        held = self.target.opened(cluster).alerts()
        own = [one for one in held if selects(self.labels, one.get("labels"))]
        return any(alerting.delivered(one, self.receiver) for one in own)

    def _require_delivered(self, kinds: Sequence[str], before: tuple[float, float]) -> None:
        seconds = waits(self.config, self.labels, self.receiver) + SLACK_S
        arrived = self.actor.until(seconds, lambda cluster: self._arrived(cluster, kinds, before) or None)
        if arrived:
            return
        if self.actor.left <= 0:
            cannot_tell("act-out-of-time", lasts=round(self.actor.lasts))
        failed = self._counted(self.actor.look(), kinds)[1] - before[1]
        told = {**self.told, "integrations": list(kinds), "seconds": round(seconds), "failed": int(failed)}
        reason = "trial-delivery-failing" if failed > 0 else "trial-not-delivered"
        unmet(reason, seen=int(failed), wanted=1, **told)

    def _arrived(self, cluster: Cluster, kinds: Sequence[str], before: tuple[float, float]) -> bool:
        inbox = self.target.inbox
        if inbox is not None:
            return inbox.holds(cluster, self.labels, self.receiver)
        return self._counted(cluster, kinds)[0] > before[0]

    def _counted(self, cluster: Cluster, kinds: Sequence[str]) -> tuple[float, float]:
        """Requests of the receiver's ways that went well, and those that failed."""
        sent = notifying.counted(self.target.opened(cluster).metrics())
        own = [one for one in sent if one.of([self.receiver], kinds)]
        failed = sum(one.failed for one in own)
        return sum(one.requests for one in own) - failed, failed


def waits(config: Object, labels: Mapping[str, str], receiver: str) -> float:
    """Seconds that the routes may hold the alert back before its first notification.

    A group of its own begins with `group_wait`; an alert that may join another group has to
    wait for that one's interval.
    """
    ends = routing.taken(_timed(config.get("route") or {}, {}), labels)
    route = next((one for one in ends if str(one.get("receiver")) == receiver), {})
    wait = parse_duration(route.get("group_wait", _GROUP_WAIT_S))
    if {"alertname", "..."} & {str(one) for one in route.get("group_by") or []}:
        return wait
    return max(wait, parse_duration(route.get("group_interval", _GROUP_INTERVAL_S)))


def _timed(route: Object, above: Mapping[str, Any]) -> Object:
    """The tree with what routes inherit written into each."""
    own = {**above, **{key: route[key] for key in _TIMES if key in route}}
    return {**route, **own, "routes": [_timed(one, own) for one in route.get("routes") or []]}

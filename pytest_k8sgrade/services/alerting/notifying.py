"""Whether Alertmanager has delivered anything, by its own count of the requests it made.

A request that did not fail was delivered; the count of notifications says less, because
one that is still being tried counts as well. The counters name the way (webhook, slack)
and, only with the feature `receiver-name-in-metrics`, the receiver. They begin with the
process.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NoReturn

from pytest_k8sgrade.outcome import cannot_tell, too_early, unmet
from pytest_k8sgrade.services.alerting import routing

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster
    from pytest_k8sgrade.services.alerting.alertmanager import Alertmanager
    from pytest_k8sgrade.services.metrics.exposition import Exposed

Object = Mapping[str, Any]

_REQUESTS = "alertmanager_notification_requests_total"
_FAILED = "alertmanager_notification_requests_failed_total"
_REASONS = "alertmanager_notifications_failed_total"
AWAITED = timedelta(minutes=2)
"""How long the first notification of a new process may take: Prometheus sends again after a minute."""


@dataclass(slots=True)
class Sent:
    """The requests of one way of notifying, of one receiver where the counters name it."""

    integration: str
    receiver: str
    requests: float = 0
    failed: float = 0

    def of(self, receivers: Collection[str], kinds: Collection[str]) -> bool:
        """Whether it may be of these receivers, which notify in these ways."""
        return self.integration in kinds and (not self.receiver or self.receiver in receivers)


def counted(samples: Iterable[Exposed]) -> list[Sent]:
    """The requests that Alertmanager's metrics tell of."""
    found: dict[tuple[str, str], Sent] = {}
    for sample in samples:
        if sample.name in (_REQUESTS, _FAILED):
            key = sample.labels.get("integration", ""), sample.labels.get("receiver_name", "")
            one = found.setdefault(key, Sent(*key))
            if sample.name == _REQUESTS:
                one.requests += sample.value
            else:
                one.failed += sample.value
    return list(found.values())


def require_delivered(
    cluster: Cluster, asked: Alertmanager, resource: Object, config: Object, receivers: Sequence[str]
) -> None:
    """Return when one of the receivers, which notify in some way, was reached; else say why not."""
    kinds = {kind for one in receivers for kind in routing.integrations(config, one)}
    samples = asked.metrics()
    sent = [one for one in counted(samples) if one.of(receivers, kinds)]
    delivered = [one for one in sent if one.requests > one.failed]
    told: dict[str, Any] = {
        "receivers": list(receivers),
        "integrations": sorted(kinds),
        "namespace": resource["metadata"]["namespace"],
        "name": resource["metadata"]["name"],
    }
    if not delivered:
        _explain(cluster, asked, resource, sent, _reasons(samples, kinds), told)
    others = _others(config, receivers, {one.integration for one in delivered if not one.receiver})
    if others and all(not one.receiver for one in delivered):
        cannot_tell("notifications-ambiguous", seen=others, others=others, **told)


def _others(config: Object, receivers: Collection[str], kinds: Collection[str]) -> list[str]:
    """Other receivers that notify in the same ways."""
    rest = [one for one in routing.receivers(config) if one not in receivers]
    return sorted(one for one in rest if set(routing.integrations(config, one)) & set(kinds))


def _reasons(samples: Iterable[Exposed], kinds: Collection[str]) -> dict[str, int]:
    """How often notifications were given up, by the reason that Alertmanager gives."""
    found: dict[str, int] = defaultdict(int)
    for one in samples:
        if one.name == _REASONS and one.value > 0 and one.labels.get("integration") in kinds:
            found[one.labels.get("reason", "-")] += int(one.value)
    return dict(found)


def _explain(
    cluster: Cluster,
    asked: Alertmanager,
    resource: Object,
    sent: Sequence[Sent],
    reasons: Mapping[str, int],
    told: Mapping[str, Any],
) -> NoReturn:
    failed = {one.integration: int(one.failed) for one in sent if one.failed}
    if failed:
        unmet("notifications-failing", seen=failed, wanted=0, failed=failed, why=dict(reasons), **told)
    started = asked.started()
    if started is not None and cluster.now - started < AWAITED:
        too_early("notifications-awaited", seen=0, wanted=1, **told)
    if (resource["spec"].get("replicas") or 1) > 1:
        cannot_tell("notifications-of-one-replica", seen=0, **told)
    unmet("notifications-none", seen=0, wanted=1, **told)

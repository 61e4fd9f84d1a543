"""What stands behind the triggers of a ScaledObject: the addresses they ask, and what these answer.

KEDA takes a query without a result for zero, so a wrong label looks like an idle
queue. Only triggers that ask a Prometheus behind a Service of the cluster can be asked
again; nothing is said about others.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pytest_k8sgrade.kube import scaled_objects
from pytest_k8sgrade.kube.conditions import condition
from pytest_k8sgrade.kube.scaled_objects import Trigger
from pytest_k8sgrade.services.addresses import missing_service, service_address
from pytest_k8sgrade.services.diagnosis import if_readable
from pytest_k8sgrade.services.monitoring.prometheus import Prometheus

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster

Object = Mapping[str, Any]


def why_failing(cluster: Cluster, scaled: Object) -> tuple[str, dict[str, Any]]:
    """The message for triggers that fail: an address that leads to no Service, or the addresses.

    KEDA asks from its own namespace, so a name alone is looked for there.
    """
    own = scaled_objects.triggers(scaled)
    failing = scaled_objects.failing(scaled)
    suspects = [one for one in own if not failing or one.metric in failing] or own
    addresses = [str(one) for one in suspects]
    for trigger in suspects:
        place = missing_service(cluster, trigger.address)
        if place is not None:
            where = {"service": place.service, "service_namespace": place.namespace}
            return "keda-trigger-service-absent", {"failing": addresses, **where}
        host = urlsplit(trigger.address).hostname or ""
        if host and "." not in host and ":" not in host:
            return "keda-trigger-short-name", {"failing": addresses, "service": host}
    return "keda-trigger-error", {"failing": addresses}


def silent(cluster: Cluster, scaled: Object) -> Trigger | None:
    """A Prometheus trigger that has never been active and whose query has no result now.

    A query may be empty because it filters by a comparison; once active, it had a result.
    """
    active = condition(scaled, "Active")
    if (active is not None and active.true) or (scaled.get("status") or {}).get("lastActiveTime"):
        return None
    asked = [one for one in scaled_objects.triggers(scaled) if one.type == "prometheus"]
    return next((one for one in asked if if_readable(lambda: _samples(cluster, one)) == 0), None)  # noqa: B023


def _samples(cluster: Cluster, trigger: Trigger) -> int | None:
    place, query = service_address(trigger.address), trigger.metadata.get("query")
    if place is None or not query or urlsplit(trigger.address).path.strip("/"):
        return None
    return len(Prometheus(cluster, place).query(query))

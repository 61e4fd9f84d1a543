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
from pytest_k8sgrade.services.addresses import closed_port, missing_service, service_address
from pytest_k8sgrade.services.diagnosis import if_readable
from pytest_k8sgrade.services.monitoring.prometheus import Prometheus
from pytest_k8sgrade.services.monitoring.promql import filters, needs

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster

Object = Mapping[str, Any]
_API = "keda.sh/v1alpha1"


def why_failing(cluster: Cluster, scaled: Object) -> tuple[str, dict[str, Any]]:
    """The message for triggers that fail: an address that leads to no Service, or the addresses.

    KEDA asks from its own namespace, so a name alone is looked for there.
    """
    own = scaled_objects.triggers(scaled)
    failing = scaled_objects.failing(scaled)
    suspects = [one for one in own if not failing or any(map(one.makes, failing))] or own
    addresses = [str(one) for one in suspects]
    for trigger in suspects:
        if _without_auth(cluster, scaled, trigger):
            return "keda-auth-absent", {
                "failing": addresses,
                "auth_kind": trigger.auth_kind,
                "auth": trigger.auth,
            }
        place = missing_service(cluster, trigger.address)
        if place is not None:
            where = {"service": place.service, "service_namespace": place.namespace}
            return "keda-trigger-service-absent", {"failing": addresses, **where}
        closed = closed_port(cluster, trigger.address)
        if closed is not None:
            where = {"service": closed.service, "service_namespace": closed.namespace}
            return "keda-trigger-port", {"failing": addresses, "port": closed.port, **where}
        host = urlsplit(trigger.address).hostname or ""
        if host and "." not in host and ":" not in host:
            return "keda-trigger-short-name", {"failing": addresses, "service": host}
    return "keda-trigger-error", {"failing": addresses}


def _without_auth(cluster: Cluster, scaled: Object, trigger: Trigger) -> bool:
    """Whether what the trigger logs in with is known not to exist."""
    name, namespace = trigger.auth, scaled["metadata"].get("namespace", "")
    if not name:
        return False
    if trigger.auth_kind == "ClusterTriggerAuthentication":
        found = if_readable(lambda: [cluster.find(_API, "ClusterTriggerAuthentication", name)])
    else:
        found = if_readable(lambda: [cluster.find(_API, "TriggerAuthentication", name, namespace)])
    return found == [None]


def silent(cluster: Cluster, scaled: Object) -> Trigger | None:
    """A Prometheus trigger that has never been active and whose query has no result now.

    Once active, it had a result. A comparison that does not hold gives nothing as well: then
    it is what the query reads that must be missing.
    """
    active = condition(scaled, "Active")
    if (active is not None and active.true) or (scaled.get("status") or {}).get("lastActiveTime"):
        return None
    asked = [one for one in scaled_objects.triggers(scaled) if one.type == "prometheus"]
    return next((one for one in asked if if_readable(lambda: _samples(cluster, one)) == 0), None)  # noqa: B023


def _samples(cluster: Cluster, trigger: Trigger) -> int | None:
    place, query = service_address(trigger.address), trigger.metadata.get("query")
    if place is None or not query:
        return None
    prometheus = Prometheus(cluster, place)
    found = len(prometheus.query(query))
    if found or not filters(query):
        return found
    wanted = needs(query)
    return 0 if wanted and wanted.lacking(lambda one: bool(prometheus.query(one.text))) else 1

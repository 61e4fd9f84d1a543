"""Alertmanager as a check asks it: readiness, its running configuration, receivers, alerts.

Only the v2 API is used: v1 answers 410 since 0.27. Where its configuration comes
from is told by the custom resource: why a Secret is not the one that runs is here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NoReturn, cast

from pytest_k8sgrade.kube.conditions import condition
from pytest_k8sgrade.kube.times import parse_time
from pytest_k8sgrade.outcome import cannot_tell, hopeless, unmet
from pytest_k8sgrade.services.alerting import routing
from pytest_k8sgrade.services.alerting.routing import Document
from pytest_k8sgrade.services.diagnosis import if_readable
from pytest_k8sgrade.services.metrics.exposition import Exposed, parse
from pytest_k8sgrade.services.monitoring.operated import Address, address, operated, require_operated
from pytest_k8sgrade.services.monitoring.unoperated import direct

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster

TIMEOUT_S = 10
CONFIG_KEY = "alertmanager.yaml"


class Alertmanager:
    """One Alertmanager behind the service proxy."""

    def __init__(self, cluster: Cluster, address: Address) -> None:
        self.address = address
        where = (address.service, address.namespace, address.port)
        self._session = cluster.http(*where, scheme=address.scheme)
        self._base = address.base(self._session.base_url)

    @classmethod
    def of(cls, cluster: Cluster, namespace: str, name: str = "") -> Alertmanager:
        """The Alertmanager that the operator runs in a namespace."""
        return cls.running(cluster, operated(cluster, "Alertmanager", namespace, name))

    @classmethod
    def running(cls, cluster: Cluster, resource: Document) -> Alertmanager:
        """The Alertmanager of a custom resource."""
        return cls(cluster, address(cluster, "Alertmanager", resource))

    def require_ready(self) -> None:
        """Unmet unless it answers its readiness address."""
        response = self._session.get(self._base + "/-/ready", timeout=TIMEOUT_S)
        if response.status_code != 200:
            self._not_ready(response.status_code)

    def receivers(self) -> list[str]:
        """The names of the receivers of the running configuration."""
        return [str(receiver["name"]) for receiver in self._get("/api/v2/receivers", list)]

    def cluster_status(self) -> Mapping[str, Any]:
        """Whether the replicas know each other: `status` is ready, settling or disabled; with `peers`."""
        return cast("Mapping[str, Any]", self._get("/api/v2/status").get("cluster") or {})

    def started(self) -> datetime | None:
        """When the process started: what it calls `uptime`."""
        return parse_time(self._get("/api/v2/status").get("uptime"))

    def config(self) -> Document:
        """The running configuration, its secrets hidden; CannotTell when it cannot be read."""
        text = (self._get("/api/v2/status").get("config") or {}).get("original")
        found = routing.parse(text) if isinstance(text, str) else None
        if found is None:
            self._bad_answer(200)
        return found

    def metrics(self) -> Sequence[Exposed]:
        """Its own metrics whose values are numbers; CannotTell when they cannot be read."""
        response = self._session.get(self._base + "/metrics", timeout=TIMEOUT_S)
        if response.status_code != 200:
            self._not_ready(response.status_code)
        try:
            return [one for one in parse(response.text) if math.isfinite(one.value)]
        except ValueError:
            self._bad_answer(response.status_code)

    def alerts(self) -> Sequence[Mapping[str, Any]]:
        """All alerts it holds, silenced and inhibited ones too."""
        return cast("Sequence[Mapping[str, Any]]", self._get("/api/v2/alerts", list))

    def _get(self, path: str, kind: type = dict) -> Any:
        response = self._session.get(self._base + path, timeout=TIMEOUT_S)
        if response.status_code != 200:
            self._not_ready(response.status_code)
        try:
            body = response.json()
        except ValueError:
            body = None
        if not isinstance(body, kind):
            self._bad_answer(response.status_code)
        return body

    def _bad_answer(self, status: int) -> NoReturn:
        where = {"service": self.address.service, "namespace": self.address.namespace}
        cannot_tell("alertmanager-bad-answer", seen=status, **where)

    def _not_ready(self, status: int) -> NoReturn:
        """Only a server's own error says that it is not ready: any other status is of somebody else."""
        where = {"service": self.address.service, "namespace": self.address.namespace}
        if status in (401, 403):
            cannot_tell("alertmanager-wants-password", seen=status, status=status, **where)
        if status < 500:
            self._bad_answer(status)
        unmet("alertmanager-not-ready", seen=status, wanted=200, **where)


def config_secret(resource: Document) -> str:
    """The name of the Secret that an Alertmanager resource reads, or of the object instead of it."""
    spec = resource["spec"]
    instead = (spec.get("alertmanagerConfiguration") or {}).get("name")
    if instead:
        return f"(AlertmanagerConfig {instead})"
    return str(spec.get("configSecret") or f"alertmanager-{resource['metadata']['name']}")


def opened(cluster: Cluster, namespace: str, name: str, service: str) -> tuple[Alertmanager, Document]:
    """An Alertmanager and its resource; for one that no operator runs, its Service."""
    if service:
        where = {"name": service, "namespace": namespace}
        place = direct(cluster, "Alertmanager", service, namespace)
        return Alertmanager(cluster, place), {"kind": "Service", "metadata": where, "spec": {}}
    resource = operated(cluster, "Alertmanager", namespace, name)
    return Alertmanager.running(cluster, resource), resource


def accepted(cluster: Cluster, namespace: str, name: str, service: str) -> tuple[Alertmanager, Document]:
    """`opened`, when it runs with its newest configuration."""
    if not service:
        require_accepted(cluster, operated(cluster, "Alertmanager", namespace, name))
    return opened(cluster, namespace, name, service)


def require_accepted(cluster: Cluster, resource: Document) -> None:
    """`require_operated`, with the fault of the configuration where the operator refuses it."""
    reconciled = condition(resource, "Reconciled")
    if reconciled is not None and reconciled.status == "False":
        _explain_refusal(cluster, resource, reconciled.reason)
    require_operated(cluster, "Alertmanager", resource)


def _explain_refusal(cluster: Cluster, resource: Document, why: str) -> None:
    secret, metadata = config_secret(resource), resource["metadata"]
    stored = if_readable(lambda: cluster.secret(secret, metadata["namespace"]))
    config = routing.parse((stored or {}).get(CONFIG_KEY, b""))
    for fault in routing.faults(config) if config else []:
        hopeless(
            fault.reason,
            seen=fault.value,
            wanted="True",
            field=fault.field,
            value=fault.value,
            secret=secret,
            why=why,
            namespace=metadata["namespace"],
            name=metadata["name"],
        )

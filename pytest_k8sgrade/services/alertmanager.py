"""Alertmanager as a check asks it: readiness, receivers, alerts.

Only the v2 API is used: v1 answers 410 since 0.27. Whether it is clustered is not
asked: a single replica is whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from pytest_k8sgrade.outcome import cannot_tell, unmet
from pytest_k8sgrade.services.operated import Address, alertmanager_address

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster

TIMEOUT_S = 10


class Alertmanager:
    """One Alertmanager behind the service proxy."""

    def __init__(self, cluster: Cluster, address: Address) -> None:
        self.address = address
        self._session = cluster.http(address.service, address.namespace, address.port)
        self._base = self._session.base_url.rstrip("/")

    @classmethod
    def of(cls, cluster: Cluster, namespace: str, name: str = "") -> Alertmanager:
        """The Alertmanager that the operator runs in a namespace."""
        return cls(cluster, alertmanager_address(cluster, namespace, name))

    def require_ready(self) -> None:
        """Unmet unless it answers its readiness address."""
        response = self._session.get(self._base + "/-/ready", timeout=TIMEOUT_S)
        if response.status_code != 200:
            self._not_ready(response.status_code)

    def receivers(self) -> list[str]:
        """The names of the receivers of the running configuration."""
        return [str(receiver["name"]) for receiver in self._get("/api/v2/receivers")]

    def alerts(self) -> Sequence[Mapping[str, Any]]:
        """All alerts it holds, silenced and inhibited ones too."""
        return cast("Sequence[Mapping[str, Any]]", self._get("/api/v2/alerts"))

    def _get(self, path: str) -> Any:
        response = self._session.get(self._base + path, timeout=TIMEOUT_S)
        if response.status_code != 200:
            self._not_ready(response.status_code)
        try:
            return response.json()
        except ValueError:
            cannot_tell(
                "alertmanager-bad-answer",
                seen=response.status_code,
                service=self.address.service,
                namespace=self.address.namespace,
            )

    def _not_ready(self, status: int) -> None:
        unmet(
            "alertmanager-not-ready",
            seen=status,
            wanted=200,
            service=self.address.service,
            namespace=self.address.namespace,
        )

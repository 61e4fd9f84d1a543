"""Somebody who is notified by webhook and tells by GET what it got.

Either a list of Alertmanager's webhooks as they came, or an object with that list under
`deliveries`. Asked through the service proxy like everything else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_k8sgrade.kube.selectors import selects
from pytest_k8sgrade.outcome import cannot_tell

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster

TIMEOUT_S = 10
_ADDRESS = re.compile(
    r"(?P<service>[a-z0-9-]+)\.(?P<namespace>[a-z0-9-]+):(?P<port>[a-z0-9-]+)(?P<path>/\S*)"
)


@dataclass(frozen=True, slots=True)
class Inbox:
    """Where to ask."""

    service: str
    namespace: str
    port: str
    path: str

    def holds(self, cluster: Cluster, labels: Mapping[str, str], receiver: str) -> bool:
        """Whether an alert with these labels came to it for the receiver."""
        session = cluster.http(self.service, self.namespace, self.port)
        answer = session.get(session.base_url.rstrip("/") + self.path, timeout=TIMEOUT_S)
        try:
            said: Any = answer.json()
        except ValueError:
            said = None
        listed = said.get("deliveries") if isinstance(said, Mapping) else said
        if answer.status_code != 200 or not isinstance(listed, list):
            where = {"service": self.service, "namespace": self.namespace, "path": self.path}
            cannot_tell("inbox-unreadable", seen=answer.status_code, wanted=200, **where)
        own = [one for one in listed if isinstance(one, Mapping) and one.get("receiver") == receiver]
        return any(
            selects(labels, alert.get("labels"))
            for one in own
            for alert in one.get("alerts") or []
            if isinstance(alert, Mapping)
        )


def inbox(address: str) -> Inbox | None:
    """The inbox of an address `SERVICE.NAMESPACE:PORT/PATH`, None of none; ValueError for anything else."""
    if not address:
        return None
    match = _ADDRESS.fullmatch(address)
    if match is None:
        raise ValueError(f"not an inbox: {address!r}; write SERVICE.NAMESPACE:PORT/PATH")
    return Inbox(match["service"], match["namespace"], match["port"], match["path"])

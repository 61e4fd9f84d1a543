"""Where the views of a run come from: one cluster, for as long as the run lasts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pytest_k8sgrade.cluster.connection import connect as _connect
from pytest_k8sgrade.cluster.kubeconfig import choose
from pytest_k8sgrade.cluster.policy import OWN, Policy
from pytest_k8sgrade.cluster.reader import LiveReader
from pytest_k8sgrade.cluster.transport import Transport
from pytest_k8sgrade.cluster.view import Clock, View


@dataclass(frozen=True, slots=True)
class Facts:
    """What the report's header says of the cluster without asking it."""

    context: str
    server: str
    identity: str


class LiveSource:
    """One cluster, reached through one kubeconfig context."""

    def __init__(self, kubeconfig: str | Path | None, context: str | None, policy: Policy) -> None:
        connection, self._workers = _connect(choose(kubeconfig, context, policy))
        self._connection = connection
        self._reader = LiveReader(Transport(connection, self._workers))
        self._clock = Clock()

    @property
    def facts(self) -> Facts:
        """Context, server and identity."""
        connection = self._connection
        return Facts(connection.context, connection.server, connection.identity)

    def view(self) -> View:
        """A fresh view."""
        return View(self._reader, self._clock)

    def close(self) -> None:
        """Close connections and threads."""
        self._workers.close()
        self._connection.close()


def connect(
    kubeconfig: str | Path | None = None, context: str | None = None, policy: Policy = OWN
) -> LiveSource:
    """Get ready to read a cluster; KubeconfigFault when the kubeconfig cannot be used. Sends nothing."""
    return LiveSource(kubeconfig, context, policy)

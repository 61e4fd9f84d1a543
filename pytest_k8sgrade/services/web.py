"""A web service behind the proxy: its port, its scheme, what it answers.

For the parts of a logging stack, whose Services have ports of any name and may speak
TLS. The proxy takes the Authorization header away, so what wants a password cannot be
asked: callers say so, nothing is taken from the student.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_k8sgrade.outcome import CannotTell, Unmet, unmet
from pytest_k8sgrade.services.running.backends import explained

if TYPE_CHECKING:
    from requests import Response

    from pytest_k8sgrade.cluster import Cluster

TIMEOUT_S = 10


@dataclass(frozen=True, slots=True)
class Page:
    """A status and the parsed body, None when it is no JSON."""

    status: int
    body: Any

    def __getitem__(self, key: str) -> Any:
        return self.body.get(key) if isinstance(self.body, dict) else None


class Web:
    """One Service; `number` is the port that the program usually has, `port` one that is named for sure."""

    def __init__(
        self, cluster: Cluster, service: str, namespace: str, number: int = 0, *, port: str = ""
    ) -> None:
        self.service, self.namespace = service, namespace
        self._cluster = cluster
        self._port, self._scheme = (port, "http") if port else _port(cluster, self.where, number)

    @property
    def where(self) -> dict[str, str]:
        """Namespace and name of the Service, for messages."""
        return {"service": self.service, "namespace": self.namespace}

    def get(self, path: str, params: Mapping[str, str] | None = None) -> Page:
        """What a path answers; a server that does not speak HTTP there is asked by HTTPS."""
        with explained(self._cluster, self.service, self.namespace):
            return self._get(path, params)

    def _get(self, path: str, params: Mapping[str, str] | None) -> Page:
        try:
            return self._ask(self._scheme, path, params)
        except Unmet as finding:
            if finding.reason.id != "service-unreachable" or self._scheme == "https":
                raise
        page = self._ask("https", path, params)
        self._scheme = "https"
        return page

    def _ask(self, scheme: str, path: str, params: Mapping[str, str] | None) -> Page:
        session = self._cluster.http(self.service, self.namespace, self._port, scheme=scheme)
        answer = session.get(session.base_url.rstrip("/") + path, params=params, timeout=TIMEOUT_S)
        try:
            return Page(answer.status_code, answer.json())
        except ValueError:
            return Page(answer.status_code, None)


def answered(
    cluster: Cluster, name: str, namespace: str, port: str, path: str, status: int = 200
) -> Response:
    """The answer of a Service to a path; unmet when it has another status."""
    session = cluster.http(name, namespace, port)
    answer = session.get(session.base_url.rstrip("/") + path, timeout=TIMEOUT_S)
    if answer.status_code != status:
        unmet(
            "service-answers-otherwise",
            seen=answer.status_code,
            wanted=status,
            name=name,
            namespace=namespace,
            path=path,
            status=answer.status_code,
            asked=status,
        )
    return answer


def _port(cluster: Cluster, where: Mapping[str, str], number: int) -> tuple[str, str]:
    """The port of that number, else the first; named https it speaks TLS.

    Where the Service itself may not be read, the program's usual port is asked.
    """
    try:
        service = cluster.get("v1", "Service", where["service"], where["namespace"])
    except CannotTell:
        return str(number), "http"
    ports = service["spec"].get("ports") or [{"port": number}]
    own = [one for one in ports if number in (one["port"], one.get("targetPort"))]
    chosen = (own or ports)[0]
    return str(chosen["port"]), "https" if chosen.get("name") == "https" else "http"

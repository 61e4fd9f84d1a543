"""An authenticated connection to the API server of one context, renewed when it is refused.

How it is made is `plain_way`'s and `library_way`'s; what is the same for both is here: how
long it may take, one renewal for all who were refused, the headers of a request, and whose
kubeconfig may lead where. Nothing is sent here (see `transport`), and what a way imports is
put off until `connect`.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from pytest_k8sgrade.cluster.addresses import addresses_of, refused_place
from pytest_k8sgrade.cluster.bounded import Workers
from pytest_k8sgrade.cluster.faults import kubeconfig_fault, part
from pytest_k8sgrade.cluster.identity import identity
from pytest_k8sgrade.cluster.kubeconfig import Chosen, read_again
from pytest_k8sgrade.cluster.policy import OWN
from pytest_k8sgrade.cluster.terms import Term, terms
from pytest_k8sgrade.errors import KubeconfigFault

if TYPE_CHECKING:
    import urllib3

    from pytest_k8sgrade.cluster.way import Way

PLUGIN_TIME_S: Final = 60.0
"""A credential plugin that waits for a browser login must not wait for ever."""
HEADER_AGE_S: Final = 30.0
"""How long an Authorization header is used before the way is asked again."""
POOL_SIZE: Final = 16
USER_AGENT: Final = "pytest-k8sgrade"


class Connection:
    """The API server of one context. `pool`, `headers` and `insecure` are for the transport."""

    def __init__(self, chosen: Chosen, workers: Workers) -> None:
        self.context = chosen.context
        self.server = chosen.server
        self.identity = ""
        self.insecure = False
        self.anonymous = True
        self.pool: urllib3.PoolManager
        self._chosen = chosen
        self._workers = workers
        self.generation = 0
        self._lock = threading.Lock()
        self._renewal = threading.Lock()
        self._way: Way | None = None
        self._authorization: dict[str, str] = {}
        self._authorized_at = float("-inf")
        self.load()

    def load(self) -> None:
        """Read the credentials anew; KubeconfigFault when they cannot be had."""
        try:
            self._workers.call(self._load, PLUGIN_TIME_S)
        except TimeoutError:
            kubeconfig_fault("slow", self._chosen.where, seconds=round(PLUGIN_TIME_S))

    def renew(self, generation: int) -> None:
        """Read the credentials anew, unless somebody else has done so since that generation."""
        with self._renewal:
            if self.generation == generation:
                self._choose_again()
                self.load()

    def headers(self) -> dict[str, str]:
        """Headers for one request: who we are, and for whom."""
        with self._lock:
            if time.monotonic() - self._authorized_at > HEADER_AGE_S:
                # Sendable once, when it was loaded: what is not so now may just be being replaced.
                with suppress(KubeconfigFault):
                    self._authorization = self._authorize(self._way)
                self._authorized_at = time.monotonic()
            return {"User-Agent": USER_AGENT, **self._authorization}

    @property
    def terms(self) -> tuple[Term, ...]:
        """From when until when the credentials say that they hold."""
        certificate = self._way.certificate if self._way is not None else None
        return terms(certificate, self._authorization.get("Authorization"))

    def close(self) -> None:
        """Close the connections."""
        if self._way is not None:
            self._way.pool.clear()

    def _choose_again(self) -> None:
        """Credentials may be new, but what they are for may not: they would go to the server of before."""
        again = read_again(self._chosen)
        if again.server != self.server:
            kubeconfig_fault("other-server", self._chosen.where)
        self._chosen = again

    def _load(self) -> None:
        way = _way(self._chosen)
        authorization = self._authorize(way)
        if self._chosen.policy != OWN:
            self._guard(way.pool)
        self.close()
        self._way, self.pool = way, way.pool
        self.insecure, self.anonymous = way.insecure, way.anonymous
        self.identity = identity(self._chosen.user_name, self._chosen.user, way.certificate)
        self._authorization, self._authorized_at = authorization, float("-inf")
        self.generation += 1

    def _guard(self, pool: urllib3.PoolManager) -> None:
        from pytest_k8sgrade.cluster.guarded import guard  # noqa: PLC0415 - imports urllib3

        guard(pool, self._chosen.policy)

    def _authorize(self, way: Way | None) -> dict[str, str]:
        """The headers of who we are; a fault where they cannot be sent, which does not show them."""
        value = way.authorization() if way else None
        headers = ({"Authorization": value} if value else {}) | self._impersonation()
        for name, text in headers.items():
            if not (text.isascii() and text.isprintable()):
                kubeconfig_fault("bad-header", self._chosen.where, header=name)
        return headers

    def _impersonation(self) -> dict[str, str]:
        user = self._chosen.user
        if not user.get("as"):
            return {}
        groups = user.get("as-groups") or []
        if len(groups) > 1:
            kubeconfig_fault("many-groups", self._chosen.where)
        headers = {"Impersonate-User": str(user["as"])}
        return headers | ({"Impersonate-Group": str(groups[0])} if groups else {})


def _way(chosen: Chosen) -> Way:
    from pytest_k8sgrade.cluster.plain_way import is_plain, plain_way  # noqa: PLC0415 - imports urllib3

    if is_plain(chosen):
        return plain_way(chosen, POOL_SIZE)
    from pytest_k8sgrade.cluster.library_way import library_way  # noqa: PLC0415 - kubernetes takes 0.2 s

    return library_way(chosen, POOL_SIZE)


def connect(chosen: Chosen) -> tuple[Connection, Workers]:
    """The connection of a chosen context, and the threads that it may use."""
    workers = Workers()
    if chosen.policy != OWN:
        _require_ordinary_address(chosen, workers)
    return Connection(chosen, workers), workers


def _require_ordinary_address(chosen: Chosen, workers: Workers) -> None:
    """Refuse early and in words what `guarded` would refuse at each connection."""
    try:
        addresses = workers.call(lambda: addresses_of(chosen.server), seconds=5.0)
    except TimeoutError:
        return
    for address in addresses:
        place = refused_place(address, chosen.policy)
        if place is not None:
            told = {"place": part(f"place-{place}"), "permission": repr(place)}
            kubeconfig_fault("bad-place", chosen.where, server=chosen.server, address=address, **told)

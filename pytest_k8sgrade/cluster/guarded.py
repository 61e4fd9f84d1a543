"""Connections that look where they go, for kubeconfigs of somebody else.

A name may resolve to an ordinary address when a kubeconfig is checked, and to the metadata
service a second later. So each connection resolves the name once, checks what it got,
and connects to that. Imported with the transport only: urllib3 is needed.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from urllib3 import PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError, NameResolutionError, NewConnectionError

from pytest_k8sgrade.cluster.addresses import refused_place
from pytest_k8sgrade.cluster.policy import Policy

if TYPE_CHECKING:
    _Base = HTTPConnection
else:
    _Base = object


class PlaceRefused(HTTPError):
    """The server's name led to an address that the policy forbids."""


class _Guarded(_Base):
    policy: Policy

    def _new_conn(self) -> socket.socket:
        name = self._dns_host
        addresses = self._resolved(name)
        if refused := [address for address in addresses if refused_place(address, self.policy)]:
            raise PlaceRefused(f"{name} is {', '.join(refused)}")
        try:
            return self._first_that_answers(addresses)
        finally:
            self._dns_host = name

    def _first_that_answers(self, addresses: Sequence[str]) -> socket.socket:
        for address in addresses[:-1]:
            self._dns_host = address
            with suppress(NewConnectionError):
                return super()._new_conn()
        self._dns_host = addresses[-1]
        return super()._new_conn()

    def _resolved(self, name: str) -> list[str]:
        try:
            found = socket.getaddrinfo(name.strip("[]"), self.port, type=socket.SOCK_STREAM)
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error
        except UnicodeError as error:
            raise NameResolutionError(self.host, self, socket.gaierror(str(error))) from error
        return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def guard(pool: PoolManager | HTTPConnectionPool, policy: Policy) -> None:
    """Let every new connection of the pool go by the policy; it must not have made one yet."""
    plain = type("Plain", (_Guarded, HTTPConnection), {"policy": policy})
    secure = type("Secure", (_Guarded, HTTPSConnection), {"policy": policy})
    if isinstance(pool, PoolManager):
        pool.pool_classes_by_scheme = {
            "http": type("PlainPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
            "https": type("SecurePool", (HTTPSConnectionPool,), {"ConnectionCls": secure}),
        }
    else:
        pool.ConnectionCls = secure if isinstance(pool, HTTPSConnectionPool) else plain

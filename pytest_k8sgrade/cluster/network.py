"""What urllib3 raises, as the reasons a person can act on.

Imported with the transport only. TLS faults are told apart by OpenSSL's codes and
connection faults by type and errno; messages are for nobody.
"""

from __future__ import annotations

import errno
import ssl
from collections.abc import Iterator, Mapping
from typing import Final

from urllib3 import exceptions

from pytest_k8sgrade.cluster.guarded import PlaceRefused
from pytest_k8sgrade.cluster.judging import NoAnswer
from pytest_k8sgrade.cluster.places import endpoint_of

_TLS_CAUSES: Final = {
    7: "unknown-ca",
    9: "not-yet-valid",
    10: "expired",
    18: "unknown-ca",
    19: "unknown-ca",
    20: "unknown-ca",
    21: "unknown-ca",
    62: "name-mismatch",
    64: "name-mismatch",
}


def no_answer(
    error: BaseException, *, server: str, path: str, seconds: float, connecting: bool
) -> NoAnswer | None:
    """The reason that an exception of the network stands for; None for any other exception.

    `connecting` says that a timeout was that of the connection, whose handshake urllib3
    reports like a read; it holds for the whole server.
    """
    where = {"server": server, "path": path}
    if isinstance(error, (exceptions.SSLError, ssl.SSLError)):
        return _tls_fault(error, where)
    if isinstance(error, PlaceRefused):
        return NoAnswer("unreachable", {**where, "cause": "address-not-allowed"}, scope="server")
    if isinstance(error, (exceptions.NewConnectionError, exceptions.ProxyError)):
        cause = _connection_cause(error)
        again = None if cause == "name-not-found" else 0.0
        return NoAnswer("unreachable", {**where, "cause": cause}, scope="server", again=again)
    if isinstance(error, (exceptions.TimeoutError, TimeoutError)):
        ended = {**where, "seconds": round(seconds), "endpoint": server if connecting else endpoint_of(path)}
        return NoAnswer("timeout", ended, scope="server" if connecting else "endpoint")
    if isinstance(error, (exceptions.HTTPError, OSError)):
        return NoAnswer("unreachable", {**where, "cause": "broken-off"}, scope="endpoint", again=0.0)
    return None


def _tls_fault(error: BaseException, where: Mapping[str, str]) -> NoAnswer:
    if any(isinstance(cause, ssl.SSLEOFError) for cause in _chain(error)):
        # The server hung up, as a busy one does: that says nothing of certificates.
        return NoAnswer("unreachable", {**where, "cause": "broken-off"}, scope="server", again=0.0)
    return NoAnswer("tls-error", {**where, "cause": _tls_cause(error)}, scope="server")


def _tls_cause(error: BaseException) -> str:
    for cause in _chain(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _TLS_CAUSES.get(cause.verify_code, "not-trusted")
    return "handshake"


def _connection_cause(error: BaseException) -> str:
    if isinstance(error, exceptions.ProxyError):
        return "proxy"
    if isinstance(error, exceptions.NameResolutionError):
        return "name-not-found"
    codes = {cause.errno for cause in _chain(error) if isinstance(cause, OSError)}
    if errno.ECONNREFUSED in codes:
        return "refused"
    return "no-route" if codes & {errno.EHOSTUNREACH, errno.ENETUNREACH} else "not-connected"


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The exception, what it was raised from, and exceptions that it only carries."""
    todo: list[BaseException] = [error]
    seen: set[int] = set()
    while todo:
        current = todo.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        todo += [one for one in (current.__cause__, current.__context__) if one is not None]
        todo += [argument for argument in current.args if isinstance(argument, BaseException)]

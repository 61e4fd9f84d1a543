"""What can stand between a grader and a cluster: the faults, and the kinds of read they befall.

Data and small functions for `fault_proxy`, which injects the faults, and for the tests that
say what a grade must make of each.
"""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Protocol, TypeAlias

from pytest_k8sgrade.cluster.places import group_of, service_of

MIB = 1024 * 1024
HUGE = 300 * MIB
PATIENCE = 60.0
"""Seconds for which a proxy keeps a silent connection open: longer than any read may take."""


@dataclass(frozen=True)
class Answer:
    """A status, headers and a body; what is passed on has the API server's own headers."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


class Client(Protocol):
    """The connection to the grader, as a fault sees it."""

    def upstream(self) -> Answer:
        """What the API server says to this request."""

    def answer(self, answer: Answer) -> None:
        """Send an answer as it is."""

    def begin(self, status: int, headers: tuple[tuple[str, str], ...], length: int) -> None:
        """Send the head of an answer whose body has `length` bytes."""

    def send(self, data: bytes) -> None:
        """Send a part of the body at once."""

    def hang_up(self) -> None:
        """Close the connection without another word."""


Act: TypeAlias = Callable[[Client], None]


def _status(code: int, reason: str) -> bytes:
    head = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "metadata": {}}
    return json.dumps({**head, "reason": reason, "code": code, "message": "made by a test"}).encode()


def _gateway(status: int, body: bytes, kind: str = "text/plain", **more: str) -> Act:
    headers = (("Content-Type", kind), *((name.replace("_", "-"), value) for name, value in more.items()))
    return lambda client: client.answer(Answer(status, headers, body))


def _delay(client: Client) -> None:
    found = client.upstream()
    time.sleep(0.3)
    client.answer(found)


def _stall(client: Client) -> None:
    time.sleep(PATIENCE)
    client.hang_up()


def _drip(client: Client) -> None:
    client.begin(200, (("Content-Type", "application/json"),), 4096)
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends:
        client.send(b" ")
        time.sleep(0.2)


def _break_off(client: Client) -> None:
    found = client.upstream()
    client.begin(found.status, found.headers, len(found.body) + 1)
    client.send(found.body[: len(found.body) // 2])
    client.hang_up()


def _with_body(make: Callable[[bytes], bytes]) -> Act:
    """The API server's answer with its headers, and another body of the right length."""

    def act(client: Client) -> None:
        found = client.upstream()
        client.answer(Answer(found.status, found.headers, make(found.body)))

    return act


def _huge(client: Client) -> None:
    client.begin(200, (("Content-Type", "application/json"),), HUGE)
    client.send(b'{"items": ["')
    for _ in range(HUGE // MIB):
        client.send(b"x" * MIB)


def _bomb(client: Client) -> None:
    headers = (("Content-Type", "application/json"), ("Content-Encoding", "gzip"))
    client.answer(Answer(200, headers, packed()))


@cache
def packed() -> bytes:
    """300 MiB as gzip has them; takes a second the first time."""
    packer = zlib.compressobj(1, wbits=31)
    content = b"".join(packer.compress(b"x" * MIB) for _ in range(HUGE // MIB))
    return content + packer.flush()


PAGE = b"<!doctype html><title>Sign in</title><form>user password</form>"
_STATUS = {429: "TooManyRequests", 404: "NotFound", 410: "Expired", 500: "InternalError"}


def _speaking_kubernetes(code: int, **headers: str) -> Act:
    """A gateway that words its answer as the API server would."""
    return _gateway(
        code, _status(code, _STATUS.get(code, "ServiceUnavailable")), "application/json", **headers
    )


ACTS: Mapping[str, Act] = {
    "delay": _delay,
    "stall": _stall,
    "drip": _drip,
    "drop": lambda client: client.hang_up(),
    "break-off": _break_off,
    "truncate": _with_body(lambda body: body[: len(body) // 2]),
    "invalid-json": _with_body(lambda _: b'{"items": [,]}'),
    "other-json": _with_body(lambda _: b"{}"),
    "huge": _huge,
    "bomb": _bomb,
    "login-page": _gateway(200, PAGE, "text/html"),
    "redirect": _gateway(302, b"", Location="https://sso.example/"),
    "401": _gateway(401, b"no"),
    "403": _gateway(403, b"no"),
    "404": _gateway(404, b"404 page not found\n"),
    "404-status": _speaking_kubernetes(404),
    "410": _speaking_kubernetes(410),
    "429": _speaking_kubernetes(429, Retry_After="1"),
    "500": _speaking_kubernetes(500),
    "503": _gateway(503, b"service unavailable\n"),
    "503-status": _speaking_kubernetes(503),
}
"""Every fault, in the order of the table in docs/faults.md; faults.yaml says what they are called."""

_PROXIED = {"9090": "prometheus", "9093": "alertmanager", "80": "grafana", "https": "argocd-server"}

READS = ("get", "list", "discovery", "aggregated", "custom", *_PROXIED.values(), "grafana-login")
"""The kinds of read. `custom` are objects of CRDs: Argo CD's and the operator's."""


def reads_of(method: str, path: str) -> Iterator[str]:
    """The kinds that a request belongs to: its own, `everything`, and for one in three `third`."""
    yield "everything"
    if zlib.crc32(path.encode()) % 3 == 0:
        yield "third"
    yield _own_kind(method, path)


def _own_kind(method: str, path: str) -> str:
    if method == "POST":
        return "grafana-login"
    service, group = service_of(path), group_of(path)
    if service is not None:
        return _PROXIED.get(service.port, "other-service")
    base = 4 if path.startswith("/apis/") else 3
    rest = path.split("/")[base:]
    if not rest:
        return "discovery"
    if group.endswith("metrics.k8s.io"):
        return "aggregated"
    if "." in group and not group.endswith(".k8s.io"):
        return "custom"
    own = rest[2:] if rest[0] == "namespaces" and len(rest) > 2 else rest
    return "get" if len(own) > 1 else "list"

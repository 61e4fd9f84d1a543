"""An API server in memory that knows what the records of a case tell, and nothing else.

It stands where the connection pool of the real transport is, so that credentials,
retries and refusals are the product's own. Paths are matched, other query strings
tolerated; only a PromQL expression must be the recorded one. Objects that a list
shows can be asked for alone, and the other way round. What no record tells has no
answer.
"""

from __future__ import annotations

import errno
import io
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from email.utils import format_datetime
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

import urllib3
import urllib3.connection
from urllib3 import exceptions

from pytest_k8sgrade.cluster.bounded import Workers
from pytest_k8sgrade.cluster.reader import LiveReader
from pytest_k8sgrade.cluster.transport import Transport
from pytest_k8sgrade.outcome import CannotTell, Reason
from tests.cases.knowledge import Knowledge
from tests.cases.records import Answered

SERVER: Final = "https://case.invalid:6443"

_POOL: Final = urllib3.HTTPConnectionPool("case.invalid")
_CONNECTION: Final = urllib3.connection.HTTPConnection("case.invalid")


def _not_connected(code: int) -> Exception:
    error = exceptions.NewConnectionError(_CONNECTION, "case")
    error.__cause__ = OSError(code, "case")
    return error


FAILURES: Final[Mapping[str, Callable[[], Exception]]] = {
    "refused": lambda: _not_connected(errno.ECONNREFUSED),
    "no-route": lambda: _not_connected(errno.EHOSTUNREACH),
    "timeout": lambda: exceptions.ConnectTimeoutError(None, "case"),
    "silent": lambda: exceptions.ReadTimeoutError(_POOL, "/", "case"),
    "reset": lambda: exceptions.ProtocolError("case", ConnectionResetError(errno.ECONNRESET, "case")),
    "empty": lambda: exceptions.ProtocolError("case", EOFError()),
}
"""What `fails` may name, as the network's own errors."""


class RecordedServer:
    """The connection and its pool. `asked` tells each request with where its answer came from."""

    def __init__(self, records: Sequence[Answered], now: datetime, fails: Mapping[str, str]) -> None:
        self.asked: list[tuple[str, str]] = []
        self.server, self.context, self.identity = SERVER, "case", "student"
        self.anonymous = self.insecure = False
        self.terms = ()
        self.generation = 0
        self.pool = self
        self._knowledge = Knowledge(records)
        self._now = now
        self._fails = fails
        self._told: Counter[int] = Counter()

    def reader(self) -> LiveReader:
        """The product's own reader over this server."""
        connection: Any = self
        return LiveReader(Transport(connection, Workers()))

    @property
    def moments(self) -> int:
        """How many looks show all of it: a repeated request is a sequence in time."""
        return self._knowledge.longest

    def renew(self, generation: int) -> None:
        """New credentials."""
        self.generation = generation + 1

    def headers(self) -> dict[str, str]:
        """No credentials are needed here."""
        return {}

    def urlopen(self, method: str, url: str, **_options: Any) -> urllib3.HTTPResponse:
        """The recorded answer or failure; CannotTell `not-recorded` when no record tells."""
        parts = urlsplit(url.removeprefix(SERVER))
        path, query = unquote(parts.path), dict(parse_qsl(parts.query, keep_blank_values=True))
        key = f"{method} {url.removeprefix(SERVER)}"
        failure = next((name for prefix, name in self._fails.items() if path.startswith(prefix)), None)
        if failure is not None:
            self.asked.append((key, f"fails: {failure}"))
            raise FAILURES[failure]()
        if method == "POST":
            self.asked.append((key, "login"))
            return _response(200, {"set-cookie": "session=case"}, b"{}", self._now)
        found = self._knowledge.find(path, query)
        self.asked.append((key, "not recorded" if found is None else found.origin))
        if found is None:
            raise CannotTell(Reason("not-recorded", {"path": path}))
        answer = found.answers[min(self._told[found.id], len(found.answers) - 1)]
        self._told[found.id] += 1
        return _response(answer.status, answer.headers, answer.content, self._now)


def _response(status: int, headers: Mapping[str, str], content: bytes, now: datetime) -> urllib3.HTTPResponse:
    marked = {"date": format_datetime(now, usegmt=True), "audit-id": "case", **headers}
    return urllib3.HTTPResponse(io.BytesIO(content), marked, status, preload_content=False)

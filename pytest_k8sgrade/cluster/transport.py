"""One read from the API server: its deadline, its retries, its size, its reason to fail.

Works on the connection's pool, since the calls of the kubernetes library wait without end
and repeat what must not be repeated. Nothing but a GET and one login
form ever leaves here; everything else raises before a byte is sent (what an active check
does goes through `acting_sending`, which a passive run never makes). Errors carry
addresses, codes and seconds, never a header or a body.
"""

from __future__ import annotations

import json
import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from pytest_k8sgrade.cluster.body import TooLarge, read_body
from pytest_k8sgrade.cluster.bounded import Workers
from pytest_k8sgrade.cluster.exchange import Request, Response, kept_headers
from pytest_k8sgrade.cluster.judging import (
    MARK,
    Judgement,
    NoAnswer,
    clocks_apart,
    date_of,
    forbidden_params,
    judge,
    throttling_scope,
)
from pytest_k8sgrade.cluster.places import may_send
from pytest_k8sgrade.cluster.terms import out_of_term
from pytest_k8sgrade.errors import KubeconfigFault

if TYPE_CHECKING:
    import urllib3

    from pytest_k8sgrade.cluster.connection import Connection

READ_S: Final = 10.0
CONNECT_S: Final = 3.0
MAX_BYTES: Final = 64 * 1024 * 1024

_REFUSED: Final = ("unauthorized", "clock-skew", "credentials-expired", "credentials-too-new")
_HUNG_UP: Final = frozenset({"handshake", "broken-off"})
"""How a server, or what stands in front of it, ends a connection whose certificate it does not accept."""
_GRACE_S: Final = 0.3
"""The socket's own timeout should come first: it knows whether a connection was there."""
_BACKOFF_S: Final = (0.0, 0.2, 0.6)
"""The first repetition is at once: a kept connection may just have been closed."""
_BUSY_PAUSES_S: Final = (0.1, 0.2, 0.4, 0.8, 1.6)
"""While the server asks for patience without saying how much."""


class WriteRefused(RuntimeError):
    """Something tried to send a request that could change the cluster; a fault of ours."""


@dataclass(frozen=True, slots=True)
class Sending:
    """One request on its way, and when its time is up."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes | None
    seconds: float
    ends: float

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]


@dataclass(frozen=True, slots=True)
class _Received:
    response: Response
    cookies: tuple[str, ...]
    marked: bool


class Transport:
    """Sends requests over one connection. Safe to use from several threads."""

    def __init__(self, connection: Connection, workers: Workers, max_bytes: int = MAX_BYTES) -> None:
        self.connection = connection
        self._max_bytes = max_bytes
        self._workers = workers
        self._marks: bool | None = None

    def get(self, request: Request, *, seconds: float = READ_S, cookie: str = "") -> Response:
        """The answer, whatever a proxied service says in it; CannotTell when there is none in time."""
        headers = {"Accept": "application/json, */*;q=0.5", "Accept-Encoding": "gzip"}
        if cookie:
            headers["Cookie"] = cookie
        return self._until("GET", request.target, headers, None, seconds)[0]

    def login(
        self, path: str, form: Mapping[str, str], *, seconds: float = READ_S
    ) -> tuple[Response, tuple[str, ...]]:
        """Post a login form, once: a wrong password that is repeated may lock the account.

        Gives the answer and the cookies it sets.
        """
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        return self._until("POST", path, headers, json.dumps(form).encode(), seconds)

    def _until(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes | None, seconds: float
    ) -> tuple[Response, tuple[str, ...]]:
        sending = Sending(method, target, headers, body, seconds, time.monotonic() + seconds)
        if not may_send(method, sending.path):
            raise WriteRefused(f"{method} {sending.path}")
        return self._attempts(sending)

    def _attempts(self, sending: Sending) -> tuple[Response, tuple[str, ...]]:
        attempts, renewed = 0, False
        while True:
            generation = self.connection.generation
            try:
                return self._once(sending)
            except NoAnswer as error:
                if error.reason.id in _REFUSED and not renewed and self._renew(generation):
                    renewed = True
                    continue
                pause = _pause(error, attempts)
                if pause is None or sending.method != "GET" or time.monotonic() + pause >= sending.ends:
                    raise
                attempts += 1
                time.sleep(pause)

    def _renew(self, generation: int) -> bool:
        try:
            self.connection.renew(generation)
        except KubeconfigFault:
            return False
        return True

    def _once(self, sending: Sending) -> tuple[Response, tuple[str, ...]]:
        """One attempt, on a thread that is left behind when it outlasts the deadline."""
        received = self._bounded(sending)
        response = received.response
        judgement = judge(sending.path, response)
        if judgement == "answer" and not received.marked:
            judgement = self._unmarked(sending, response)
        if judgement == "answer":
            return response, received.cookies
        raise self._refusal(judgement, sending, response)

    def _unmarked(self, sending: Sending, response: Response) -> Judgement:
        """The judgement of what seems to be an answer and bears no mark."""
        judgement = judge(sending.path, response, marked=False)
        if judgement == "answer" or self._never_marks(sending):
            return "answer"
        return judgement

    def _never_marks(self, sending: Sending) -> bool:
        """Whether the server is known to set no marks: its own version came without."""
        if self._marks is None:
            headers = {"Accept": "application/json"}
            about_itself = replace(sending, method="GET", target="/version", headers=headers, body=None)
            try:
                received = self._bounded(about_itself)
            except NoAnswer:
                return False
            if not received.marked and judge("/version", received.response, marked=False) == "answer":
                self._marks = False
        return self._marks is False

    def _bounded(self, sending: Sending) -> _Received:
        left = sending.ends - time.monotonic()
        try:
            received = self._workers.call(lambda: self._send(sending, left), left + _GRACE_S)
        except TooLarge:
            limit = self._max_bytes // (1024 * 1024)
            raise NoAnswer("too-large", {"path": sending.path, "limit_mib": limit}) from None
        except Exception as error:
            known = self._known(error, sending)
            if known is None:
                raise
            raise self._of_certificate(known) from error
        if received.marked:
            self._marks = True
        return received

    def _known(self, error: Exception, sending: Sending) -> NoAnswer | None:
        from pytest_k8sgrade.cluster.network import no_answer  # noqa: PLC0415 - imports urllib3

        early = time.monotonic() < sending.ends - _GRACE_S
        return no_answer(
            error,
            server=self.connection.server,
            path=sending.path,
            seconds=CONNECT_S if early else sending.seconds,
            connecting=early,
        )

    def _of_certificate(self, known: NoAnswer) -> NoAnswer:
        """The same, told of our own certificate where that is out of its term."""
        connection = self.connection
        if known.reason.params.get("cause") not in _HUNG_UP:
            return known
        own = [term for term in connection.terms if term.credential == "client-certificate"]
        told = out_of_term(own, [datetime.now(UTC)])
        if told is None:
            return known
        who = {"context": connection.context, "user": connection.identity}
        return NoAnswer(
            told[0], {**known.reason.params, **who, **told[1]}, scope=known.scope, again=known.again
        )

    def _send(self, sending: Sending, left: float) -> _Received:
        answer = self._open(sending, left)
        complete = False
        try:
            content = read_body(answer, ends=sending.ends, max_bytes=self._max_bytes)
            complete = True
        finally:
            if complete:
                answer.release_conn()
            else:
                answer.close()
        response = Response(answer.status, kept_headers(answer.headers), content, sending.path)
        return _Received(response, tuple(answer.headers.getlist("set-cookie")), MARK in answer.headers)

    def _open(self, sending: Sending, left: float) -> urllib3.BaseHTTPResponse:
        from urllib3 import Timeout  # noqa: PLC0415 - comes with the connection
        from urllib3.exceptions import InsecureRequestWarning  # noqa: PLC0415

        options: dict[str, Any] = {
            "body": sending.body,
            "headers": {**sending.headers, **self.connection.headers()},
            "timeout": Timeout(connect=min(CONNECT_S, left), read=left),
            "redirect": False,
            "retries": False,
            "preload_content": False,
            "decode_content": False,
        }
        url = self.connection.server + sending.target
        if not self.connection.insecure:
            return self.connection.pool.urlopen(sending.method, url, **options)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", InsecureRequestWarning)
            return self.connection.pool.urlopen(sending.method, url, **options)

    def _refusal(self, judgement: Judgement, sending: Sending, response: Response) -> NoAnswer:
        connection, code = self.connection, response.status
        where = {"server": connection.server, "path": sending.path, "code": code}
        who = {"context": connection.context, "user": connection.identity}
        if judgement in ("unauthorized", "forbidden") and connection.anonymous:
            return NoAnswer("no-credentials", {**where, **who}, scope="server" if code == 401 else "request")
        match judgement:
            case "unauthorized":
                theirs = date_of(response) if response.api_status is not None else None
                clocks = [datetime.now(UTC), *([theirs] if theirs is not None else [])]
                apart = clocks_apart(theirs)
                otherwise = ("clock-skew" if apart else "unauthorized"), apart
                reason, facts = out_of_term(connection.terms, clocks) or otherwise
                return NoAnswer(reason, {**where, **who, **facts}, scope="server")
            case "forbidden":
                details = forbidden_params(response.api_status, sending.path)
                return NoAnswer("forbidden", {**where, **who, **details})
            case "throttled":
                waited = {**where, "seconds": round(sending.seconds)}
                scope = throttling_scope(sending.path, response)
                return NoAnswer("throttled", waited, scope=scope, again=_retry_after(response))
            case "redirected" | "foreign":
                return NoAnswer(judgement, where)
            case _:
                return NoAnswer("server-error", where, again=0.0)


def _pause(error: NoAnswer, attempts: int) -> float | None:
    """Seconds until the next attempt, None when there shall be none."""
    if error.again is None:
        return None
    if error.reason.id == "throttled":
        return max(error.again, _BUSY_PAUSES_S[min(attempts, len(_BUSY_PAUSES_S) - 1)])
    return _BACKOFF_S[attempts] if attempts < len(_BACKOFF_S) else None


def _retry_after(response: Response) -> float:
    given = response.header("retry-after")
    return float(given) if given.isdecimal() and len(given) < 6 else 0.0

"""One look at the cluster: every request is sent once, whatever the items ask.

All items of a round share a view, so that their verdicts are about one moment. It
carries the cluster's clock (the host's may be hours off), remembers errors as well
as answers, and lets an endpoint that hangs cost one wait. Its exchanges are the
evidence of what was seen.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future
from datetime import datetime
from typing import Final

from pytest_k8sgrade.cluster.exchange import Exchange, Request, Response
from pytest_k8sgrade.cluster.judging import NoAnswer, date_of
from pytest_k8sgrade.cluster.places import endpoint_of, service_of
from pytest_k8sgrade.cluster.reader import Login, Reader
from pytest_k8sgrade.outcome import CannotTell, Finding, cannot_tell

READ_S: Final = 10.0
HASTY_S: Final = 2.0
"""The patience with further endpoints of a server of which one has just hung."""
_CLOCK: Final = Request.to("/version")


class Clock:
    """The cluster's time, which never goes back from one view to the next."""

    def __init__(self, now: datetime | None = None) -> None:
        self._now = now
        self._lock = threading.Lock()

    def advance(self, moment: datetime) -> datetime:
        """The later of the moment and all before it."""
        with self._lock:
            self._now = max(self._now or moment, moment)
            return self._now


class Circuit:
    """What has failed in this view in a way that also holds for what comes next."""

    def __init__(self) -> None:
        self._open: dict[str, NoAnswer] = {}

    def patience(self, path: str) -> float:
        """Seconds that a read may take; raises at once when it would fail as one before it."""
        for place in ("server", endpoint_of(path)):
            if place in self._open:
                raise self._open[place]
        return HASTY_S if self._open else READ_S

    def trip(self, path: str, error: NoAnswer) -> None:
        """Remember how far the error reaches."""
        if error.scope != "request":
            self._open.setdefault("server" if error.scope == "server" else endpoint_of(path), error)


class View:
    """A cache over a reader for one round. Requests may come from several threads."""

    def __init__(self, reader: Reader, clock: Clock | None = None, now: datetime | None = None) -> None:
        self._reader = reader
        self._clock = clock or Clock()
        self._now = now
        self._circuit = Circuit()
        self._lock = threading.Lock()
        self._results: dict[str, Future[Response]] = {}
        self._requests: dict[str, Request] = {}
        self._asked: set[str] = set()

    @property
    def now(self) -> datetime:
        """The cluster's time at this look; asks for it when nothing was read yet."""
        if self._now is None:
            self.read(_CLOCK)
        if self._now is None:
            cannot_tell("bad-response", path=_CLOCK.path, code=200)
        return self._now

    def read(self, request: Request) -> Response:
        """The answer, from this view's memory if it was asked before; CannotTell likewise."""
        with self._lock:
            self._asked.add(request.key)
        return self._once(request.key, request, None)

    def login(self, login: Login) -> Response:
        """The status of a login of a proxied service; see `reader.LiveReader`."""
        with self._lock:
            self._asked.add(login.key)
        return self._once(login.key, None, login)

    def fetch(self, request: Request) -> None:
        """Read ahead: fill the memory, without saying that anybody asked."""
        try:
            self._once(request.key, request, None)
        except Finding:
            return

    def requests(self) -> Sequence[Request]:
        """The GETs that were asked for, for reading ahead in the next view."""
        with self._lock:
            return [request for key, request in self._requests.items() if key in self._asked]

    def exchanges(self) -> list[Exchange]:
        """What was asked and what came of it, by key."""
        with self._lock:
            done = {
                key: future for key, future in self._results.items() if key in self._asked and future.done()
            }
        return [Exchange(key, _result(done[key])) for key in sorted(done)]

    def _once(self, key: str, request: Request | None, login: Login | None) -> Response:
        with self._lock:
            future = self._results.get(key)
            mine = future is None
            if future is None:
                future = self._results[key] = Future()
                if request is not None:
                    self._requests[key] = request
        if mine:
            try:
                future.set_result(self._send(request, login))
            except BaseException as error:
                if not isinstance(error, Finding):
                    with self._lock:
                        del self._results[key]
                future.set_exception(error)
                raise
        return future.result()

    def _send(self, request: Request | None, login: Login | None) -> Response:
        path = request.path if request is not None else login.path if login is not None else ""
        try:
            seconds = self._circuit.patience(path)
            if login is not None:
                return self._reader.login(login, seconds)
            assert request is not None
            response = self._reader.read(request, seconds)
        except NoAnswer as error:
            self._circuit.trip(path, error)
            raise
        if self._now is None and service_of(path) is None:
            self._read_clock(response)
        return response

    def _read_clock(self, response: Response) -> None:
        moment = date_of(response)
        with self._lock:
            if self._now is None and moment is not None:
                self._now = self._clock.advance(moment)


def _result(future: Future[Response]) -> Response | CannotTell:
    error = future.exception()
    if error is None:
        return future.result()
    assert isinstance(error, CannotTell)
    return error

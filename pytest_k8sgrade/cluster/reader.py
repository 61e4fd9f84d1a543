"""Where answers come from: a live cluster, or (see `replay`) an evidence file.

A reader redacts what it reads, so that a check sees the same bytes whether it looks
at a cluster or at evidence. The one thing that needs a real secret, the login of
Grafana, happens in here: the caller names the Secret and gets a status, never a
value or a cookie.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol
from urllib.parse import quote

from pytest_k8sgrade.cluster.exchange import Request, Response
from pytest_k8sgrade.cluster.judging import NoAnswer
from pytest_k8sgrade.cluster.places import Service
from pytest_k8sgrade.cluster.redaction import Redactor
from pytest_k8sgrade.cluster.transport import Transport

_OK: Final = 200
_FINAL: Final = frozenset({_OK, 400, 401, 403})
"""Answers to a login that would be the same again; others may come from a Grafana that starts."""


@dataclass(frozen=True, slots=True)
class SecretValue:
    """One value of a Secret, by name: what it says is known to the reader alone."""

    namespace: str
    name: str
    key: str

    def __str__(self) -> str:
        return f"Secret {self.namespace}/{self.name}[{self.key}]"

    @property
    def path(self) -> str:
        """The Secret's path."""
        return f"/api/v1/namespaces/{quote(self.namespace, safe='')}/secrets/{quote(self.name, safe='')}"


@dataclass(frozen=True, slots=True)
class Login:
    """A login form of a proxied service, filled in with values that only the reader knows."""

    service: Service
    user: str | SecretValue
    password: SecretValue
    prefix: str = ""

    @property
    def path(self) -> str:
        """Where the form is posted."""
        return f"{self.service.proxy_path}{self.prefix}/login"

    @property
    def id(self) -> str:
        """What requests made after it are known by."""
        return f"{self.user} with {self.password} at {self.path}"

    @property
    def key(self) -> str:
        """What the cache and the evidence know it by."""
        return f"POST {self.path} as {self.id}"


class Reader(Protocol):
    """Answers requests; raises CannotTell when there is no answer."""

    def read(self, request: Request, seconds: float) -> Response:
        """The redacted answer to a GET, within `seconds`."""

    def login(self, login: Login, seconds: float) -> Response:
        """The status of a login, without a body."""


class LiveReader:
    """Reads a cluster. Logins are remembered for its lifetime, refused ones too."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._redactor = Redactor()
        self._logins: dict[str, Login] = {}
        self._cookies: dict[str, str] = {}
        self._statuses: dict[tuple[str, bytes], int] = {}
        self._lock = threading.RLock()

    def read(self, request: Request, seconds: float) -> Response:
        """The redacted answer; after a login whose session has ended, it logs in once more."""
        response = self._read(request, seconds)
        if request.login and response.status == 401 and self._renew(request.login, seconds):
            response = self._read(request, seconds)
        return self._redactor.redact(request, response)

    def login(self, login: Login, seconds: float) -> Response:
        """Log in, unless this very password was tried before."""
        with self._lock:
            self._logins[login.id] = login
            form = {
                "user": self._value(login.user, seconds),
                "password": self._value(login.password, seconds),
            }
            tried = (login.id, hashlib.sha256(repr(sorted(form.items())).encode()).digest())
            known = self._statuses.get(tried)
            if known is None or (known == _OK and login.id not in self._cookies):
                return self._post(login, form, tried, seconds)
            return Response(known, {}, b"", login.path)

    def _post(
        self, login: Login, form: Mapping[str, str], tried: tuple[str, bytes], seconds: float
    ) -> Response:
        response, cookies = self._transport.login(login.path, form, seconds=seconds)
        if response.status == _OK:
            if not cookies:  # whoever lets somebody in gives a session: this was another page
                raise NoAnswer("bad-response", {"path": login.path, "code": response.status})
            self._cookies[login.id] = "; ".join(cookie.partition(";")[0] for cookie in cookies)
        if response.status in _FINAL:
            self._statuses[tried] = response.status
        said = response.content if response.api_status is not None else b""
        return Response(response.status, {}, said, login.path)

    def _read(self, request: Request, seconds: float) -> Response:
        cookie = self._cookies.get(request.login, "") if request.login else ""
        return self._transport.get(request, seconds=seconds, cookie=cookie)

    def _renew(self, login_id: str, seconds: float) -> bool:
        with self._lock:
            if self._cookies.pop(login_id, None) is None:
                return False
            return self.login(self._logins[login_id], seconds).status == _OK

    def _value(self, value: str | SecretValue, seconds: float) -> str:
        if isinstance(value, str):
            return value
        response = self._transport.get(Request.to(value.path), seconds=seconds)
        try:
            return base64.b64decode(response.json()["data"][value.key], validate=True).decode()
        except (KeyError, TypeError, ValueError, binascii.Error):
            unread = {"path": value.path, "code": response.status}
            raise NoAnswer("bad-response", unread) from None

"""Talks to a bed's API server without starting a program: for set-up, polling and tokens.

Not the plugin's client on purpose: what sets the stage shares no code with what is tested on it.
"""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

from .state import BedError

HOST, PORT = "127.0.0.1", 6443
Connect = Callable[[str, int, float], socket.socket]


class ApiError(BedError):
    """An answer other than success."""

    def __init__(self, method: str, path: str, status: int, text: str) -> None:
        super().__init__(f"{method} {path}: {status} {text[:500]}")
        self.status = status


class Api:
    """The API server of one bed, as its administrator; every call is a connection of its own."""

    def __init__(self, pki: Path, connect: Connect) -> None:
        self._pki = pki
        self._connect = connect

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self._pki / "ca.crt")
        context.load_cert_chain(self._pki / "admin.crt", self._pki / "admin.key")
        return context

    def raw(self, method: str, path: str, body: Any = None, *, timeout: float = 10) -> tuple[int, str]:
        """Status and text of one exchange; raises OSError if there is no answer."""
        connection = http.client.HTTPConnection(HOST, PORT, timeout=timeout)
        plain = self._connect(HOST, PORT, timeout)
        connection.sock = self._tls.wrap_socket(plain, server_hostname=HOST)
        try:
            payload = None if body is None else json.dumps(body)
            connection.request(method, path, payload, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, answer.read().decode("utf-8", "replace")
        except http.client.HTTPException as error:
            raise ConnectionError(f"{method} {path}: {type(error).__name__} {error}") from error
        finally:
            connection.close()

    def call(self, method: str, path: str, body: Any = None, *, timeout: float = 10) -> Any:
        """The parsed answer; raises `ApiError` unless the server agreed."""
        status, text = self.raw(method, path, body, timeout=timeout)
        if not 200 <= status < 300:
            raise ApiError(method, path, status, text)
        return json.loads(text)

    def get(self, path: str) -> Any:
        """Read one object, list or API."""
        return self.call("GET", path)

    def post(self, path: str, body: Any) -> Any:
        """Create an object."""
        return self.call("POST", path, body)

    def ready(self) -> bool:
        """Whether the API server says it is ready."""
        try:
            return self.raw("GET", "/readyz", timeout=2)[0] == 200
        except OSError:
            return False

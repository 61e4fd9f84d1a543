"""A fake API server for tests: a real HTTPS server on loopback, and kubeconfigs for it.

Routes map a path (or a path with its query) to an answer. It records every request
line, so that a test can prove what was sent and what was not.
"""

from __future__ import annotations

import base64
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml

from tests.unit.cluster.certificates import Authority

START = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
UNMARKED = {"Audit-Id": ""}
"""Headers of an answer that the API server did not give."""


@dataclass
class Answer:
    """What the fake says: a body (JSON unless it is text or bytes), a status, headers, a wait."""

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    wait_s: float = 0.0

    def content(self) -> bytes:
        """The body as bytes."""
        if isinstance(self.body, bytes):
            return self.body
        return (self.body if isinstance(self.body, str) else json.dumps(self.body)).encode()


Route = Answer | Callable[["Handler"], Answer | None]


def status(code: int, reason: str, **details: Any) -> Answer:
    """A Status document, as the API server answers errors; with 401 its clock matters, so it is right."""
    body = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "code": code}
    headers = {"Date": format_datetime(datetime.now(UTC), usegmt=True)} if code == 401 else {}
    return Answer({**body, "details": details}, code, headers)


def text(code: int, body: str) -> Answer:
    """A plain text answer, as for groups that are not registered."""
    return Answer(body, code, {"Content-Type": "text/plain; charset=utf-8"})


class Handler(BaseHTTPRequestHandler):
    """Looks up the route; a callable route may write to the socket itself and return None."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: Server
    asked = b""
    """The body of the request that is being answered."""

    def do_GET(self) -> None:
        """Answer from the routes, 404 as the API server does."""
        length = int(self.headers.get("Content-Length") or 0)
        body = self.asked = self.rfile.read(length)
        api = self.server.api
        api.requests.append((self.command, self.path, dict(self.headers), body))
        bare = self.path.partition("?")[0]
        route = api.routes.get(self.path) or api.routes.get(bare) or text(404, "404 page not found\n")
        answer = route if isinstance(route, Answer) else route(self)
        if answer is not None:
            self.write(answer)

    do_POST = do_PUT = do_DELETE = do_PATCH = do_GET  # noqa: N815 - the names http.server looks for

    def write(self, answer: Answer) -> None:
        """Send one answer."""
        if answer.wait_s:
            time.sleep(answer.wait_s)
        content = answer.content()
        self.send_response_only(answer.status)
        marked = {"Date": self.server.api.date, "Audit-Id": "of-this-answer"}
        headers = {"Content-Type": "application/json", **marked, **answer.headers}
        for name, value in headers.items():
            if value:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_args: Any) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """The HTTP server, which knows its fake."""

    daemon_threads = True
    block_on_close = False
    api: FakeApi

    def handle_error(self, *_args: Any) -> None:
        """Clients that go away are what these tests are about."""


class FakeApi:
    """Routes, the requests that came, and the clock that the Date header shows."""

    def __init__(self, authority: Authority, folder: Path) -> None:
        self.routes: dict[str, Route] = {
            "/version": Answer({"gitVersion": "v1.34.4"}),
            "/apis": Answer({"groups": []}),
        }
        self.requests: list[tuple[str, str, dict[str, str], bytes]] = []
        self.date = format_datetime(START, usegmt=True)
        self.authority = authority
        self.folder = folder
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.api = self
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(authority.server_pem)
        self.server.socket = context.wrap_socket(
            self.server.socket, server_side=True, do_handshake_on_connect=False
        )
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def url(self) -> str:
        """The server's address."""
        return f"https://127.0.0.1:{self.server.server_address[1]}"

    def paths(self) -> list[str]:
        """The targets asked for, in order."""
        return [path for _, path, _, _ in self.requests]

    def document(
        self, user: Mapping[str, Any] | None = None, cluster: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """A kubeconfig for this server, with changes to its user and cluster."""
        base = {"server": self.url, "certificate-authority-data": _b64(self.authority.ca_pem)}
        known = {"token": "planted-bearer-token"} if user is None else dict(user)
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "lab",
            "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": "student"}}],
            "clusters": [{"name": "lab", "cluster": {**base, **(cluster or {})}}],
            "users": [{"name": "student", "user": known}],
        }

    def kubeconfig(
        self, user: Mapping[str, Any] | None = None, cluster: Mapping[str, Any] | None = None
    ) -> Path:
        """The kubeconfig as a file."""
        path = self.folder / "kubeconfig"
        path.write_text(yaml.safe_dump(self.document(user, cluster)), encoding="utf-8")
        return path

    def close(self) -> None:
        """Stop serving."""
        self.server.shutdown()
        self.server.server_close()


@contextmanager
def fake_api(authority: Authority, folder: Path) -> Iterator[FakeApi]:
    """A running fake."""
    api = FakeApi(authority, folder)
    try:
        yield api
    finally:
        api.close()


def _b64(content: bytes) -> str:
    return base64.b64encode(content).decode()

"""A student's API server that means ill: the recorded reference of lab 1, with one thing wrong.

A real HTTPS server on loopback. What it does wrong is a fault of `tests.e2e.fault_kinds`, which
befalls the requests that `choose` names, or all.
"""

from __future__ import annotations

import base64
import json
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from pytest_k8sgrade.cluster.evidence import unpack
from tests.bench.clusters import Recording
from tests.e2e.fault_kinds import Act, Answer
from tests.unit.cluster.certificates import Authority

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "examples" / "lab1" / "reference.zip"
TOKEN = "planted-bearer-token"

Choose = Callable[[str], bool]


@cache
def recording() -> Recording:
    """What a good cluster answers."""
    return Recording(unpack(REFERENCE))


class Server(ThreadingHTTPServer):
    """The listening side. `asked` are the requests with their headers."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, authority: Authority, act: Act | None, choose: Choose) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        own.load_cert_chain(authority.server_pem)
        self.socket = own.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.authority = authority
        self.act = act
        self.choose = choose
        self.asked: list[tuple[str, str, Mapping[str, str]]] = []

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    def document(
        self, user: Mapping[str, Any] | None = None, cluster: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """A kubeconfig for it, with changes to its user and cluster."""
        base = {
            "server": f"https://127.0.0.1:{self.port}",
            "certificate-authority-data": base64.b64encode(self.authority.ca_pem).decode(),
        }
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "lab",
            "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": "student"}}],
            "clusters": [{"name": "lab", "cluster": {**base, **(cluster or {})}}],
            "users": [{"name": "student", "user": {"token": TOKEN} if user is None else dict(user)}],
        }

    def kubeconfig(
        self, user: Mapping[str, Any] | None = None, cluster: Mapping[str, Any] | None = None
    ) -> str:
        """The same as text."""
        return json.dumps(self.document(user, cluster))

    def handle_error(self, *_args: object) -> None:
        """Graders that hang up are what this is about."""


class _Handler(BaseHTTPRequestHandler):
    """One connection of a grader; a `Client` of the faults."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: Server

    def do_GET(self) -> None:
        """Answer as recorded, or do what is wrong."""
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.asked.append((self.command, self.path, dict(self.headers)))
        if self.server.act is not None and self.server.choose(self.path):
            self.server.act(self)
        else:
            self.answer(self.upstream())

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815 - the names http.server looks for

    def upstream(self) -> Answer:
        """What the good cluster would say."""
        head, _, body = recording().answer(self.command, self.path).partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        pairs = (line.split(": ", 1) for line in lines)
        headers = tuple((name, value) for name, value in pairs if name.lower() != "content-length")
        return Answer(int(first.split(" ")[1]), headers, body)

    def answer(self, answer: Answer) -> None:
        """Send an answer as it is."""
        self.begin(answer.status, answer.headers, len(answer.body))
        self.send(answer.body)

    def begin(self, status: int, headers: tuple[tuple[str, str], ...], length: int) -> None:
        """Send the head of an answer."""
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        if length >= 0:
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def send(self, data: bytes) -> None:
        """Send a part of the body at once."""
        self.wfile.write(data)
        self.wfile.flush()

    def hang_up(self) -> None:
        """Close the connection after the request."""
        self.close_connection = True

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


@contextmanager
def serving(
    authority: Authority, act: Act | None = None, choose: Choose = lambda _path: True
) -> Iterator[Server]:
    """A running server."""
    server = Server(authority, act, choose)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()

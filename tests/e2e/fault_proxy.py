"""A proxy before the real API server that injects faults, chosen by the address it is asked at.

Run inside a bed: `python -m tests.e2e.fault_proxy PORT CERTIFICATE CA`. A kubeconfig names
`https://127.0.0.1:PORT/FAULT/READS/SECONDS` as its server: that fault befalls that kind of
read (see `fault_kinds`) for so many seconds after the first request, or for ever when they
are negative. What it does not touch it passes on with the API server's own headers.
"""

from __future__ import annotations

import http.client
import ssl
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.e2e.fault_kinds import ACTS, Answer, packed, reads_of

HOP_BY_HOP = {"connection", "transfer-encoding", "content-length", "keep-alive"}


class Proxy(ThreadingHTTPServer):
    """The listening side, with when each address was first asked at."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, port: int, certificate: str, ca: str) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        own.load_cert_chain(certificate)
        self.socket = own.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.upstream = ssl.create_default_context(cafile=ca)
        self.first: dict[str, float] = {}

    def over(self, address: str, seconds: float) -> bool:
        """Whether the time of a fault that lasts `seconds` has passed."""
        began = self.first.setdefault(address, time.monotonic())
        return 0 <= seconds < time.monotonic() - began

    def handle_error(self, *_args: object) -> None:
        """Graders that hang up are what this is about."""


class Handler(BaseHTTPRequestHandler):
    """One connection of a grader; a `Client` of the faults."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: Proxy
    _peer: http.client.HTTPSConnection | None = None
    _target = ""
    _form: bytes | None = None

    def do_GET(self) -> None:
        """Pass a request on, or let the fault of its address befall it."""
        _, fault, reads, seconds, path = self.path.split("/", 4)
        self._target = f"/{path}"
        self._form = self.rfile.read(int(self.headers.get("Content-Length") or 0)) or None
        chosen = set(reads_of(self.command, self._target.partition("?")[0]))
        if reads in chosen and not self.server.over(f"{fault}/{reads}/{seconds}", float(seconds)):
            ACTS[fault](self)
        else:
            self.answer(self.upstream())

    do_POST = do_GET  # noqa: N815 - a form; the login of Grafana is the only one there is

    def upstream(self) -> Answer:
        """What the API server says to this request."""
        if self._peer is None:
            context = self.server.upstream
            self._peer = http.client.HTTPSConnection("127.0.0.1", 6443, context=context, timeout=20)
        dropped = ("host", "accept-encoding")
        headers = {name: value for name, value in self.headers.items() if name.lower() not in dropped}
        self._peer.request(self.command, self._target, self._form, headers)
        response = self._peer.getresponse()
        # Each cookie is a header of its own, so they are passed on as a list.
        kept = tuple(pair for pair in response.getheaders() if pair[0].lower() not in HOP_BY_HOP)
        return Answer(response.status, kept, response.read())

    def answer(self, answer: Answer) -> None:
        """Send an answer as it is."""
        self.begin(answer.status, answer.headers, len(answer.body))
        self.send(answer.body)

    def begin(self, status: int, headers: tuple[tuple[str, str], ...], length: int) -> None:
        """Send the head of an answer."""
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def send(self, data: bytes) -> None:
        """Send a part of the body at once."""
        self.wfile.write(data)
        self.wfile.flush()

    def hang_up(self) -> None:
        """Close the connection; the server does so after the request."""
        self.close_connection = True

    def finish(self) -> None:
        """Close both connections."""
        if self._peer is not None:
            self._peer.close()
        super().finish()

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


if __name__ == "__main__":
    port, certificate, ca = sys.argv[1:]
    packed()
    Proxy(int(port), certificate, ca).serve_forever()

"""A door before the real API server that answers with an error for a while, then opens.

Run inside a bed: `python -m tests.e2e.fault_proxy PORT CERTIFICATE CA STATUS SECONDS`. The time
counts from the first request; negative seconds are for ever. What an API server says of
itself when it is overloaded (429 with Retry-After) or broken (500) cannot be had from a
healthy one on demand: with API priority and fairness a single client is always let in.
"""

from __future__ import annotations

import http.client
import json
import ssl
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

REASONS = {429: "TooManyRequests", 500: "InternalError", 503: "ServiceUnavailable"}
HOP_BY_HOP = {"connection", "transfer-encoding", "content-length", "keep-alive"}


class Door(ThreadingHTTPServer):
    """The listening side, with what it answers and until when."""

    daemon_threads = True

    def __init__(self, port: int, certificate: str, ca: str, status: int, seconds: float) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        own.load_cert_chain(certificate)
        self.socket = own.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.upstream = ssl.create_default_context(cafile=ca)
        self.status = status
        self.seconds = seconds
        self.first: float | None = None

    def closed(self) -> bool:
        """Whether the error is still what is answered."""
        if self.first is None:
            self.first = time.monotonic()
        return self.seconds < 0 or time.monotonic() - self.first < self.seconds


class Handler(BaseHTTPRequestHandler):
    """Answers one request: the error, or what the API server says."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: Door

    def do_GET(self) -> None:
        """Pass on a GET; nothing else is let through."""
        if self.server.closed():
            status = self.server.status
            body = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "metadata": {}}
            told = {**body, "reason": REASONS[status], "code": status, "message": "made by a test"}
            extra = [("Retry-After", "1")] if status == 429 else []
            headers = [("Content-Type", "application/json"), *extra]
            self._answer(status, headers, json.dumps(told).encode())
            return
        self._pass_on("GET", None)

    def do_POST(self) -> None:
        """Pass on a form; the login of Grafana is the only one there is."""
        self._pass_on("POST", self.rfile.read(int(self.headers.get("Content-Length") or 0)))

    def _pass_on(self, method: str, form: bytes | None) -> None:
        peer = http.client.HTTPSConnection("127.0.0.1", 6443, context=self.server.upstream, timeout=20)
        headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
        peer.request(method, self.path, form, headers)
        response = peer.getresponse()
        content = response.read()
        # Each cookie is a header of its own, so they are passed on as a list.
        kept = [pair for pair in response.getheaders() if pair[0].lower() not in HOP_BY_HOP]
        self._answer(response.status, kept, content)
        peer.close()

    def _answer(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


if __name__ == "__main__":
    port, certificate, ca, status, seconds = sys.argv[1:]
    Door(int(port), certificate, ca, int(status), float(seconds)).serve_forever()

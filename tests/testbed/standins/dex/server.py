"""Stand-in for Dex: the ports of argocd-dex-server without any identity provider.

The lab's Argo CD has single sign-on switched off, so the real server only has to be there and be
ready. This one serves /healthz on its telemetry port 5558 and the discovery document on 5556,
accepts connections on the gRPC port 5557, and names itself in the Server header.
"""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    """Health, an empty discovery document, nothing else."""

    # a small answer must not wait for the acknowledgement of its headers
    disable_nagle_algorithm = True
    wbufsize = -1

    server_version = "k8sgrade-dex-stand-in"
    sys_version = ""

    def do_GET(self) -> None:
        """One of two documents or 404."""
        path = self.path.partition("?")[0]
        if path in ("/healthz", "/healthz/live", "/healthz/ready"):
            self.answer(200, b"ok")
        elif path == "/api/dex/.well-known/openid-configuration":
            self.answer(200, json.dumps({"issuer": "stand-in"}).encode())
        else:
            self.answer(404, b"404 page not found\n")

    def answer(self, status: int, body: bytes) -> None:
        """A complete answer."""
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - named by the base class
        """Probes are not worth a line."""


if __name__ == "__main__":
    for port in (5557, 5558):
        threading.Thread(target=ThreadingHTTPServer(("", port), Handler).serve_forever, daemon=True).start()
    ThreadingHTTPServer(("", 5556), Handler).serve_forever()

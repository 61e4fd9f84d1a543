"""Stand-in for a RabbitMQ server: the metrics of one queue, whose length anybody may set.

It answers GET /metrics on the port of RabbitMQ's own Prometheus plugin with the name and label
that the plugin uses, and takes a length by PUT /length as a JSON number. No message is kept.
"""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PORT = 15692
METRICS = """\
# TYPE rabbitmq_queue_messages_ready gauge
rabbitmq_queue_messages_ready{{queue="orders",vhost="/"}} {ready}
"""


class Handler(BaseHTTPRequestHandler):
    """The metrics, and a way to change them."""

    # a small answer must not wait for the acknowledgement of its headers
    disable_nagle_algorithm = True
    wbufsize = -1

    server_version = "k8sgrade-queue-stand-in"
    sys_version = ""
    ready = 0

    def do_GET(self) -> None:
        """The metrics, whatever the path."""
        self.answer(200, METRICS.format(ready=Handler.ready))

    def do_PUT(self) -> None:
        """A new length."""
        try:
            length = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
            Handler.ready = int(length)
        except (ValueError, TypeError):
            self.answer(400, "not a number\n")
        else:
            self.answer(200, f"{Handler.ready}\n")

    def answer(self, status: int, text: str) -> None:
        """A complete answer."""
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - named by the base class
        """Scrapes are not worth a line."""


if __name__ == "__main__":
    ThreadingHTTPServer(("", PORT), Handler).serve_forever()

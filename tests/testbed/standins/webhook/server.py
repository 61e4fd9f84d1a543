"""Stand-in for Slack, PagerDuty and mail: takes Alertmanager's webhooks and remembers them.

Alertmanager POSTs its version 4 body to any path; it is answered 200 and kept, the newest LIMIT of
them. `GET /deliveries` tells them, oldest first, with `?receiver=NAME` only those of one receiver of
Alertmanager's configuration:

    [{"receiver": "slack", "path": "/slack", "at": "2026-01-01T00:00:00Z", "status": "firing",
      "alerts": [{"status": "firing", "labels": {...}}]}]

The receiver is the one that the body names, never the path. A body that is none is answered 400.
"""

from __future__ import annotations

import json
from collections import deque
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

LIMIT = 500
MAX_BYTES = 1_000_000

Delivery = dict[str, Any]
MEMORY: deque[Delivery] = deque(maxlen=LIMIT)


def delivery(path: str, body: Any, at: datetime) -> Delivery:
    """What is remembered of one webhook; ValueError for a body that is not Alertmanager's."""
    if not isinstance(body, dict) or not isinstance(body.get("alerts"), list) or "receiver" not in body:
        raise ValueError("no webhook of Alertmanager")
    return {
        "receiver": body["receiver"],
        "path": path,
        "at": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "status": body.get("status"),
        "alerts": [{"status": one.get("status"), "labels": one.get("labels")} for one in body["alerts"]],
    }


class Handler(BaseHTTPRequestHandler):
    """Remembers what is POSTed and tells it."""

    # a small answer must not wait for the acknowledgement of its headers
    disable_nagle_algorithm = True
    wbufsize = -1

    protocol_version = "HTTP/1.1"
    server_version = "k8sgrade-webhook-stand-in"
    sys_version = ""

    def do_GET(self) -> None:
        """The memory, or that the server lives."""
        place = urlsplit(self.path)
        if place.path == "/healthz":
            self.answer(200, {"status": "ok"})
        elif place.path == "/deliveries":
            wanted = parse_qs(place.query).get("receiver")
            found = [one for one in list(MEMORY) if not wanted or one["receiver"] in wanted]
            self.answer(200, found)
        else:
            self.answer(404, {"error": "not found"})

    def do_POST(self) -> None:
        """One webhook."""
        size = int(self.headers.get("Content-Length") or 0)
        if size > MAX_BYTES:
            self.close_connection = True
            self.answer(413, {"error": "too large"})
            return
        try:
            MEMORY.append(delivery(self.path, json.loads(self.rfile.read(size)), datetime.now(UTC)))
        except (ValueError, AttributeError) as error:
            self.answer(400, {"error": str(error)})
            return
        self.answer(200, {"status": "ok"})

    def answer(self, status: int, body: Any) -> None:
        """A complete JSON answer."""
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - named by the base class
        """Requests are remembered, not logged."""


if __name__ == "__main__":
    ThreadingHTTPServer(("", 8080), Handler).serve_forever()

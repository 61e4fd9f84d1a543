"""Stand-in for kube-state-metrics: state of Kubernetes objects as Prometheus text.

The real exporter cannot be had here, so this one lists the same objects from the API server on
every scrape and prints the same metric names with the same labels, for the families that checks,
rules and dashboards ask for. It runs alone in a pod (standard library only) with the pod's
ServiceAccount. Served on port 8080: /metrics, /healthz, /livez.
"""

from __future__ import annotations

import http.client
import json
import os
import ssl
import threading
from collections.abc import Callable, Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from .families import FAMILIES
from .samples import Lines

ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
RESOURCES = {
    "Deployment": "/apis/apps/v1/deployments",
    "ReplicaSet": "/apis/apps/v1/replicasets",
    "StatefulSet": "/apis/apps/v1/statefulsets",
    "DaemonSet": "/apis/apps/v1/daemonsets",
    "HorizontalPodAutoscaler": "/apis/autoscaling/v2/horizontalpodautoscalers",
    "Pod": "/api/v1/pods",
    "Node": "/api/v1/nodes",
    "Namespace": "/api/v1/namespaces",
    "Service": "/api/v1/services",
    "Job": "/apis/batch/v1/jobs",
}


class Api:
    """One kept-alive connection to the API server per thread."""

    def __init__(self) -> None:
        self.host = os.environ["KUBERNETES_SERVICE_HOST"]
        self.port = int(os.environ["KUBERNETES_SERVICE_PORT"])
        self.tls = ssl.create_default_context(cafile=f"{ACCOUNT}/ca.crt")
        self.local = threading.local()

    def list(self, path: str) -> list[dict[str, Any]]:
        """All objects of a resource, from the watch cache."""
        token = Path(ACCOUNT, "token").read_text(encoding="ascii")
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        connection = self.connection()
        try:
            connection.request("GET", f"{path}?resourceVersion=0", headers=headers)
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException):
            del self.local.connection
            raise
        if answer.status != 200:
            raise OSError(f"{path}: {answer.status} {body[:200]!r}")
        items: list[dict[str, Any]] = json.loads(body)["items"]
        return items

    def connection(self) -> http.client.HTTPSConnection:
        """The thread's connection, made on first use."""
        if not hasattr(self.local, "connection"):
            self.local.connection = http.client.HTTPSConnection(
                self.host, self.port, context=self.tls, timeout=4
            )
        connection: http.client.HTTPSConnection = self.local.connection
        return connection


def render(read: Callable[[str], Iterable[dict[str, Any]]]) -> str:
    """The whole exposition; an object kind that cannot be listed is left out and counted."""
    lines = Lines()
    for kind, path in RESOURCES.items():
        try:
            objects = read(path)
        except (OSError, http.client.HTTPException) as error:
            print(f"list {kind}: {error}", flush=True)
            lines.add("kube_state_metrics_list_total", 1, resource=f"*{kind}", result="error")
            continue
        lines.add("kube_state_metrics_list_total", 1, resource=f"*{kind}", result="success")
        for item in objects:
            FAMILIES[kind](item, lines)
    return lines.text()


class Handler(BaseHTTPRequestHandler):
    """Answers /metrics and the probes."""

    # a small answer must not wait for the acknowledgement of its headers
    disable_nagle_algorithm = True
    wbufsize = -1

    protocol_version = "HTTP/1.1"
    server_version = "k8sgrade-kube-state-metrics-stand-in"
    sys_version = ""
    api: Api

    def do_GET(self) -> None:
        """One answer per path; anything else is 404."""
        path = self.path.partition("?")[0]
        if path == "/metrics":
            self.answer(200, render(self.api.list), "text/plain; version=0.0.4; charset=utf-8")
        elif path in ("/healthz", "/livez", "/readyz"):
            self.answer(200, "OK", "text/plain; charset=utf-8")
        else:
            self.answer(404, "404 page not found\n", "text/plain; charset=utf-8")

    def answer(self, status: int, text: str, content_type: str) -> None:
        """Send a complete answer."""
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - named by the base class
        """Scrapes every few seconds are not worth a line."""


if __name__ == "__main__":
    Handler.api = Api()
    ThreadingHTTPServer(("", 8080), Handler).serve_forever()

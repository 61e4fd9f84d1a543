"""Stand-in for Grafana: the part of its HTTP API that a grader of labs asks for.

Grafana itself is not used in this project, so this small service answers the documented addresses
(health, login, data sources and their health, search, dashboards, queries) in the documented
shapes. Whatever concerns data is really asked of the data source. It says what it is in the Server
header and in the `commit` field of /api/health, and it has no pages beyond a login form.
"""

from __future__ import annotations

import json
import os
import threading
import urllib.parse
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from . import sources
from .auth import COOKIE, Accounts
from .store import Json, Store, slug

VERSION = os.environ.get("GF_VERSION", "12.1.1")
LOGIN_PAGE = "<!DOCTYPE html><title>Grafana (stand-in)</title><form method=post action=/login></form>"


def problem(status: int, message: str, message_id: str = "") -> tuple[int, Json]:
    """An error in the shape Grafana gives it."""
    if not message_id:
        return status, {"message": message, "traceID": ""}
    return status, {
        "extra": None,
        "message": message,
        "messageId": message_id,
        "statusCode": status,
        "traceID": "",
    }


class Handler(BaseHTTPRequestHandler):
    """Routes and answers one request."""

    # a small answer must not wait for the acknowledgement of its headers
    disable_nagle_algorithm = True
    wbufsize = -1

    protocol_version = "HTTP/1.1"
    server_version = "k8sgrade-grafana-stand-in"
    sys_version = ""
    accounts: Accounts
    store: Store
    cookies: tuple[str, ...] = ()

    def do_GET(self) -> None:
        """Read addresses."""
        self.cookies = ()
        path, _, query = self.path.partition("?")
        path = urllib.parse.unquote(path)
        if path == "/api/health":
            self.answer(200, {"database": "ok", "version": VERSION, "commit": "k8sgrade-stand-in"})
        elif path == "/healthz":
            self.send(200, b"Ok", "text/plain; charset=utf-8")
        elif path == "/metrics":
            sample = f'grafana_build_info{{edition="stand-in",version="{VERSION}"}} 1'
            text = f"# TYPE grafana_build_info gauge\n{sample}\n"
            self.send(200, text.encode(), "text/plain; version=0.0.4; charset=utf-8")
        elif path == "/login":
            self.send(200, LOGIN_PAGE.encode(), "text/html; charset=UTF-8")
        elif not path.startswith("/api/"):
            self.redirect("/login")
        elif not self.known():
            self.answer(*problem(401, "Unauthorized", "auth.unauthorized"))
        else:
            self.answer(*self.read(path.removeprefix("/api/"), urllib.parse.parse_qs(query), query))

    def do_POST(self) -> None:
        """Login, import and query."""
        self.cookies = ()
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = self.path.partition("?")[0]
        try:
            body = json.loads(raw or b"{}")
        except ValueError:
            self.answer(*problem(400, "bad request data"))
            return
        if path == "/login":
            self.answer(*self.login(body))
        elif not self.known():
            self.answer(*problem(401, "Unauthorized", "auth.unauthorized"))
        elif path == "/api/ds/query":
            self.answer(*sources.query(self.store, body))
        elif path in ("/api/dashboards/db", "/api/dashboards/import"):
            self.answer(*self.add_dashboard(body))
        else:
            self.answer(*problem(404, "Not found"))

    def known(self) -> bool:
        """Whether the request is the administrator's."""
        return self.accounts.authenticated(self.headers.get("Authorization"), self.headers.get("Cookie"))

    def login(self, body: Json) -> tuple[int, Json]:
        """Name and password against a session cookie."""
        token = self.accounts.login(str(body.get("user", "")), str(body.get("password", "")))
        if token is None:
            return problem(401, "Invalid username or password", "password-auth.failed")
        month = "Path=/; Max-Age=2592000"
        self.cookies = (f"{COOKIE}={token}; {month}; HttpOnly; SameSite=Lax",)
        return 200, {"message": "Logged in", "redirectUrl": "/"}

    def add_dashboard(self, body: Json) -> tuple[int, Json]:
        """Import of a dashboard, kept in memory."""
        model = body.get("dashboard")
        if not isinstance(model, dict) or not model.get("title"):
            return problem(400, "Dashboard title cannot be empty")
        saved = self.store.add(model)
        url = f"/d/{saved['uid']}/{slug(saved['title'])}"
        return 200, {"id": saved["id"], "uid": saved["uid"], "url": url, "status": "success", "version": 1}

    def read(self, path: str, query: dict[str, list[str]], raw_query: str) -> tuple[int, Any]:
        """An address below /api/ for somebody who is logged in."""
        first, _, rest = path.partition("/")
        routes: dict[str, Callable[[], tuple[int, Any]]] = {
            "org": lambda: (200, {"id": 1, "name": "Main Org.", "address": {}}),
            "user": lambda: (200, {"id": 1, "login": self.accounts.user, "isGrafanaAdmin": True, "orgId": 1}),
            "folders": lambda: (200, []),
            "search": lambda: (200, self.search(query)),
            "dashboards": lambda: self.dashboard(rest),
            "datasources": lambda: sources.read(self.store, rest, raw_query),
        }
        return routes[first]() if first in routes else problem(404, "Not found")

    def search(self, query: dict[str, list[str]]) -> list[Json]:
        """Dashboards; anything but dashboards is never found."""
        if query.get("type", ["dash-db"])[0] != "dash-db":
            return []
        return self.store.search(query.get("query", [""])[0], query.get("tag", []))

    def dashboard(self, rest: str) -> tuple[int, Json]:
        """A dashboard by /api/dashboards/uid/<uid>."""
        kind, _, uid = rest.partition("/")
        model = self.store.dashboard(uid) if kind == "uid" else None
        if model is None:
            return problem(404, "Dashboard not found")
        meta = {
            "type": "db",
            "slug": slug(model["title"]),
            "url": f"/d/{uid}/{slug(model['title'])}",
            "provisioned": uid in self.store.provisioned,
            "canEdit": True,
            "folderTitle": "General",
            "version": model.get("version", 1),
        }
        return 200, {"meta": meta, "dashboard": model}

    def redirect(self, target: str) -> None:
        """A page that needs a login."""
        self.send_response(302)
        self.send_header("Location", target)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def answer(self, status: int, document: Any) -> None:
        """A JSON answer."""
        self.send(status, json.dumps(document).encode(), "application/json")

    def send(self, status: int, body: bytes, content_type: str) -> None:
        """A complete answer."""
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Cache-Control", "no-store")
        self.send_header("Content-Length", str(len(body)))
        for cookie in self.cookies:
            self.send_header("Set-Cookie", cookie)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - named by the base class
        """Log everything but the probes and scrapes."""
        if self.path not in ("/api/health", "/metrics"):
            super().log_message(format, *args)


def main() -> None:
    """Serve on port 3000 with the administrator given by the environment."""
    limit = int(os.environ.get("GF_SECURITY_BRUTE_FORCE_LOGIN_PROTECTION_MAX_ATTEMPTS", "5"))
    user, password = os.environ["GF_SECURITY_ADMIN_USER"], os.environ["GF_SECURITY_ADMIN_PASSWORD"]
    Handler.accounts = Accounts(user, password, limit)
    Handler.store = Store()
    threading.Thread(target=Handler.store.follow, daemon=True).start()
    ThreadingHTTPServer(("", 3000), Handler).serve_forever()


if __name__ == "__main__":
    main()

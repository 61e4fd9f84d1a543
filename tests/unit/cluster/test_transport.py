"""One read: deadlines, retries, limits, and the reason why there is no answer."""

from __future__ import annotations

import socket
import socketserver
import threading
import time

import pytest

from pytest_k8sgrade.cluster import Request
from pytest_k8sgrade.cluster.connection import connect as open_connection
from pytest_k8sgrade.cluster.judging import NoAnswer
from pytest_k8sgrade.cluster.kubeconfig import choose
from pytest_k8sgrade.cluster.places import may_send
from pytest_k8sgrade.cluster.transport import Transport, WriteRefused
from tests.unit.cluster.asking import PODS, first_then, why, within
from tests.unit.cluster.fake import Answer, FakeApi, Handler, status, text

PROXY = "/api/v1/namespaces/shop/services/http:web:80/proxy/"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "HEAD", "get", "OPTIONS"])
def test_nothing_but_a_get_is_ever_sent(api: FakeApi, transport: Transport, method: str) -> None:
    """Any other method raises before a byte leaves; the login form has one exact path."""
    for path in (PODS, PROXY + "login", "/api/v1/namespaces/shop/services/http:web:80/proxy/login"):
        if method == "POST" and path.endswith("/proxy/login"):
            continue
        with pytest.raises(WriteRefused):
            transport._until(method, path, {}, b"{}", 1.0)
    assert api.requests == []


@pytest.mark.parametrize(
    "path",
    [
        "/login",
        "/api/v1/namespaces/shop/pods",
        "/api/v1/namespaces/shop/services/http:web:80/proxy/a/b/c/d/login",
        "/api/v1/namespaces/shop/services/http:web:80/proxy/a.b/login",
        "/api/v1/namespaces/shop/services/http:web:80/proxy//login",
        "/api/v1/namespaces/shop/services/http:web:80/proxy/login/",
        "/api/v1/namespaces/shop/services/http:web:80/proxy/../proxy/login",
        "/api/v1/namespaces/shop/services/web/proxy/login",
        "/api/v1/namespaces/shop/pods/http:web:80/proxy/login",
    ],
)
def test_the_login_form_has_one_exact_path(api: FakeApi, transport: Transport, path: str) -> None:
    """A POST goes to `/login` of a proxied service, or of a folder of it, and nowhere else."""
    for folder in ("", "/grafana", "/tools/grafana"):
        assert may_send("POST", f"{PROXY.rstrip('/')}{folder}/login")
    with pytest.raises(WriteRefused):
        transport.login(path, {"user": "u", "password": "p"})
    assert api.requests == []


def test_a_silent_server_costs_the_deadline(api: FakeApi, transport: Transport) -> None:
    """No answer is a timeout after the read's own deadline, not after several of them."""
    api.routes[PODS] = Answer({}, wait_s=4)
    with within(2.0):
        error = why(transport, seconds=0.5)
    assert error.reason.id == "timeout"
    assert error.reason.params["endpoint"] == "API group core"


def test_a_handshake_that_hangs_is_about_the_server(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stopped process still accepts connections: that costs the connection's time, for the whole round."""
    monkeypatch.setattr("pytest_k8sgrade.cluster.transport.CONNECT_S", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent, within(2.0):
        path = api.kubeconfig(cluster={"server": f"https://127.0.0.1:{silent.getsockname()[1]}"})
        connection, workers = open_connection(choose(path))
        error = why(Transport(connection, workers))
    assert isinstance(error, NoAnswer)
    assert (error.reason.id, error.scope, error.reason.params["endpoint"]) == (
        "timeout",
        "server",
        connection.server,
    )


def test_a_handshake_that_breaks_is_begun_again(api: FakeApi) -> None:
    """A busy server may hang up in the middle of it, which says nothing of certificates."""
    begun: list[bytes] = []

    class HangUp(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            begun.append(self.request.recv(64 * 1024))

    with socketserver.TCPServer(("127.0.0.1", 0), HangUp) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        path = api.kubeconfig(cluster={"server": f"https://127.0.0.1:{server.server_address[1]}"})
        connection, workers = open_connection(choose(path))
        error = why(Transport(connection, workers))
        server.shutdown()
    assert (error.reason.id, error.reason.params["cause"]) == ("unreachable", "broken-off")
    assert len(begun) > 1


@pytest.mark.parametrize("where", ["headers", "body"])
def test_a_dripping_server_costs_the_deadline(api: FakeApi, transport: Transport, where: str) -> None:
    """A byte now and then resets socket timeouts, but not ours."""

    def drip(handler: Handler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        if where == "body":
            handler.wfile.write(b"Content-Length: 1000\r\nContent-Type: application/json\r\n\r\n")
        for _ in range(40):
            handler.wfile.write(b"X" if where == "headers" else b" ")
            handler.wfile.flush()
            time.sleep(0.1)

    api.routes[PODS] = drip
    with within(2.5):
        assert why(transport, seconds=0.6).reason.id == "timeout"


@pytest.mark.parametrize("code", [500, 502, 503, 504])
def test_errors_of_the_api_server_are_asked_again(api: FakeApi, transport: Transport, code: int) -> None:
    """An error that passes is not seen; one that stays is a server-error with its code."""
    api.routes[PODS] = first_then(status(code, "InternalError"), Answer({"items": []}))
    assert transport.get(Request.to(PODS)).status == 200
    api.routes[PODS] = status(code, "InternalError")
    error = why(transport)
    assert (error.reason.id, error.reason.params["code"]) == ("server-error", code)


def test_throttling_is_waited_for_within_the_deadline(api: FakeApi, transport: Transport) -> None:
    """Retry-After is honoured, and a longer wait than the deadline is told at once."""
    api.routes[PODS] = first_then(
        Answer("slow down", 429, {"Retry-After": "1", "Content-Type": "text/plain"}), Answer({"items": []})
    )
    assert transport.get(Request.to(PODS)).status == 200
    api.routes[PODS] = Answer("slow down", 429, {"Retry-After": "60", "Content-Type": "text/plain"})
    with within(1.0):
        assert why(transport).reason.id == "throttled"


def test_a_connection_that_breaks_is_made_again(api: FakeApi, transport: Transport) -> None:
    """A reset or a short body is asked again once and more, then told."""

    def short(handler: Handler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
        handler.close_connection = True

    seen: list[int] = []

    def once(handler: Handler) -> Answer | None:
        seen.append(1)
        if len(seen) > 1:
            return Answer({"items": []})
        short(handler)
        return None

    api.routes[PODS] = once
    assert transport.get(Request.to(PODS)).status == 200
    api.routes[PODS] = short
    error = why(transport)
    assert (error.reason.id, error.reason.params["cause"]) == ("unreachable", "broken-off")


def test_a_stopped_server_is_unreachable(api: FakeApi, transport: Transport) -> None:
    """A refused connection is told with its cause, within moments."""
    api.close()
    with within(3.0):
        error = why(transport)
    assert (error.reason.id, error.reason.params["cause"]) == ("unreachable", "refused")


def test_a_name_that_nobody_has_is_unreachable(api: FakeApi) -> None:
    """A server name that does not resolve is told as that."""
    path = api.kubeconfig(cluster={"server": "https://no-such-host.invalid:6443"})
    connection, workers = open_connection(choose(path))
    error = why(Transport(connection, workers))
    assert (error.reason.id, error.reason.params["cause"]) == ("unreachable", "name-not-found")


def test_what_is_forbidden_is_named(api: FakeApi, transport: Transport) -> None:
    """403 says which resource in which namespace, from the Status' details."""
    api.routes[PODS] = status(403, "Forbidden", kind="pods")
    error = why(transport)
    assert error.reason.id == "forbidden"
    assert error.reason.params["resource"] == "pods"
    assert error.reason.params["namespace"] == "shop"
    api.routes[PROXY] = status(403, "Forbidden", kind="services", name="http:web:80")
    assert why(transport, PROXY).reason.params["resource"] == "services/proxy"


@pytest.mark.parametrize("code", [302, 401, 403, 500, 503])
def test_what_a_backend_says_is_passed_on(api: FakeApi, transport: Transport, code: int) -> None:
    """Behind the service proxy an error that is no Status is the backend's own."""
    api.routes[PROXY] = Answer({"message": "mine"}, code, {"Location": "/login?token=planted"})
    response = transport.get(Request.to(PROXY))
    assert (response.status, response.json()) == (code, {"message": "mine"})
    assert response.header("location") == "/login"
    assert len(api.requests) == 1


def test_a_backend_that_speaks_kubernetes_is_a_backend(api: FakeApi, transport: Transport) -> None:
    """A proxied API's own 403, e.g. of metrics-server, is not ours."""
    api.routes[PROXY] = status(403, "Forbidden")
    assert transport.get(Request.to(PROXY)).status == 403


def test_an_aggregated_api_without_backend_answers(api: FakeApi, transport: Transport) -> None:
    """Its 503 in plain text says something about the cluster; it is not asked again."""
    path = "/apis/metrics.k8s.io/v1beta1/nodes"
    api.routes[path] = text(503, "service unavailable\n")
    assert transport.get(Request.to(path)).status == 503
    assert len(api.requests) == 1


def test_errors_carry_no_credentials(api: FakeApi, transport: Transport) -> None:
    """Whatever goes wrong, the token is in no reason."""
    for answer in (status(401, "Unauthorized"), status(403, "Forbidden"), status(500, "x"), Answer("", 301)):
        api.routes[PODS] = answer
        error = why(transport)
        assert "planted" not in repr((error, error.reason, error.args, error.__cause__))

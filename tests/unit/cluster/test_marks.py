"""Whether the API server answered, or something in front of it: the mark it puts on its answers."""

from __future__ import annotations

import pytest

from pytest_k8sgrade.cluster import Request
from pytest_k8sgrade.cluster.judging import NoAnswer
from pytest_k8sgrade.cluster.places import Service
from pytest_k8sgrade.cluster.reader import LiveReader, Login, SecretValue
from pytest_k8sgrade.cluster.transport import Transport
from tests.unit.cluster.asking import PODS, why
from tests.unit.cluster.fake import UNMARKED, Answer, FakeApi, status

PROXY = "/api/v1/namespaces/shop/services/http:web:80/proxy/"
GRAFANA = Service("shop", "grafana", "80")
PAGE = Answer("<html>sign in</html>", 200, {"Content-Type": "text/html", **UNMARKED})


def _unmarked(code: int, body: object = "sorry") -> Answer:
    return Answer(body, code, {"Content-Type": "text/plain", "Location": "/login", **UNMARKED})


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (PAGE, "foreign"),
        (_unmarked(200), "foreign"),
        (_unmarked(302), "redirected"),
        (_unmarked(401), "unauthorized"),
        (_unmarked(403), "forbidden"),
        (_unmarked(404), "foreign"),
        (_unmarked(410), "foreign"),
        (_unmarked(500), "server-error"),
        (_unmarked(503), "server-error"),
        (_unmarked(503, status(503, "ServiceUnavailable").body), "server-error"),
        (_unmarked(404, status(404, "NotFound", kind="services").body), "foreign"),
    ],
    ids=["page", "text", "302", "401", "403", "404", "410", "500", "503", "503-status", "404-status"],
)
@pytest.mark.parametrize("path", [PODS, PROXY, "/apis/metrics.k8s.io/v1beta1/nodes"])
def test_what_stands_in_front_does_not_speak_for_the_cluster(
    api: FakeApi, transport: Transport, path: str, answer: Answer, reason: str
) -> None:
    """Without the mark no status is believed, be it in the words of Kubernetes or of a backend."""
    api.routes[path] = answer
    assert why(transport, path).reason.id == reason


def test_a_document_is_believed_without_a_mark(api: FakeApi, transport: Transport) -> None:
    """A gateway that answers some reads itself, from a cache, is of use."""
    api.routes[PODS] = Answer({"items": []}, 200, UNMARKED)
    assert transport.get(Request.to(PODS)).status == 200


@pytest.mark.parametrize("code", [200, 401, 404, 503])
def test_a_server_that_sets_no_marks_is_heard(api: FakeApi, transport: Transport, code: int) -> None:
    """An API server before 1.23, or a gateway that drops headers; asked once, at the first doubt."""
    api.routes["/version"] = Answer({"gitVersion": "v1.22.0"}, 200, UNMARKED)
    api.routes[PROXY] = _unmarked(code)
    assert [transport.get(Request.to(PROXY)).status for _ in range(2)] == [code, code]
    assert api.paths() == [PROXY, "/version", PROXY]


def test_a_page_is_no_answer_of_any_api_server(api: FakeApi, transport: Transport) -> None:
    """No API server speaks HTML, whatever marks it sets."""
    api.routes["/version"] = Answer({"gitVersion": "v1.22.0"}, 200, UNMARKED)
    for code in (200, 404):
        api.routes[PODS] = Answer("<html>", code, {"Content-Type": "text/html; charset=utf-8", **UNMARKED})
        assert why(transport).reason.id == "foreign"


def test_a_page_for_everything_tells_nothing(api: FakeApi, transport: Transport) -> None:
    """Also when the question whether this server sets marks meets the same page."""
    for path in ("/version", PROXY):
        api.routes[path] = PAGE
    assert why(transport, PROXY).reason.id == "foreign"


def test_a_login_page_logs_nobody_in(api: FakeApi, transport: Transport) -> None:
    """A login that gives no session was none, although its status is 200."""
    api.routes["/api/v1/namespaces/shop/secrets/grafana"] = Answer({"data": {"p": "cA=="}})
    api.routes[f"{GRAFANA.proxy_path}/login"] = Answer("<html>", 200, {"Content-Type": "text/html"})
    with pytest.raises(NoAnswer) as error:
        LiveReader(transport).login(Login(GRAFANA, "admin", SecretValue("shop", "grafana", "p")), 5)
    assert error.value.reason.id == "bad-response"

"""Services behind the proxy: a requests session that leads through the reader."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests
from prometheus_api_client import PrometheusConnect

from pytest_k8sgrade.cluster import Cluster, LiveSource, SecretValue
from pytest_k8sgrade.cluster.transport import WriteRefused
from pytest_k8sgrade.outcome import Absent, CannotTell, Finding, Unmet
from tests.unit.cluster.fake import Answer, FakeApi, Handler, status

BASE = "/api/v1/namespaces/monitoring/services/http:prometheus:web/proxy"
GRAFANA = "/api/v1/namespaces/monitoring/services/http:grafana:80/proxy"
SLICES = "/apis/discovery.k8s.io/v1/namespaces/monitoring/endpointslices"
SERVICE = "/api/v1/namespaces/monitoring/services/prometheus"
PASSWORD = "planted-grafana-password"


def _service(*ports: dict[str, Any], selector: bool = True) -> Answer:
    spec = {"ports": list(ports)} | ({"selector": {"app": "prometheus"}} if selector else {})
    return Answer({"kind": "Service", "metadata": {"name": "prometheus"}, "spec": spec})


def _slices(*ready: bool) -> Answer:
    return Answer({"items": [{"endpoints": [{"conditions": {"ready": one}} for one in ready]}]})


def test_a_library_of_others_goes_through_the_reader(api: FakeApi, cluster: Cluster) -> None:
    """prometheus-api-client works over the session; its own adapter is kept out, queries stay whole."""
    vector = {"resultType": "vector", "result": [{"metric": {"job": "a"}, "value": [1, "2"]}]}
    api.routes[f"{BASE}/api/v1/query"] = Answer({"status": "success", "data": vector})
    session = cluster.http("prometheus", "monitoring", "web")
    client = PrometheusConnect(url=session.base_url, session=session, retry=False, timeout=3)
    assert client.custom_query('sum by (job) (up{job=~"a|b c&d"}) > 0') == vector["result"]
    assert api.paths() == [
        f"{BASE}/api/v1/query?query=sum%20by%20%28job%29%20%28up%7Bjob%3D~%22a%7Cb%20c%26d%22%7D%29%20%3E%200"
    ]


def test_the_same_page_is_asked_once(api: FakeApi, cluster: Cluster) -> None:
    """Sessions of one view share its memory."""
    api.routes[f"{BASE}/-/ready"] = Answer("ready")
    for _ in range(3):
        session = cluster.http("prometheus", "monitoring", "web")
        assert session.get(session.base_url + "/-/ready").text == "ready"
    assert len(api.requests) == 1


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"])
def test_a_session_only_gets(api: FakeApi, cluster: Cluster, method: str) -> None:
    """Whatever a check or a library tries, nothing but a GET is sent."""
    session = cluster.http("prometheus", "monitoring", "web")
    with pytest.raises(WriteRefused):
        session.request(method, session.base_url + "/api/v1/query", data={"a": "b"})
    assert api.requests == []


@pytest.mark.parametrize(
    "url",
    [
        "http://cluster.invalid/api/v1/namespaces/kube-system/secrets",
        "http://cluster.invalid" + BASE + "/../../../secrets",
        "http://cluster.invalid" + BASE + "x/",
    ],
)
def test_a_session_stays_at_its_service(api: FakeApi, cluster: Cluster, url: str) -> None:
    """A session is no way to the rest of the API."""
    session = cluster.http("prometheus", "monitoring", "web")
    with pytest.raises(WriteRefused):
        session.get(url)
    assert api.requests == []


def test_other_schemes_lead_nowhere(api: FakeApi, cluster: Cluster) -> None:
    """Not even a https address of the same server, and mounting an adapter changes nothing."""
    session = cluster.http("prometheus", "monitoring", "web")
    session.mount("https://", requests.adapters.HTTPAdapter())
    with pytest.raises(requests.exceptions.InvalidSchema):
        session.get(api.url + "/version")
    assert api.requests == []


def test_redirects_and_cookies_of_backends_stay_with_them(api: FakeApi, cluster: Cluster) -> None:
    """A redirect is an answer; a cookie goes neither to the API server nor to another service."""
    api.routes[f"{BASE}/"] = Answer(
        "", 302, {"Location": f"{BASE}/graph", "Set-Cookie": "session=planted; Path=/"}
    )
    api.routes[f"{BASE}/x"] = Answer("ok")
    session = cluster.http("prometheus", "monitoring", "web")
    assert session.get(session.base_url + "/").status_code == 302
    assert session.get(session.base_url + "/x").status_code == 200
    assert all("Cookie" not in headers for _, _, headers, _ in api.requests)
    assert "planted" not in repr(session.cookies)


@pytest.mark.parametrize(
    ("service", "slices", "code", "expected"),
    [
        (_service({"name": "web", "port": 9090}), _slices(), 503, (Unmet, "service-no-endpoints")),
        (_service({"name": "web", "port": 9090}), _slices(False), 503, (Unmet, "service-no-endpoints")),
        (_service({"name": "web", "port": 9090}), _slices(True), 503, (Unmet, "service-unreachable")),
        (_service({"name": "http", "port": 9090}), _slices(True), 503, (Absent, "service-port-absent")),
        (
            _service({"name": "web", "port": 1}, selector=False),
            _slices(),
            404,
            (Absent, "service-without-selector"),
        ),
        (status(404, "NotFound"), _slices(), 404, (Absent, "object-absent")),
    ],
)
def test_the_proxys_own_errors_are_explained(
    api: FakeApi, cluster: Cluster, service: Answer, slices: Answer, code: int, expected: tuple[type, str]
) -> None:
    """The proxy says "no endpoints" for several things; the objects say which."""
    api.routes[f"{BASE}/"] = status(code, "ServiceUnavailable", kind="services" if code == 404 else "")
    api.routes[SERVICE] = service
    api.routes[SLICES] = slices
    api.routes["/api/v1/namespaces/monitoring"] = Answer({"kind": "Namespace"})
    session = cluster.http("prometheus", "monitoring", "web")
    with pytest.raises(Finding) as error:
        session.get(session.base_url + "/")
    assert (type(error.value), error.value.reason.id) == expected


def test_a_port_may_be_named_or_numbered(api: FakeApi, cluster: Cluster) -> None:
    """`web` and `9090` are the same port of the Service."""
    for port in ("web", "9090"):
        path = f"/api/v1/namespaces/monitoring/services/http:prometheus:{port}/proxy/"
        api.routes[path] = status(503, "ServiceUnavailable")
        api.routes[SERVICE] = _service({"name": "web", "port": 9090})
        api.routes[SLICES] = _slices(True)
        session = cluster.http("prometheus", "monitoring", port)
        with pytest.raises(Unmet) as error:
            session.get(session.base_url + "/")
        assert error.value.reason.id == "service-unreachable"


def test_a_path_prefix_is_part_of_the_address(api: FakeApi, cluster: Cluster) -> None:
    """Services below a sub-path are reached there."""
    api.routes[f"{BASE}/prom/x"] = Answer("ok")
    session = cluster.http("prometheus", "monitoring", "web", path_prefix="/prom/")
    assert session.get(session.base_url + "/x").text == "ok"


class Grafana:
    """Routes of a Grafana with one administrator."""

    def __init__(self, api: FakeApi, password: str = PASSWORD) -> None:
        self.password = password
        self.tries = 0
        self.sessions = {"0"}
        api.routes["/api/v1/namespaces/monitoring/secrets/grafana"] = Answer(
            {"kind": "Secret", "data": {"admin-password": "cGxhbnRlZC1ncmFmYW5hLXBhc3N3b3Jk"}}
        )
        api.routes[f"{GRAFANA}/login"] = self.login
        api.routes[f"{GRAFANA}/api/org"] = self.org

    def login(self, handler: Handler) -> Answer:
        """Grafana's login form."""
        self.tries += 1
        _, _, _, body = handler.server.api.requests[-1]
        if json.loads(body) != {"user": "admin", "password": self.password}:
            return Answer({"message": "Invalid username or password"}, 401)
        self.sessions.add(str(self.tries))
        cookie = f"grafana_session={self.tries}; Path=/; HttpOnly"
        return Answer({"message": "Logged in"}, 200, {"Set-Cookie": cookie})

    def org(self, handler: Handler) -> Answer:
        """A page for those who are logged in."""
        cookie = handler.headers.get("Cookie", "").partition("grafana_session=")[2]
        return Answer({"name": "Main"}) if cookie in self.sessions else Answer({"message": "no"}, 401)


def _login(cluster: Cluster) -> tuple[int, int]:
    session = cluster.http("grafana", "monitoring", "80")
    password = cluster.secret_value("grafana", "monitoring", "admin-password")
    response = session.login(user="admin", password=password)
    return response.status, session.get(session.base_url + "/api/org").status_code


def test_grafana_is_logged_in_with_the_secrets_value(api: FakeApi, source: LiveSource) -> None:
    """The check names the Secret; the login is done once for the run and its cookie goes along."""
    grafana = Grafana(api)
    for _ in range(3):
        assert _login(Cluster(source.view())) == (200, 200)
    assert grafana.tries == 1


def test_a_refused_login_is_tried_once(api: FakeApi, source: LiveSource) -> None:
    """Five wrong passwords lock the account: one try per run and password."""
    grafana = Grafana(api, password="another")
    for _ in range(6):
        assert _login(Cluster(source.view())) == (401, 401)
    assert grafana.tries == 1
    api.routes["/api/v1/namespaces/monitoring/secrets/grafana"] = Answer(
        {"kind": "Secret", "data": {"admin-password": "YW5vdGhlcg=="}}
    )
    assert _login(Cluster(source.view())) == (200, 200)
    assert grafana.tries == 2


def test_a_lost_session_is_renewed(api: FakeApi, source: LiveSource) -> None:
    """Grafana forgets sessions when its pod restarts; then the login is done once more."""
    grafana = Grafana(api)
    assert _login(Cluster(source.view())) == (200, 200)
    grafana.sessions.clear()
    assert _login(Cluster(source.view())) == (200, 200)
    assert grafana.tries == 2


def test_who_is_not_logged_in_is_not(api: FakeApi, cluster: Cluster) -> None:
    """Another session of the same service does not inherit the login."""
    Grafana(api)
    assert _login(cluster) == (200, 200)
    session = cluster.http("grafana", "monitoring", "80")
    assert session.get(session.base_url + "/api/org").status_code == 401


def test_a_login_without_grafana_is_explained(api: FakeApi, cluster: Cluster) -> None:
    """When no pod answers, the login tells the same as a page."""
    api.routes[f"{GRAFANA}/login"] = status(503, "ServiceUnavailable")
    found = {"kind": "Service", "spec": {"selector": {"app": "grafana"}, "ports": [{"port": 80}]}}
    api.routes["/api/v1/namespaces/monitoring/services/grafana"] = Answer(found)
    api.routes["/api/v1/namespaces/monitoring/secrets/grafana"] = Answer(
        {"kind": "Secret", "data": {"p": "cA=="}}
    )
    api.routes[SLICES] = _slices()
    session = cluster.http("grafana", "monitoring", "80")
    with pytest.raises(Unmet) as error:
        session.login(user="admin", password=SecretValue("monitoring", "grafana", "p"))
    assert error.value.reason.id == "service-no-endpoints"


def test_a_password_that_is_gone_is_no_answer(api: FakeApi, cluster: Cluster) -> None:
    """A Secret that vanished between two reads is not a wrong password."""
    session = cluster.http("grafana", "monitoring", "80")
    with pytest.raises(CannotTell) as error:
        session.login(user="admin", password=SecretValue("monitoring", "grafana", "p"))
    assert error.value.reason.id == "bad-response"

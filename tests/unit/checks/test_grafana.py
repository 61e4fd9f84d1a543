"""Grafana: reachable with the installation's own password, answering, with its dashboards."""

from __future__ import annotations

from typing import Any

from checks import grafana
from tests.unit.checks.api import MemoryApi, look, parts, reason, share, vector
from tests.unit.checks.objects import Object, deployment, endpoints, item, namespace, service

GRAFANA = {"app.kubernetes.io/name": "grafana"}
WHERE = {"namespace": "monitoring"}
SECRET = {"admin-user": "YWRtaW4=", "admin-password": "c2VjcmV0"}
HEALTH = (200, {"database": "ok", "version": "12.1.0"})
SOURCES = [
    {"uid": "am", "name": "Alertmanager", "type": "alertmanager"},
    {"uid": "old", "name": "old", "type": "prometheus", "url": "http://gone:9090"},
    {
        "uid": "prometheus",
        "name": "Prometheus",
        "type": "prometheus",
        "isDefault": True,
        "url": "http://kps:9090",
    },
]


def environment(**reference: Any) -> Object:
    """Grafana's Deployment with its password from a reference."""
    own = {"name": "grafana", "env": [{"name": "GF_SECURITY_ADMIN_PASSWORD", **reference}]}
    return deployment("kps-grafana", "monitoring", containers=[own])


def api(*objects: Object, secret: str = "kps-grafana", right: bool = True, **pages: Any) -> MemoryApi:
    """Grafana behind its Service; `pages` are addresses below /api, dots for slashes."""
    ports = [{"name": "http-web", "port": 80, "targetPort": 3000}]
    own = service("kps-grafana", "monitoring", meta={"labels": GRAFANA}, spec={"ports": ports})
    stored = item("v1", "Secret", secret, "monitoring", data=SECRET)
    slices = endpoints("kps-grafana", "monitoring", name="http-web", port=3000)
    stack = MemoryApi(namespace("monitoring"), own, stored, slices, *objects)
    stack.passwords = {"kps-grafana": "secret"} if right else {}
    found = {"health": HEALTH, "datasources": (200, SOURCES), **pages}
    return stack.service(
        "kps-grafana", {f"/api/{name.replace('.', '/')}": page for name, page in found.items()}
    )


def test_login_uses_the_secret_that_the_deployment_names() -> None:
    """The password is never assumed."""
    reference = {"valueFrom": {"secretKeyRef": {"name": "own", "key": "admin-password"}}}
    named = api(
        environment(**reference), item("v1", "Secret", "kps-grafana", "monitoring", data=SECRET), secret="own"
    )
    assert look(grafana.test_reachable, named.cluster(), **WHERE).status == "met"
    assert look(grafana.test_reachable, api().cluster(), **WHERE).status == "met"
    gone = api(environment(**reference), secret="x")
    assert reason(look(grafana.test_reachable, gone.cluster(), **WHERE)) == "grafana-secret-absent"


def test_a_password_of_another_installation_is_found_or_not_known() -> None:
    """From a Secret that is taken over as a whole; the user is then Grafana's default."""
    unknown = look(grafana.test_reachable, api(secret="x").cluster(), **WHERE)
    assert (unknown.status, reason(unknown)) == ("cannot-tell", "grafana-password-unknown")
    reference = {"valueFrom": {"secretKeyRef": {"name": "x", "key": "admin-password"}}}
    alone = api(environment(**reference), secret="x")
    assert look(grafana.test_reachable, alone.cluster(), **WHERE).status == "met"
    for prefix, key, met in (
        ("", "GF_SECURITY_ADMIN_PASSWORD", True),
        ("GF_", "SECURITY_ADMIN_PASSWORD", True),
        ("GF_", "GF_SECURITY_ADMIN_PASSWORD", False),
    ):
        own = {"name": "grafana", "envFrom": [{"prefix": prefix, "secretRef": {"name": "env"}}]}
        stack = api(
            deployment("kps-grafana", "monitoring", containers=[own]),
            item("v1", "Secret", "env", "monitoring", data={key: "c2VjcmV0"}),
            secret="x",
        )
        assert (look(grafana.test_reachable, stack.cluster(), **WHERE).status == "met") is met


def test_a_password_that_was_changed_elsewhere_is_not_graded() -> None:
    """A refused login says nothing about the lab, and neither does a password outside of a Secret."""
    refused = look(grafana.test_datasource, api(right=False).cluster(), **WHERE)
    assert (refused.status, reason(refused)) == ("cannot-tell", "grafana-login-refused")
    plain = look(grafana.test_reachable, api(environment(value="x")).cluster(), **WHERE)
    assert (plain.status, reason(plain)) == ("cannot-tell", "grafana-password-not-in-secret")


def test_what_is_missing_is_named_from_the_outside_in() -> None:
    """Namespace, Service, health."""
    empty = MemoryApi(namespace("monitoring"))
    assert reason(look(grafana.test_reachable, MemoryApi().cluster(), **WHERE)) == "namespace-absent"
    assert reason(look(grafana.test_reachable, empty.cluster(), **WHERE)) == "grafana-absent"
    sick = api(health=(503, {"database": "failing"}))
    assert reason(look(grafana.test_reachable, sick.cluster(), **WHERE)) == "grafana-unhealthy"


def test_another_name_is_looked_for_among_the_pods() -> None:
    """Where the workloads may not be read, Grafana is not known to be missing."""
    stack = MemoryApi(namespace("monitoring"), service("boards", "monitoring"))
    assert reason(look(grafana.test_reachable, stack.cluster(), **WHERE)) == "grafana-absent"
    stack.broken.add("/apis/apps/v1/namespaces/monitoring/deployments")
    assert look(grafana.test_reachable, stack.cluster(), **WHERE).status == "cannot-tell"


def test_a_data_source_answers_a_real_query() -> None:
    """Health of Grafana itself proves nothing; one that answers is enough, the default one first."""
    good: dict[str, Any] = {"datasources.proxy.uid.prometheus.api.v1.query": vector("1")}
    assert look(grafana.test_datasource, api(**good).cluster(), **WHERE).status == "met"
    mute: dict[str, Any] = {"datasources.proxy.uid.prometheus.api.v1.query": vector()}
    assert look(grafana.test_datasource, api(**mute).cluster(), **WHERE).status == "unmet"
    bad = "datasources.proxy.uid.{}.api.v1.query"
    dead: dict[str, Any] = {bad.format(uid): (502, "bad gateway") for uid in ("prometheus", "old")}
    seen = look(grafana.test_datasource, api(**dead).cluster(), **WHERE)
    assert reason(seen) == "grafana-datasource-no-service"
    assert seen.reason is not None
    assert seen.reason.params["name"] == "Prometheus"
    none = api(datasources=(200, SOURCES[:1]))
    assert reason(look(grafana.test_datasource, none.cluster(), **WHERE)) == "grafana-datasource-absent"


def test_dashboards_are_found_by_their_exact_title() -> None:
    """A search finds more than was asked for."""

    def search(query: Any) -> tuple[int, Any]:
        return 200, [{"title": title} for title in ("Nodes", "Nodes (old)") if query["query"] in title]

    asked = {**WHERE, "titles": ["Nodes", "Node"]}
    seen = look(grafana.test_dashboards, api(search=search).cluster(), **asked)
    assert (parts(seen)["dashboard/Nodes"], share(seen)) == (None, 0.5)
    assert reason(seen) == "grafana-dashboard-absent"


def test_a_query_through_grafana_needs_series() -> None:
    """A data source that answers with nothing shows nothing."""
    page = "datasources.proxy.uid.prometheus.api.v1.query"
    for answer, expected in ((vector("1"), None), (vector(), "query-without-data")):

        def answers(query: Any, found: Any = answer) -> Any:
            return vector("1") if query["query"] == "vector(1)" else found

        own: dict[str, Any] = {page: answers}
        assert reason(look(grafana.test_query, api(**own).cluster(), **WHERE, query="up")) == expected


def test_grafana_below_a_sub_path_is_followed() -> None:
    """The proxy passes a redirect on; the session does not follow it by itself."""
    stack = api(health=(301, ""))
    stack.service("kps-grafana", {"/grafana/api/health": HEALTH})
    stack.headers["/api/health"] = {"location": "/grafana/api/health"}
    assert look(grafana.test_reachable, stack.cluster(), **WHERE).status == "met"


def test_a_query_that_is_refused_is_not_a_lack_of_data() -> None:
    """The data source has just answered another one."""
    address = "datasources.proxy.uid.prometheus.api.v1.query"

    def page(query: Any) -> Any:
        return vector("1") if query["query"] == "vector(1)" else (400, {"status": "error"})

    pages: dict[str, Any] = {address: page}
    seen = look(grafana.test_query, api(**pages).cluster(), **WHERE, query="up{")
    assert (seen.status, reason(seen)) == ("cannot-tell", "grafana-query-refused")

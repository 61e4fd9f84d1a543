"""What checks get: objects, lists, and the right reason for what is not there."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from pytest_k8sgrade.cluster import Cluster, LiveSource
from pytest_k8sgrade.cluster.resources import KNOWN, discovered
from pytest_k8sgrade.outcome import Absent, CannotTell, Finding, Unmet
from tests.unit.cluster.fake import START, Answer, FakeApi, Handler, status, text

WEB = "/apis/apps/v1/namespaces/shop/deployments/web"
SECRET = "/api/v1/namespaces/shop/secrets/grafana"
METRICS = "/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.metrics.k8s.io"


def _object(name: str, **more: Any) -> dict[str, Any]:
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, **more}


def _api_service(available: str) -> Answer:
    backend = {"name": "metrics-server", "namespace": "kube-system"}
    conditions = [{"type": "Available", "status": available}]
    return Answer({"spec": {"service": backend}, "status": {"conditions": conditions}})


def _reason(error: pytest.ExceptionInfo[Finding]) -> tuple[str, dict[str, Any]]:
    return error.value.reason.id, dict(error.value.reason.params)


def test_an_object_is_a_plain_document(api: FakeApi, cluster: Cluster) -> None:
    """The document comes as the server has it."""
    api.routes[WEB] = Answer(_object("web", spec={"replicas": 2}))
    assert cluster.get("apps/v1", "Deployment", "web", "shop")["spec"] == {"replicas": 2}
    assert cluster.now == START


def test_a_missing_object_is_absent(api: FakeApi, cluster: Cluster) -> None:
    """In a namespace that exists it is the object that is missing."""
    api.routes[WEB] = status(404, "NotFound", name="web")
    api.routes["/api/v1/namespaces/shop"] = Answer({"kind": "Namespace"})
    with pytest.raises(Absent) as error:
        cluster.get("apps/v1", "Deployment", "web", "shop")
    assert _reason(error) == ("object-absent", {"kind": "Deployment", "name": "web", "namespace": "shop"})
    assert cluster.find("apps/v1", "Deployment", "web", "shop") is None


def test_a_missing_namespace_is_told_as_that(api: FakeApi, cluster: Cluster) -> None:
    """The server says only that the object is missing: the namespace is looked at."""
    api.routes[WEB] = status(404, "NotFound", name="web")
    api.routes["/api/v1/namespaces/shop"] = status(404, "NotFound", name="shop")
    with pytest.raises(Absent) as error:
        cluster.get("apps/v1", "Deployment", "web", "shop")
    assert _reason(error) == ("namespace-absent", {"namespace": "shop"})


def test_a_namespace_that_may_not_be_seen_leaves_the_object_absent(api: FakeApi, cluster: Cluster) -> None:
    """A user without rights on namespaces still learns that the object is missing."""
    api.routes[WEB] = status(404, "NotFound", name="web")
    api.routes["/api/v1/namespaces/shop"] = status(403, "Forbidden", kind="namespaces")
    with pytest.raises(Absent) as error:
        cluster.get("apps/v1", "Deployment", "web", "shop")
    assert error.value.reason.id == "object-absent"


def test_another_object_is_no_answer(api: FakeApi, cluster: Cluster) -> None:
    """A document that is not the one asked for, or no list, is a doubt."""
    api.routes[WEB] = Answer({"metadata": {"name": "other"}})
    api.routes["/apis/apps/v1/namespaces/shop/deployments"] = Answer({"status": "ok"})
    for ask in (
        lambda: cluster.get("apps/v1", "Deployment", "web", "shop"),
        lambda: cluster.list("apps/v1", "Deployment", "shop"),
    ):
        with pytest.raises(CannotTell) as error:
            ask()
        assert error.value.reason.id == "bad-response"


def test_lists_follow_their_pages(api: FakeApi, cluster: Cluster) -> None:
    """A list comes in pages; selectors go along with each."""

    def pages(handler: Handler) -> Answer:
        if "continue=next" in handler.path:
            return Answer({"metadata": {}, "items": [{"metadata": {"name": "b"}}]})
        return Answer({"metadata": {"continue": "next"}, "items": [{"metadata": {"name": "a"}}]})

    api.routes["/api/v1/namespaces/shop/pods"] = pages
    found = cluster.list("v1", "Pod", "shop", labels={"b": "2", "a": "1"}, fields="status.phase=Running")
    assert [item["metadata"]["name"] for item in found] == ["a", "b"]
    assert all("labelSelector=a%3D1%2Cb%3D2" in path and "limit=500" in path for path in api.paths())
    assert all("fieldSelector=status.phase%3DRunning" in path for path in api.paths())


def test_an_empty_list_is_empty(api: FakeApi, cluster: Cluster) -> None:
    """Also in a namespace that does not exist; `items: null` is as empty."""
    api.routes["/api/v1/namespaces/none/pods"] = Answer({"metadata": {}, "items": None})
    assert cluster.list("v1", "Pod", "none") == []


def test_an_aggregated_api_without_backend_is_not_served(api: FakeApi, cluster: Cluster) -> None:
    """metrics.k8s.io without its server is a state of the lab, not an error of ours."""
    path = "/apis/metrics.k8s.io/v1beta1/nodes"
    api.routes[path] = text(503, "service unavailable\n")
    api.routes[METRICS] = _api_service("False")
    with pytest.raises(Unmet) as error:
        cluster.list("metrics.k8s.io/v1beta1", "NodeMetrics")
    assert _reason(error) == ("api-not-served", {"api_version": "metrics.k8s.io/v1beta1"})
    assert cluster.raw(path).status == 503


@pytest.mark.parametrize(
    "service",
    [_api_service("True"), Answer({"spec": {}}), Answer({}), status(404, "NotFound")],
    ids=["available", "local", "unreadable", "none"],
)
def test_a_503_that_nothing_explains_is_a_doubt(api: FakeApi, cluster: Cluster, service: Answer) -> None:
    """What the API server has itself, or finds available, does not answer "service unavailable"."""
    api.routes["/apis/metrics.k8s.io/v1beta1/nodes"] = text(503, "service unavailable\n")
    api.routes[METRICS] = service
    with pytest.raises(CannotTell) as error:
        cluster.list("metrics.k8s.io/v1beta1", "NodeMetrics")
    assert _reason(error)[0] == "bad-response"


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_names_cannot_lead_elsewhere(api: FakeApi, cluster: Cluster, name: str) -> None:
    """A name that is a step in a path is a fault of the rubric and is not sent."""
    with pytest.raises(ValueError, match="not a name"):
        cluster.get("v1", "Pod", name, "shop")
    with pytest.raises(ValueError, match="not a name"):
        cluster.get("v1", "Pod", "web", name)
    assert api.requests == []


def test_names_are_quoted(api: FakeApi, cluster: Cluster) -> None:
    """A slash or question mark in a name stays in the name."""
    with pytest.raises(CannotTell):
        cluster.get("v1", "Pod", "a/../b?x", "shop")
    assert api.paths()[0] == "/api/v1/namespaces/shop/pods/a%2F..%2Fb%3Fx"


def test_garbage_is_no_answer(api: FakeApi, source: LiveSource) -> None:
    """A login page instead of JSON, or a list instead of an object, is a bad-response."""
    for answer in (text(200, "<html>"), Answer([1]), Answer(None), Answer({}, 410)):
        api.routes[WEB] = answer
        with pytest.raises(CannotTell) as error:
            Cluster(source.view()).get("apps/v1", "Deployment", "web", "shop")
        assert error.value.reason.id == "bad-response"


def test_secrets_show_keys_and_hide_values(api: FakeApi, cluster: Cluster) -> None:
    """A check sees which keys there are and whether they are empty."""
    data = {"admin-password": "cGxhbnRlZA==", "empty": ""}
    api.routes[SECRET] = Answer({"kind": "Secret", "metadata": {"name": "grafana"}, "data": data})
    assert cluster.secret("grafana", "shop") == {"admin-password": b"<redacted>", "empty": b""}
    value = cluster.secret_value("grafana", "shop", "admin-password")
    assert str(value) == "Secret shop/grafana[admin-password]"
    for key in ("empty", "missing"):
        with pytest.raises(Absent) as error:
            cluster.secret_value("grafana", "shop", key)
        assert error.value.reason.id == "secret-key-absent"


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({"kind": "ConfigMap", "data": {}}, {"name": "a", "namespace": "shop"}),
        ({"metadata": {"name": "a"}, "data": {}}, {"name": "a", "namespace": "shop"}),
        ({"kind": "ConfigMap", "metadata": {"name": "b"}}, None),
        ({"kind": "Login", "data": {}}, None),
        ({"data": {}}, None),
    ],
)
def test_an_answer_must_be_the_object_that_was_asked_for(
    api: FakeApi, cluster: Cluster, body: dict[str, Any], found: dict[str, str] | None
) -> None:
    """By its name, or by its kind where cut evidence leaves out the name; what is left out is filled in."""
    api.routes["/api/v1/namespaces/shop/configmaps/a"] = Answer(body)
    if found is not None:
        assert cluster.get("v1", "ConfigMap", "a", "shop")["metadata"] == found
        return
    with pytest.raises(CannotTell) as doubt:
        cluster.get("v1", "ConfigMap", "a", "shop")
    assert doubt.value.reason.id == "bad-response"


def test_a_server_that_ignores_a_selector_is_not_believed(api: FakeApi, cluster: Cluster) -> None:
    """Items with other labels are left out; one that shows none, in cut evidence, is taken at its word."""
    items = [
        {"metadata": {"name": "own", "labels": {"app": "web", "more": "x"}}},
        {"metadata": {"name": "other", "labels": {"app": "db"}}},
        {"metadata": {"name": "bare", "labels": {}}},
        {"metadata": {"name": "cut"}},
    ]
    api.routes["/api/v1/namespaces/shop/configmaps"] = Answer({"items": items})
    found = cluster.list("v1", "ConfigMap", "shop", labels={"app": "web"})
    assert [item["metadata"]["name"] for item in found] == ["own", "cut"]


def test_version_and_uid(api: FakeApi, cluster: Cluster) -> None:
    """What tells one cluster from another."""
    api.routes["/api/v1/namespaces/kube-system"] = Answer(
        {"metadata": {"name": "kube-system", "uid": "1-2-3"}}
    )
    assert (cluster.server_version, cluster.uid) == ("v1.34.4", "1-2-3")


@pytest.mark.parametrize(
    ("moments", "since"),
    [
        (
            ("2026-03-02T09:00:00Z", datetime(2026, 3, 2, 9, 30, tzinfo=UTC)),
            datetime(2026, 3, 2, 9, 30, tzinfo=UTC),
        ),
        (("2026-03-02T09:00:00Z", None), None),
        (("2026-03-02T09:00:00Z", "garbage"), None),
        ((), None),
    ],
)
def test_held_since_takes_the_latest(
    cluster: Cluster, moments: tuple[datetime | str | None, ...], since: datetime | None
) -> None:
    """All of a state's parts have held since the last of them changed; an unknown one proves nothing."""
    cluster.held_since(*moments)
    assert cluster.since == since


def test_the_table_knows_plurals() -> None:
    """Irregular plurals and scopes of the table, spot-checked against the API."""
    assert (
        KNOWN["monitoring.coreos.com/v1", "Prometheus"]
        .path("m", "k8s")
        .endswith("/namespaces/m/prometheuses/k8s")
    )
    assert KNOWN["networking.k8s.io/v1", "Ingress"].plural == "ingresses"
    assert KNOWN["v1", "Node"].path(name="n") == "/api/v1/nodes/n"
    assert KNOWN["v1", "Node"].path("ignored", "n") == "/api/v1/nodes/n"
    with pytest.raises(ValueError, match="needs a namespace"):
        KNOWN["v1", "Pod"].path(name="web")
    assert discovered("a/v1", "X", {}) is None

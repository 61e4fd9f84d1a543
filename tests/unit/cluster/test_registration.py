"""Kinds that the API server does not serve, told apart from objects that are not there and from doubts."""

from __future__ import annotations

import pytest

from pytest_k8sgrade.cluster import Cluster
from pytest_k8sgrade.outcome import Absent, CannotTell
from tests.unit.cluster.fake import Answer, FakeApi, status, text

KEDA = {"name": "keda.sh", "versions": [{"groupVersion": "keda.sh/v1alpha1"}]}
SCALED_OBJECT = {"name": "scaledobjects", "kind": "ScaledObject", "namespaced": True}


def test_a_group_that_is_not_registered_is_told_as_that(api: FakeApi, cluster: Cluster) -> None:
    """404 in plain text: the component is not installed, which is no fault of a manifest."""
    for ask in (
        lambda: cluster.get("keda.sh/v1alpha1", "ScaledObject", "worker", "shop"),
        lambda: cluster.list("keda.sh/v1alpha1", "ScaledObject", "shop"),
        lambda: cluster.list("keda.sh/v1alpha1", "Unheard", "shop"),
    ):
        with pytest.raises(Absent) as error:
            ask()
        assert error.value.reason.id == "kind-not-registered"


@pytest.mark.parametrize(
    ("groups", "kinds"),
    [
        (text(404, "404 page not found\n"), text(404, "404 page not found\n")),
        (Answer({"groups": {}}), Answer({"resources": []})),
        (Answer({"groups": [KEDA]}), Answer({"resources": [SCALED_OBJECT]})),
        (Answer({"groups": [KEDA]}), text(404, "404 page not found\n")),
    ],
    ids=["nothing answers", "no groups", "it is served", "not told"],
)
def test_a_plain_404_of_a_served_kind_is_a_doubt(
    api: FakeApi, cluster: Cluster, groups: Answer, kinds: Answer
) -> None:
    """Whoever answered so was not the API server, unless discovery says that it lacks the kind."""
    api.routes["/apis"] = groups
    api.routes["/apis/keda.sh/v1alpha1"] = kinds
    for ask in (
        lambda: cluster.get("keda.sh/v1alpha1", "ScaledObject", "worker", "shop"),
        lambda: cluster.list("keda.sh/v1alpha1", "ScaledObject", "shop"),
    ):
        with pytest.raises(CannotTell) as error:
            ask()
        assert error.value.reason.id == "bad-response"


def test_a_kind_that_its_group_lacks_is_told_as_that(api: FakeApi, cluster: Cluster) -> None:
    """The group is there, one of its CRDs is not."""
    api.routes["/apis"] = Answer({"groups": [KEDA]})
    api.routes["/apis/keda.sh/v1alpha1"] = Answer({"resources": []})
    with pytest.raises(Absent) as error:
        cluster.list("keda.sh/v1alpha1", "ScaledObject", "shop")
    assert error.value.reason.id == "kind-not-registered"


def test_a_limited_user_learns_of_a_missing_group(api: FakeApi, cluster: Cluster) -> None:
    """Such a user gets 403 for what does not exist; discovery, open to all, tells it apart."""
    path = "/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/web"
    api.routes[path] = status(403, "Forbidden", kind="applications", group="argoproj.io")
    with pytest.raises(Absent) as error:
        cluster.get("argoproj.io/v1alpha1", "Application", "web", "argocd")
    assert error.value.reason.id == "kind-not-registered"


def test_forbidden_stays_forbidden_when_the_group_exists(api: FakeApi, cluster: Cluster) -> None:
    """403 is never taken for absence."""
    path = "/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/web"
    api.routes[path] = status(403, "Forbidden", kind="applications")
    api.routes["/apis/argoproj.io/v1alpha1"] = Answer({"kind": "APIResourceList", "resources": []})
    with pytest.raises(CannotTell) as error:
        cluster.get("argoproj.io/v1alpha1", "Application", "web", "argocd")
    assert error.value.reason.id == "forbidden"


def _refused_in(api: FakeApi, namespace: str) -> None:
    for rest in ("secrets", "secrets/own"):
        api.routes[f"/api/v1/namespaces/{namespace}/{rest}"] = status(403, "Forbidden", kind="secrets")


def test_nothing_is_in_a_namespace_that_does_not_exist(api: FakeApi, cluster: Cluster) -> None:
    """A user with rights in some namespaces is refused it, and is told what an administrator is."""
    _refused_in(api, "gone")
    api.routes["/api/v1/namespaces/gone"] = status(404, "NotFound", kind="namespaces", name="gone")
    assert cluster.list("v1", "Secret", "gone") == []
    assert cluster.find("v1", "Secret", "own", "gone") is None
    with pytest.raises(Absent) as error:
        cluster.get("v1", "Secret", "own", "gone")
    assert error.value.reason.id == "namespace-absent"


@pytest.mark.parametrize(
    "namespace",
    [
        Answer({"kind": "Namespace", "metadata": {"name": "there"}}),
        status(403, "Forbidden", kind="namespaces"),
        text(404, "404 page not found\n"),
    ],
    ids=["it is there", "not told", "somebody else answers"],
)
def test_a_refusal_elsewhere_stays_a_doubt(api: FakeApi, cluster: Cluster, namespace: Answer) -> None:
    """403 is never taken for absence, unless the API server says that the namespace is not there."""
    _refused_in(api, "there")
    api.routes["/api/v1/namespaces/there"] = namespace
    for ask in (
        lambda: cluster.list("v1", "Secret", "there"),
        lambda: cluster.find("v1", "Secret", "own", "there"),
        lambda: cluster.get("v1", "Secret", "own", "there"),
    ):
        with pytest.raises(CannotTell) as error:
            ask()
        assert error.value.reason.id == "forbidden"


def test_an_unknown_kind_is_discovered(api: FakeApi, cluster: Cluster) -> None:
    """Kinds beyond the table are found in the group's resource list, sub-resources are not."""
    api.routes["/apis/demo.io/v1"] = Answer(
        {
            "resources": [
                {"name": "mice/status", "kind": "Mouse", "namespaced": True},
                {"name": "mice", "kind": "Mouse", "namespaced": True},
            ]
        }
    )
    api.routes["/apis/demo.io/v1/namespaces/shop/mice"] = Answer({"items": [{"metadata": {"name": "a"}}]})
    assert cluster.list("demo.io/v1", "Mouse", "shop") == [
        {"metadata": {"name": "a", "namespace": "shop"}, "apiVersion": "demo.io/v1", "kind": "Mouse"}
    ]
    with pytest.raises(Absent):
        cluster.list("demo.io/v1", "Rat", "shop")

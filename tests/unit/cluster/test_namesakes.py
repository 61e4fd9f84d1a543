"""Where a missing object may be instead."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_k8sgrade.cluster import Cluster
from pytest_k8sgrade.outcome import Absent
from tests.unit.cluster.fake import Answer, FakeApi, status

HPAS = "/apis/autoscaling/v2/horizontalpodautoscalers"
IN_SHOP = "/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers"


def listed(*names: tuple[str, str]) -> Answer:
    """A list of autoscalers, by namespace and name."""
    return Answer({"items": [{"metadata": {"namespace": space, "name": name}} for space, name in names]})


def missing(api: FakeApi, cluster: Cluster, **routes: Answer) -> Any:
    """The reason for an autoscaler `web` that is not in namespace shop."""
    api.routes[f"{IN_SHOP}/web"] = status(404, "NotFound", name="web")
    api.routes["/api/v1/namespaces/shop"] = Answer({"kind": "Namespace"})
    api.routes |= {HPAS: routes.get("everywhere", listed()), IN_SHOP: routes.get("here", listed())}
    with pytest.raises(Absent) as error:
        cluster.get("autoscaling/v2", "HorizontalPodAutoscaler", "web", "shop")
    return error.value.reason


def test_the_same_name_in_another_namespace_is_told(api: FakeApi, cluster: Cluster) -> None:
    """Made in the wrong namespace."""
    reason = missing(api, cluster, everywhere=listed(("default", "web")))
    assert (reason.id, reason.params["found"]) == ("object-elsewhere", ["default"])


@pytest.mark.parametrize("name", ["web-v2", "my-web"])
def test_a_name_that_contains_the_right_one_is_told(api: FakeApi, cluster: Cluster, name: str) -> None:
    """Never taken for the object, but shown."""
    reason = missing(api, cluster, here=listed(("shop", name), ("shop", "other")))
    assert (reason.id, reason.params["found"]) == ("object-named-otherwise", [name])


@pytest.mark.parametrize("doubt", [status(403, "Forbidden"), listed(("shop", "database"))])
def test_without_anything_alike_the_object_is_just_missing(
    api: FakeApi, cluster: Cluster, doubt: Answer
) -> None:
    """Also for a user who may not list: the object stays missing."""
    assert missing(api, cluster, here=doubt, everywhere=doubt).id == "object-absent"


@pytest.mark.parametrize(
    ("name", "told"),
    [("web-1", "object-absent"), ("wed-2", "object-named-otherwise"), ("database", "object-absent")],
)
def test_what_is_counted_through_has_brothers_not_misspellings(
    api: FakeApi, cluster: Cluster, name: str, told: str
) -> None:
    """The first of several is not the second one under a wrong name."""
    api.routes[f"{IN_SHOP}/web-2"] = status(404, "NotFound", name="web-2")
    api.routes["/api/v1/namespaces/shop"] = Answer({"kind": "Namespace"})
    api.routes |= {HPAS: listed(), IN_SHOP: listed(("shop", name))}
    with pytest.raises(Absent) as error:
        cluster.get("autoscaling/v2", "HorizontalPodAutoscaler", "web-2", "shop")
    assert error.value.reason.id == told

"""Services: the port mapping, and what stands behind it."""

from __future__ import annotations

from typing import Any

import pytest

from checks import services
from tests.unit.checks.api import MemoryApi, look, reason, share
from tests.unit.checks.objects import Object, endpoints, item, pod, service, waiting


def routes(*objects: Object) -> Any:
    """One look at where the Service web leads."""
    params = {
        "name": "web",
        "namespace": "shop",
        "port": 80,
        "port_name": "http",
        "target_port": 8080,
        "at_least": 2,
    }
    return look(services.test_routes, MemoryApi(*objects).cluster(), **params)


def test_a_service_with_ready_pods_on_the_asked_port_is_met() -> None:
    """Port, name, target port and two ready addresses."""
    assert routes(service(), endpoints()).status == "met"


@pytest.mark.parametrize(
    ("objects", "expected"),
    [
        ([service(spec={"selector": {}})], "service-has-no-selector"),
        ([service(spec={"selector": {"app": "typo"}}), pod("web-1")], "service-selects-nothing"),
        ([service(), pod("web-1"), endpoints(ready=0)], "service-without-endpoints"),
        ([service(), pod("web-1", status=waiting("ImagePullBackOff"))], "container-image-missing"),
        ([service(), endpoints(ready=1), pod("web-1")], "service-without-endpoints"),
        ([service(), endpoints(port=9999)], "field-differs"),
        ([service(spec={"ports": [{"name": "http", "port": 8080}]}), endpoints()], "field-differs"),
    ],
)
def test_what_is_wrong_is_named(objects: list[Object], expected: str) -> None:
    """A selector that matches nothing, pods that are not ready and a wrong port are told apart."""
    seen = routes(*objects)
    assert reason(seen) == expected
    assert share(seen) < 1


def test_an_answer_of_another_status_is_unmet() -> None:
    """The application must answer the path as asked."""
    api = MemoryApi(service()).service("web", {"/": (200, "hi"), "/broken": (500, "no")})
    asked = {"name": "web", "namespace": "shop", "port": "http"}
    assert look(services.test_answers, api.cluster(), **asked).status == "met"
    assert (
        reason(look(services.test_answers, api.cluster(), **asked, path="/broken"))
        == "service-answers-otherwise"
    )


def test_a_namespace_that_is_being_deleted_does_not_exist_any_more() -> None:
    """Terminating is not there."""
    from checks import namespaces  # noqa: PLC0415 - one small check

    going = item("v1", "Namespace", "shop", status={"phase": "Terminating"})
    assert (
        reason(look(namespaces.test_exists, MemoryApi(going).cluster(), name="shop"))
        == "namespace-terminating"
    )
    assert look(namespaces.test_exists, MemoryApi().cluster(), name="shop").status == "absent"

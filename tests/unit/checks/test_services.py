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


def counted(*ready: Object, **conditions: bool) -> Any:
    """One look at a Service whose slice has these endpoints, with one ready pod asked for."""
    behind = endpoints()
    behind["endpoints"] = [{**one, "conditions": {"ready": True, **conditions}} for one in ready]
    asked = {"name": "web", "namespace": "shop", "port": 80, "target_port": 8080}
    return look(services.test_routes, MemoryApi(service(), behind).cluster(), **asked)


TARGET: Object = {"targetRef": {"kind": "Pod", "name": "web-1"}}


@pytest.mark.parametrize(
    ("conditions", "met"),
    [({}, True), ({"serving": True}, True), ({"serving": False}, False), ({"terminating": True}, False)],
)
def test_what_is_published_is_not_always_ready(conditions: dict[str, bool], met: bool) -> None:
    """A Service may publish pods that are not ready; then only `serving` tells."""
    seen = counted({"addresses": ["10.0.0.5"], **TARGET}, **conditions)
    assert (seen.status == "met") is met


def test_a_pod_counts_once_whatever_its_addresses() -> None:
    """One of IPv4 and one of IPv6 are no two pods."""
    both = endpoints()
    both["endpoints"] = [{"addresses": [address], **TARGET} for address in ("10.0.0.5", "2001:db8::5")]
    assert reason(routes(service(), both, pod("web-1"))) == "service-without-endpoints"


def test_a_port_is_its_number_and_its_protocol() -> None:
    """Of two ports of one number the one of the protocol is meant, wherever it stands."""
    tcp = {"name": "http", "port": 80, "protocol": "TCP", "targetPort": 8080}
    udp = {"name": "other", "port": 80, "protocol": "UDP", "targetPort": 9999}
    for ports in ([tcp, udp], [udp, tcp]):
        assert routes(service(spec={"ports": ports}), endpoints()).status == "met"
    alone = routes(service(spec={"ports": [{**tcp, "protocol": "UDP"}]}), endpoints())
    assert (alone.status, reason(alone)) == ("unmet", "field-differs")


def test_a_service_that_leads_nowhere_tells_why() -> None:
    """An alias, pods on their way out, and a port name that no pod has."""
    alias = service(spec={"type": "ExternalName", "externalName": "www.example.org"})
    assert reason(routes(alias)) == "service-external-name"
    going = pod("web-1", meta={"deletionTimestamp": "2026-03-02T10:00:00Z"})
    assert reason(routes(service(), going)) == "service-pods-terminating"
    misnamed = service(spec={"ports": [{"name": "http", "port": 80, "targetPort": "web"}]})
    assert reason(routes(misnamed, pod("web-1"))) == "service-target-port-unknown"


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

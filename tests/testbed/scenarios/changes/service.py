"""Changes to the lab's Service: what it selects and which ports it leads to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.testbed.layers import look
from tests.testbed.layers.app import NAMESPACE
from tests.testbed.scenarios.change import Target, patched, register

from .monitoring import no_targets, targets_up

if TYPE_CHECKING:
    from tests.testbed.layers.base import Document
    from tests.testbed.node import Bed

SERVICE = Target("service", NAMESPACE, "web-app")
SLICES = (
    f"/apis/discovery.k8s.io/v1/namespaces/{NAMESPACE}/endpointslices"
    "?labelSelector=kubernetes.io%2Fservice-name%3Dweb-app"
)


def endpoints(bed: Bed, port: int, count: int) -> str | None:
    """Whether the Service leads to so many ready addresses at a port."""
    found = [
        (number["port"], address)
        for one in (look.get(bed, SLICES) or {"items": []})["items"]
        for number in one.get("ports") or []
        for entry in one.get("endpoints") or []
        if entry["conditions"].get("ready")
        for address in entry["addresses"]
    ]
    return None if len(found) == count and {number for number, _ in found} <= {port} else f"leads to {found}"


register(
    patched(
        "service-selects-nothing",
        "The Service's selector matches no pod",
        SERVICE,
        to={"spec": {"selector": {"app": "webapp"}}},
        back={"spec": {"selector": {"app": "web-app"}}},
        effect=lambda bed: endpoints(bed, 8080, 0) or no_targets(bed),
        restored=lambda bed: endpoints(bed, 8080, 2) or targets_up(bed),
    )
)


def ports(port: int, target: int, name: str = "http") -> Document:
    """A patch of the Service's only port."""
    return {"spec": {"ports": [{"port": port, "targetPort": target, "name": name, "protocol": "TCP"}]}}


register(
    patched(
        "service-target-port-wrong",
        "The Service's targetPort is one where nothing listens",
        SERVICE,
        to=ports(80, 80),
        back=ports(80, 8080),
        effect=lambda bed: endpoints(bed, 80, 2) or look.pool_health(bed, "day5-lab/web-app", "down", 2),
        restored=lambda bed: endpoints(bed, 8080, 2) or targets_up(bed),
    )
)
register(
    patched(
        "service-port-wrong",
        "The Service has port 8080 instead of 80",
        SERVICE,
        to=ports(8080, 8080),
        back=ports(80, 8080),
        effect=lambda bed: None,
        restored=lambda bed: endpoints(bed, 8080, 2),
    )
)

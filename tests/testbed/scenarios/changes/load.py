"""A load on the application that nobody has taken away yet: the lab's last step is still to come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.testbed.layers import look
from tests.testbed.layers.app import NAMESPACE
from tests.testbed.layers.base import apply
from tests.testbed.layers.history import QUICK, WEB_APP, generator
from tests.testbed.scenarios.change import Change, register

from .application import POD_METRICS, pods
from .autoscaling import TRIPLE, works
from .monitoring import targets_up

if TYPE_CHECKING:
    from tests.testbed.layers.base import Document
    from tests.testbed.node import Bed

RATE = "22"
"""Requests a second: too many for two pods, also where a busy machine makes a fifth less, not for three."""


def load() -> list[Document]:
    """The load generator of the scaling history, slower."""
    found = generator()
    found[-1]["spec"]["containers"][0]["command"][-1] = RATE
    return found


def grown(bed: Bed) -> str | None:
    """Whether more than two pods run, are scraped and measured, and the autoscaler is content with them."""
    status = (look.read(bed, "deployment", NAMESPACE, "web-app") or {}).get("status", {})
    count = status.get("replicas", 0)
    if count <= 2 or status.get("readyReplicas") != count:
        return f"{status.get('readyReplicas')} of {count} pods are ready"
    if len(up := look.targets(bed).get(f"serviceMonitor/{NAMESPACE}/web-app/0", [])) != count or set(up) != {
        "up"
    }:
        return f"targets {up}"
    names = {pod["metadata"]["name"] for pod in pods(bed)}
    measured = {one["metadata"]["name"] for one in (look.get(bed, POD_METRICS) or {"items": []})["items"]}
    if not names <= measured:
        return f"no metrics of {sorted(names - measured)}"
    able = look.condition(look.read(bed, *TRIPLE), "AbleToScale").get("reason")
    return None if able == "ReadyForNewScale" else f"AbleToScale: {able}"


def take_away(bed: Bed) -> None:
    """End the load; a quick behaviour saves the lab's five minutes, then the object is the lab's again."""
    WEB_APP.without_load(bed)
    WEB_APP.patch(bed, {"spec": {"behavior": QUICK}})
    look.until("scaled down", lambda: WEB_APP.at_minimum(bed))
    WEB_APP.restore(bed)
    look.until("as before", lambda: works(bed) or targets_up(bed))


register(
    Change(
        name="hpa-load-goes-on",
        title="The load on the application was never taken away",
        apply=lambda bed: apply(bed, load()),
        settle=lambda bed: look.until("scaled up", lambda: grown(bed)),
        undo=take_away,
    )
)

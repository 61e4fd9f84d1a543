"""Changes to the autoscaler."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.testbed.layers import look
from tests.testbed.layers.app import scaling_active
from tests.testbed.scenarios.change import Target, patched, register

if TYPE_CHECKING:
    from tests.testbed.node import Bed

HPA = Target("hpa", "day5-lab", "web-app-hpa")


def cannot_scale(bed: Bed) -> str | None:
    """Whether the autoscaler says that it cannot find its target."""
    found = look.condition(look.read(bed, "hpa", "day5-lab", "web-app-hpa"), "AbleToScale")
    return (
        None
        if found.get("reason") == "FailedGetScale"
        else f"AbleToScale {found.get('status')}: {found.get('reason')}"
    )


def works(bed: Bed) -> str | None:
    """Whether it is able to scale and active again."""
    found = look.condition(look.read(bed, "hpa", "day5-lab", "web-app-hpa"), "AbleToScale")
    return (
        f"AbleToScale {found.get('reason')}" if found.get("status") != "True" else scaling_active(bed, "True")
    )


TARGET_MISSING = register(
    patched(
        "hpa-target-missing",
        "The HPA's target names a Deployment that does not exist",
        HPA,
        to={"spec": {"scaleTargetRef": {"name": "webapp"}}},
        back={"spec": {"scaleTargetRef": {"name": "web-app"}}},
        effect=cannot_scale,
        restored=works,
    )
)

"""Changes to what Prometheus scrapes and loads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.testbed.layers import look
from tests.testbed.scenarios.change import Target, patched, register

if TYPE_CHECKING:
    from tests.testbed.node import Bed

MONITOR = Target("servicemonitor", "day5-lab", "web-app")


def no_targets(bed: Bed) -> str | None:
    """Whether the ServiceMonitor's pool is loaded and empty."""
    pools = [pool for pool in look.targets(bed) if pool.startswith("serviceMonitor/day5-lab/web-app/")]
    return f"targets still there: {pools}" if pools else None


def targets_up(bed: Bed) -> str | None:
    """Whether both targets are up."""
    return look.pool_health(bed, "day5-lab/web-app", "up", 2)


SELECTS_NOTHING = register(
    patched(
        "servicemonitor-selects-nothing",
        "The ServiceMonitor's label selector matches no Service",
        MONITOR,
        to={"spec": {"selector": {"matchLabels": {"app": "webapp"}}}},
        back={"spec": {"selector": {"matchLabels": {"app": "web-app"}}}},
        effect=no_targets,
        restored=targets_up,
    )
)

"""Whole clusters by name: `empty`, `half` (stopped in the middle), `lab1`, `handson1` (all of it works).

A scenario is a tier, layers and changes. `start` brings one up; with `settle=False` it returns as
soon as the manifests are applied and the stack still converges, and `settle` may be called later
(or never).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from tests.testbed.layers import LAYERS, run
from tests.testbed.node import up

from . import changes as _changes
from .change import CHANGES, Change, applied, change

if TYPE_CHECKING:
    from tests.testbed.layers import Layer
    from tests.testbed.node import Bed

__all__ = [
    "CHANGES",
    "SCENARIOS",
    "Change",
    "Scenario",
    "applied",
    "change",
    "prepare",
    "scenario",
    "settle",
    "start",
]

Report = Callable[[str], None]
assert _changes.__all__  # imported for its effect: it fills the table of changes


@dataclass(frozen=True)
class Scenario:
    """A cluster: what it consists of."""

    name: str
    title: str
    tier: Literal["control-plane", "node"] = "node"
    layers: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()

    def parts(self) -> list[Layer]:
        """Its layers and what they need, needs first."""
        return run.closure(self.layers, LAYERS)

    def images(self) -> frozenset[str]:
        """Keys of the images its pods use."""
        return frozenset().union(*(layer.images for layer in self.parts()))

    def components(self) -> frozenset[str]:
        """What has to be built for it."""
        return frozenset({self.tier}).union(*(layer.components for layer in self.parts()))


_SCENARIOS = (
    Scenario("empty", "A node and nothing on it"),
    Scenario(
        "half",
        "A student who stopped in the middle: the stack is up and the application deployed, but its "
        "ServiceMonitor's target is down, metrics-server lacks its flag, the HPA is inactive, no Argo CD",
        layers=("monitoring", "app-by-the-letter", "app-down", "metrics-server-without-flag", "hpa-inactive"),
    ),
    # Argo CD's Application deploys into `default`, as the lab's text has it. The Deployment that the HPA
    # scales is the one in day5-lab, as the lab's scripts have it: self-healing and HPA never meet.
    Scenario(
        "lab1",
        "Lab 1 finished, and every checkpoint works",
        layers=("monitoring", "app-scraped", "metrics-server", "hpa-history", "application"),
    ),
    Scenario(
        "handson1-custom",
        "Hands-on 1's autoscaling by requests, without its other parts",
        layers=("metrics-app-history",),
    ),
    Scenario(
        "handson1",
        "Hands-on 1 finished, and every checkpoint works",
        layers=("metrics-app-history", "alerting", "gitops-environments", "gitops-demo", "production-chart"),
    ),
    Scenario(
        "autoscaling",
        "What the theory of autoscaling shows: KEDA, the VPA, and the traces of Cluster Autoscaler",
        layers=("consumer", "vertical", "node-autoscaler"),
    ),
    # Where no provider could add a machine nothing about node autoscaling is graded.
    Scenario("autoscaling-empty", "A node of a provider and nothing on it", layers=("provider",)),
    Scenario("gitops", "The GitOps of hands-on 1 alone", layers=("gitops-environments", "gitops-demo")),
    Scenario(
        "challenge1", "Challenge 1 repaired, by another road than the text's", layers=("challenge1-repaired",)
    ),
    Scenario("challenge1-broken", "Challenge 1 as its setup leaves it", layers=("challenge1-as-set-up",)),
    Scenario(
        "alerting",
        "The alerting of hands-on 1 with what it watches, without the lab's other parts",
        layers=("alerting", "metrics-app-hpa"),
    ),
    Scenario("chart", "The production chart of hands-on 1 alone", layers=("production-chart",)),
)
SCENARIOS: dict[str, Scenario] = {found.name: found for found in _SCENARIOS}


def scenario(name: str) -> Scenario:
    """A scenario by name."""
    if name not in SCENARIOS:
        raise ValueError(f"no scenario {name!r}: there are {', '.join(SCENARIOS)}")
    return SCENARIOS[name]


def start(wanted: str | Scenario, *, name: str = "bed", report: Report = print, settle: bool = True) -> Bed:
    """Bring a scenario up on a new bed; takes the bed down again if that fails."""
    chosen = scenario(wanted) if isinstance(wanted, str) else wanted
    began = time.monotonic()
    bed = up(name, chosen.tier, images=chosen.images(), report=report)
    try:
        prepare(bed, chosen, report=report, settled=settle)
        bed.note(scenario=chosen.name)
    except BaseException:
        bed.down()
        raise
    report(
        f"scenario {chosen.name}: {'settled' if settle else 'applied'} after {time.monotonic() - began:.1f} s"
    )
    return bed


def prepare(bed: Bed, chosen: Scenario, *, report: Report = print, settled: bool = True) -> None:
    """Put a scenario on an empty bed that is already up."""
    parts = chosen.parts()
    if not settled:
        run.install(bed, parts, report=report)
        return
    run.install_and_settle(bed, parts, report=report)
    apply_changes(bed, chosen)


def settle(bed: Bed, chosen: Scenario, *, report: Report = print) -> None:
    """Wait until everything of a scenario works that was started without waiting."""
    run.settle(bed, chosen.parts(), report=report)
    apply_changes(bed, chosen)


def apply_changes(bed: Bed, chosen: Scenario) -> None:
    """A scenario's own changes come last: they alter a cluster that works."""
    for wanted in chosen.changes:
        wanted.apply(bed)
    for wanted in chosen.changes:
        wanted.settle(bed)

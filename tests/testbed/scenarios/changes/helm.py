"""Changes to the Helm release `prometheus`: every one is made by the real helm.

Taken back by giving Helm the records it had before: the objects of the release are the same before and
after, except where it was uninstalled.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING

from tests.testbed.layers import helm, look
from tests.testbed.layers.monitoring import CHART, NAMESPACE, RELEASE, STAND_INS, Monitoring, defaults
from tests.testbed.node.bed import CommandFailed
from tests.testbed.scenarios.change import Change, register
from tests.testbed.scenarios.releases import Release, instead

from .monitoring import grown_up

if TYPE_CHECKING:
    from tests.testbed.node import Bed
    from tests.testbed.scenarios.releases import Act

LAB = Release(RELEASE, NAMESPACE)
OTHER_CHART = "prometheus-stack"


def of_release(name: str, title: str, act: Act, *, undo: Act = LAB.remind) -> Change:
    """A change by helm, which is there when helm has ended."""

    def apply(bed: Bed) -> None:
        LAB.keep(bed)
        act(bed)

    return register(Change(name=name, title=title, apply=apply, settle=lambda _: None, undo=undo))


def fail(bed: Bed) -> None:
    """Upgrade with a value that the API server refuses: the revision fails, nothing else changes."""
    refused = {"prometheus.prometheusSpec.retention": "ten-days"}
    with helm.chart(CHART, values=defaults(bed), stand_ins=STAND_INS) as path, suppress(CommandFailed):
        helm.upgrade(bed, RELEASE, path, NAMESPACE, refused, "--reuse-values")


def interrupt(bed: Bed) -> None:
    """Upgrade with --wait and kill helm as soon as the revision is pending."""
    with helm.chart(CHART, values=defaults(bed), stand_ins=STAND_INS) as path:
        LAB.interrupt(bed, path, "--reuse-values", {})


def other_chart(bed: Bed) -> None:
    """Upgrade to a copy of the chart that has another name and makes the same objects."""
    with helm.chart(CHART, values=defaults(bed), stand_ins=STAND_INS) as path:
        for file in [path / "Chart.yaml", *(path / "templates").iterdir()]:
            text = file.read_text(encoding="utf-8")
            file.write_text(renamed(text), encoding="utf-8")
        helm.upgrade(bed, RELEASE, path, NAMESPACE, {})


def renamed(text: str) -> str:
    """A file of the chart for the other name, with the objects' names as they were."""
    text = text.replace(f"name: {CHART}\n", f"name: {OTHER_CHART}\n")
    return re.sub(r"[$]?[.]Chart[.]Name", f'"{CHART}"', text.replace("{{ .Chart.Name }}", CHART))


def uninstall(bed: Bed) -> None:
    """Uninstall the release and keep its history; all of its objects go."""
    helm.run(bed, "uninstall", RELEASE, "--namespace", NAMESPACE, "--keep-history", "--wait")


def install_again(bed: Bed) -> None:
    """Go back to what the history has, as a student would, and wait until all of it works."""
    helm.run(bed, "rollback", RELEASE, str(LAB.latest(bed)[0]), "--namespace", NAMESPACE)
    LAB.drop(bed)
    LAB.forget(bed, "status!=deployed")
    Monitoring().wait(bed)
    look.until("Prometheus is old enough", lambda: grown_up(bed))


of_release("helm-failed", "An upgrade of the release failed", fail)
of_release("helm-pending-upgrade", "An upgrade of the release was interrupted", interrupt)
of_release("helm-other-chart", "The release is of a chart with another name", other_chart)
for _name, _title, _place in (
    ("helm-other-namespace", "The release of that name is in another namespace", (RELEASE, "default")),
    (
        "helm-name-contains",
        "Only a release whose name contains the right one is there",
        (OTHER_CHART, NAMESPACE),
    ),
):
    _act, _back = instead(LAB, *_place)
    of_release(_name, _title, _act, undo=_back)
of_release(
    "helm-uninstalled", "The release was uninstalled with its history kept", uninstall, undo=install_again
)

"""Changes to the Helm release `prometheus`: every one is made by the real helm.

Taken back by giving Helm the records it had before: the objects of the release are the same before and
after, except where it was uninstalled.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from tests.testbed.layers import helm, look
from tests.testbed.layers.monitoring import CHART, NAMESPACE, RELEASE, STAND_INS, Monitoring, defaults
from tests.testbed.node.bed import CommandFailed
from tests.testbed.scenarios.change import Change, register
from tests.testbed.scenarios.edits import bare, create

from .monitoring import grown_up

if TYPE_CHECKING:
    from tests.testbed.layers.base import Document
    from tests.testbed.node import Bed

Act = Callable[["Bed"], None]

RECORDS = f"/api/v1/namespaces/{NAMESPACE}/secrets?labelSelector=owner%3Dhelm%2Cname%3D{RELEASE}"
OTHER_CHART = "prometheus-stack"
_KEPT: dict[str, list[Document]] = {}


def latest(bed: Bed) -> tuple[int, str]:
    """Number and status of the release's newest revision."""
    labels = [one["metadata"]["labels"] for one in bed.api.get(RECORDS)["items"]]
    return max((int(one["version"]), one["status"]) for one in labels)


def keep(bed: Bed) -> None:
    """Note the release's records as they are now."""
    found = bed.api.get(RECORDS)["items"]
    _KEPT[bed.name] = [{"apiVersion": "v1", "kind": "Secret", **bare(one)} for one in found]


def forget(bed: Bed) -> None:
    """Delete the release's records, which is all that Helm knows of it."""
    bed.kubectl(
        "delete", "secrets", "-n", NAMESPACE, "-l", f"owner=helm,name={RELEASE}", "--ignore-not-found"
    )


def remind(bed: Bed) -> None:
    """Give Helm the records back that were noted."""
    forget(bed)
    create(bed, *_KEPT.pop(bed.name))


def of_release(name: str, title: str, act: Act, *, undo: Act = remind) -> Change:
    """A change by helm, which is there when helm has ended."""

    def apply(bed: Bed) -> None:
        keep(bed)
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
        program = [str(bed.artifacts.binary("helm")), "--kubeconfig", str(bed.kubeconfig)]
        command = ["upgrade", RELEASE, str(path), "--namespace", NAMESPACE, "--reuse-values", "--wait"]
        process = bed.popen([*program, *command, *helm.FLAGS])
        try:
            look.until(
                "pending", lambda: None if latest(bed)[1] == "pending-upgrade" else "not pending", pause=0.05
            )
        finally:
            process.kill()
            process.wait()


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


@contextmanager
def small_chart() -> Iterator[Path]:
    """A chart that makes one ConfigMap."""
    with tempfile.TemporaryDirectory(prefix="k8sgrade-chart-") as folder:
        path = Path(folder) / "notes"
        (path / "templates").mkdir(parents=True)
        (path / "Chart.yaml").write_text("{apiVersion: v2, name: notes, version: 1.0.0}\n", encoding="utf-8")
        config_map = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: "{{ .Release.Name }}-notes"}\n'
        (path / "templates" / "notes.yaml").write_text(config_map, encoding="utf-8")
        yield path


def elsewhere(release: str, namespace: str) -> tuple[Act, Act]:
    """Another release in its place: of the wanted name elsewhere, or of another name here; and back."""

    def act(bed: Bed) -> None:
        forget(bed)
        with small_chart() as path:
            helm.install(bed, release, path, namespace, {})

    def back(bed: Bed) -> None:
        helm.run(bed, "uninstall", release, "--namespace", namespace)
        remind(bed)

    return act, back


def uninstall(bed: Bed) -> None:
    """Uninstall the release and keep its history; all of its objects go."""
    helm.run(bed, "uninstall", RELEASE, "--namespace", NAMESPACE, "--keep-history", "--wait")


def install_again(bed: Bed) -> None:
    """Go back to what the history has, as a student would, and wait until all of it works."""
    helm.run(bed, "rollback", RELEASE, str(latest(bed)[0]), "--namespace", NAMESPACE)
    _KEPT.pop(bed.name)
    bed.kubectl("delete", "secrets", "-n", NAMESPACE, "-l", f"owner=helm,name={RELEASE},status!=deployed")
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
    _act, _back = elsewhere(*_place)
    of_release(_name, _title, _act, undo=_back)
of_release(
    "helm-uninstalled", "The release was uninstalled with its history kept", uninstall, undo=install_again
)

"""What Helm has stored of a release: looked at, kept, deleted and given back.

A change that damages or hides a release is taken back by giving Helm the records it had before.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from tests.testbed.layers import helm, look

from .edits import bare, create

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.testbed.layers.base import Document
    from tests.testbed.node import Bed

    from .change import Seen

    Act = Callable[[Bed], None]

_KEPT: dict[tuple[str, Release], list[Document]] = {}


@dataclass(frozen=True)
class Release:
    """A release by name and namespace."""

    name: str
    namespace: str

    def records(self, bed: Bed) -> list[Document]:
        """The Secrets of its revisions."""
        path = f"/api/v1/namespaces/{self.namespace}/secrets"
        selected = f"labelSelector=owner%3Dhelm%2Cname%3D{self.name}"
        found: list[Document] = bed.api.get(f"{path}?{selected}")["items"]
        return found

    def latest(self, bed: Bed) -> tuple[int, str]:
        """Number and status of the newest revision."""
        labels = [one["metadata"]["labels"] for one in self.records(bed)]
        return max((int(one["version"]), one["status"]) for one in labels)

    def keep(self, bed: Bed) -> None:
        """Note the records as they are now."""
        kept = [{"apiVersion": "v1", "kind": "Secret", **bare(one)} for one in self.records(bed)]
        _KEPT[bed.name, self] = kept

    def drop(self, bed: Bed) -> None:
        """No longer keep what was noted."""
        _KEPT.pop((bed.name, self))

    def forget(self, bed: Bed, also: str = "") -> None:
        """Delete the records, which is all that Helm knows of it; `also` narrows the label selector."""
        selector = ",".join(filter(None, [f"owner=helm,name={self.name}", also]))
        bed.kubectl("delete", "secrets", "-n", self.namespace, "-l", selector, "--ignore-not-found")

    def remind(self, bed: Bed) -> None:
        """Give Helm the records back that were noted."""
        self.forget(bed)
        create(bed, *_KEPT.pop((bed.name, self)))

    def interrupt(
        self, bed: Bed, path: Path, values: str, sets: Mapping[str, str], begun: Seen = lambda _: None
    ) -> None:
        """Upgrade with --wait and kill helm as soon as the revision is pending, and has `begun`.

        `values` is the flag that says what becomes of the values set before.
        """
        program = [str(bed.artifacts.binary("helm")), "--kubeconfig", str(bed.kubeconfig)]
        chosen = [part for key, value in sets.items() for part in ("--set", f"{key}={value}")]
        command = ["upgrade", self.name, str(path), "--namespace", self.namespace, "--wait", values, *chosen]
        process = bed.popen([*program, *command, *helm.FLAGS])
        try:
            look.until("pending", lambda: self._pending(bed) or begun(bed), pause=0.05)
        finally:
            process.kill()
            process.wait()

    def _pending(self, bed: Bed) -> str | None:
        return None if self.latest(bed)[1] == "pending-upgrade" else "not pending"


@contextmanager
def small_chart() -> Iterator[Path]:
    """A chart that makes one ConfigMap."""
    with TemporaryDirectory(prefix="testbed-chart-") as folder:
        path = Path(folder) / "notes"
        (path / "templates").mkdir(parents=True)
        (path / "Chart.yaml").write_text("{apiVersion: v2, name: notes, version: 1.0.0}\n", encoding="utf-8")
        config_map = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: "{{ .Release.Name }}-notes"}\n'
        (path / "templates" / "notes.yaml").write_text(config_map, encoding="utf-8")
        yield path


def instead(release: Release, name: str, namespace: str) -> tuple[Act, Act]:
    """Another release in its place: of the wanted name elsewhere, or of another name here; and back."""

    def act(bed: Bed) -> None:
        release.forget(bed)
        with small_chart() as path:
            helm.install(bed, name, path, namespace, {})

    def back(bed: Bed) -> None:
        helm.run(bed, "uninstall", name, "--namespace", namespace)
        release.remind(bed)

    return act, back

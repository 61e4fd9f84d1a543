"""The recorded clusters of a rubric's proofs, to look at its checks on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import shorten
from typing import Final

from pytest_k8sgrade.cluster import RecordedSource, open_evidence
from pytest_k8sgrade.cluster.replay import ReplayReader
from pytest_k8sgrade.errors import UsageFault
from pytest_k8sgrade.lint.clusters.fresh import FreshCluster
from pytest_k8sgrade.lint.clusters.layered import Layered
from pytest_k8sgrade.lint.findings import Finding
from pytest_k8sgrade.lint.looks import Scene
from pytest_k8sgrade.lint.subject import Subject
from pytest_k8sgrade.prove.load import FOLDER, LoadedProofs, load_proofs
from pytest_k8sgrade.rubric.load import LoadedRubric, digest_of

_SHOWN: Final = 300


@dataclass(frozen=True, slots=True)
class Recordings:
    """The recorded clusters of a rubric's proofs, None where there is none."""

    empty: RecordedSource | None = None
    reference: RecordedSource | None = None

    def scenes(self) -> Iterator[Scene]:
        """Those that there are; what nobody has asked them is answered by a fresh cluster."""
        yield from (beside_fresh(source) for source in (self.empty, self.reference) if source is not None)


def beside_fresh(source: RecordedSource) -> Scene:
    """A recorded cluster, and a fresh one for what nobody has asked it."""
    return Scene(Layered(ReplayReader(source.evidence), FreshCluster()), source.view().now)


def recordings_of(subject: Subject) -> tuple[Recordings, list[Finding]]:
    """The recorded clusters of the proofs beside the rubric, and why they cannot be read."""
    pack = subject.pack
    if pack.folder is None or not pack.folder.joinpath(FOLDER, f"{pack.name}.yaml").is_file():
        return Recordings(), []
    try:
        lab = LoadedRubric(subject.rubric, subject.checks, digest_of(subject.rubric), pack)
        proofs = load_proofs(lab)
        return Recordings(_open(proofs, proofs.file.empty), _open(proofs, proofs.file.reference)), []
    except UsageFault as fault:
        told = shorten(str(fault), _SHOWN, placeholder=" …")
        return Recordings(), [subject.in_file("proof-unreadable", error=told)]


def _open(proofs: LoadedProofs, path: str) -> RecordedSource:
    with TemporaryDirectory() as folder:
        file = Path(folder) / Path(path).name
        file.write_bytes(proofs.evidence(path))
        return open_evidence(file)

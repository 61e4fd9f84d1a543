"""The bundled rubrics' proofs hold, graded again from their recordings: no cluster, seconds."""

from __future__ import annotations

import zipfile
from functools import cache
from pathlib import Path

import pytest

from pytest_k8sgrade.prove.load import LoadedProofs, load_proofs
from pytest_k8sgrade.prove.run import Prover
from pytest_k8sgrade.rubric.load import load_rubric
from pytest_k8sgrade.rubric.packs import find_pack

FOLDER = Path(__file__).parents[2] / "rubrics" / "proofs"
PLANTED = (b"admin123", b"YWRtaW4xMjM=", b"changed-later", b"Y2hhbmdlZC1sYXRlcg==", b"eyJhbGciOi")
"""Grafana's passwords, plain and as a Secret holds them, and how any token begins."""
LARGEST = 8 * 1024 * 1024
"""Bytes of all evidence together: it comes with every installation."""


LABS = {
    "autoscaling": 41,
    "challenge1": 15,
    "handson1": 40,
    "lab1": 40,
    "logging": 20,
    "theory": 25,
    "tracing": 15,
}
"""Bundled rubrics with proofs, and how many mutations each has at least."""
NOT_LOST = {"lab1": {"node-metrics"}, "handson1": {"hpa-scaled-up", "hpa-scaled-down"}}
"""Items that no recording loses for their own sake.

The testbed has one node: either it is measured, or nothing is. What an autoscaler has done stays in
Prometheus' memory whatever is changed afterwards; lab 1 loses those items with Prometheus' data.
"""


@cache
def proofs(lab: str) -> LoadedProofs:
    """A lab's proofs."""
    return load_proofs(load_rubric(find_pack(lab)))


@cache
def prover(lab: str) -> Prover:
    """Proves them one by one."""
    return Prover(lab, proofs(lab))


@pytest.mark.parametrize(("lab", "proof"), [(lab, proof) for lab in LABS for proof in prover(lab).steps()])
def test_a_proof_holds(lab: str, proof: str) -> None:
    """Empty is nothing, the reference everything, a fault exactly its items with a hint that names it."""
    found = prover(lab).steps()[proof]()
    assert [one.model_dump(exclude_none=True) for one in found.differences] == []


def test_every_bundled_proof_file_is_proven() -> None:
    """No proof file ships that nobody looks at."""
    assert {file.stem for file in FOLDER.glob("*.yaml")} == set(LABS)


@pytest.mark.parametrize("lab", LABS)
def test_there_are_enough_mutations(lab: str) -> None:
    """No lab ships with fewer than it was asked for."""
    assert len(proofs(lab).file.mutations) >= LABS[lab]


@pytest.mark.parametrize("lab", LABS)
def test_every_item_is_lost_by_a_mutation(lab: str) -> None:
    """An item that no mutation loses for its own sake is not known to be able to fail on a real cluster.

    `tests/replay` takes the values away of those that none can lose.
    """
    lost = {
        item
        for mutation in proofs(lab).file.mutations
        for item, reasons in mutation.loses.items()
        if "blocked" not in reasons
    }
    looked_at = {item.id for item in proofs(lab).lab.rubric.items if item.active is None}
    assert looked_at - lost == NOT_LOST.get(lab, set())


@pytest.mark.parametrize("lab", LABS)
def test_every_recording_is_proven(lab: str) -> None:
    """No evidence lies about that no proof names."""
    file = proofs(lab).file
    named = {file.reference, file.empty, file.shared, *(one.evidence for one in file.mutations)} - {None}
    assert {str(found.relative_to(FOLDER)) for found in (FOLDER / lab).rglob("*.zip")} == named


def test_the_recordings_hold_no_secret_and_are_small() -> None:
    """Neither passwords nor tokens, and no more than every installation may carry."""
    size = 0
    for file in FOLDER.rglob("*.zip"):
        size += file.stat().st_size
        with zipfile.ZipFile(file) as archive:
            content = b"".join(archive.read(entry) for entry in archive.namelist())
        assert [secret for secret in PLANTED if secret in content] == [], file.name
    assert 0 < size < LARGEST

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
LARGEST = 5 * 1024 * 1024
"""Bytes of all evidence together: it comes with every installation."""


@cache
def proofs() -> LoadedProofs:
    """Lab 1's proofs."""
    return load_proofs(load_rubric(find_pack("lab1")))


@cache
def prover() -> Prover:
    """Proves them one by one."""
    return Prover("lab1", proofs())


@pytest.mark.parametrize("proof", Prover("lab1", proofs()).steps())
def test_a_proof_holds(proof: str) -> None:
    """Empty is nothing, the reference everything, a fault exactly its items with a hint that names it."""
    found = prover().steps()[proof]()
    assert [one.model_dump(exclude_none=True) for one in found.differences] == []


def test_there_are_enough_mutations() -> None:
    """Lab 1 does not ship with fewer than forty."""
    assert len(proofs().file.mutations) >= 40


def test_every_item_is_lost_by_a_mutation() -> None:
    """An item that no mutation loses for its own sake is not known to be able to fail on a real cluster.

    The testbed has one node: either it is measured, or nothing is. `tests/replay` takes its values away.
    """
    lost = {
        item
        for mutation in proofs().file.mutations
        for item, reason in mutation.loses.items()
        if reason != "blocked"
    }
    assert {item.id for item in proofs().lab.rubric.items} - lost == {"node-metrics"}


def test_every_recording_is_proven() -> None:
    """No evidence lies about that no proof names."""
    file = proofs().file
    named = {file.reference, file.empty, file.shared, *(one.evidence for one in file.mutations)}
    assert {str(found.relative_to(FOLDER)) for found in FOLDER.rglob("*.zip")} == named


def test_the_recordings_hold_no_secret_and_are_small() -> None:
    """Neither passwords nor tokens, and no more than every installation may carry."""
    size = 0
    for file in FOLDER.rglob("*.zip"):
        size += file.stat().st_size
        with zipfile.ZipFile(file) as archive:
            content = b"".join(archive.read(entry) for entry in archive.namelist())
        assert [secret for secret in PLANTED if secret in content] == [], file.name
    assert 0 < size < LARGEST

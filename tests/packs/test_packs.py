"""The recordings of proofs without a testbed are what is built here: none was changed by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pytest_k8sgrade.cluster import open_evidence
from pytest_k8sgrade.prove.sharing import whole
from tests.packs.building import LABS, recordings

PROOFS = Path(__file__).parents[2] / "rubrics" / "proofs"


def content(file: Path, recording: bytes) -> tuple[Any, Any]:
    """What a recording says: its exchanges, and the answers that were handed in."""
    file.write_bytes(recording)
    evidence = open_evidence(file).evidence
    told = [(one.key, repr(one.result)) for one in evidence.exchanges]
    return told, evidence.run.get("answers")


@pytest.mark.parametrize("lab", LABS)
def test_recordings_are_built_from_the_stacks(lab: str, tmp_path: Path) -> None:
    """Else `python -m tests.packs` writes them anew."""
    shared = (PROOFS / lab / "shared.zip").read_bytes()
    built = recordings(lab)
    there = {file.stem: file for file in (PROOFS / lab).glob("*.zip") if file.stem != "shared"}
    assert there.keys() == built.keys()
    for name, recording in built.items():
        kept = whole(there[name].read_bytes(), shared)
        assert content(tmp_path / "kept.zip", kept) == content(tmp_path / "built.zip", recording), name


@pytest.mark.parametrize("lab", LABS)
def test_every_mutation_of_the_proof_file_is_built(lab: str) -> None:
    """By the same name."""
    text = (PROOFS / f"{lab}.yaml").read_text(encoding="utf-8")
    for name in recordings(lab).keys() - {"empty", "reference"}:
        assert f"evidence: {lab}/{name}.zip" in text

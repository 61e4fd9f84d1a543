"""Versions of the evidence file: older ones still read, newer ones say what to do."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from pytest_k8sgrade.cluster import Cluster, open_evidence
from pytest_k8sgrade.cluster.evidence_format import FORMAT, upgraded
from pytest_k8sgrade.errors import EvidenceFault

FORMAT1 = Path(__file__).parent / "format1.zip"
"""Half of lab 1, recorded by 0.1.0 in November 2026; not to be recorded again."""


def _index(file: Path) -> dict[str, object]:
    with zipfile.ZipFile(file) as archive:
        return dict(json.loads(archive.read("evidence.json")))


def test_a_file_of_the_first_format_still_answers() -> None:
    """All that was recorded is there, with its clock; what nobody noted then is empty."""
    assert _index(FORMAT1)["k8sgrade_evidence"] == 1
    source = open_evidence(FORMAT1)
    cluster = Cluster(source.view())
    assert cluster.get("apps/v1", "Deployment", "web-app", "day5-lab")["spec"]["replicas"] == 2
    assert cluster.now.isoformat() == "2026-11-25T08:32:39+00:00"
    assert len(source.evidence.exchanges) == 44
    assert len(source.evidence.run["holds"]) == 18
    assert (source.evidence.run["set"], source.evidence.run["mark"]) == ({}, None)


def test_every_older_format_becomes_the_present_one() -> None:
    """There is a step from each version to the next."""
    index = _index(FORMAT1)
    assert upgraded(index)["k8sgrade_evidence"] == FORMAT
    for version in range(1, FORMAT + 1):
        assert upgraded({**index, "k8sgrade_evidence": version})["k8sgrade_evidence"] == FORMAT


def test_a_newer_format_says_what_to_install(tmp_path: Path) -> None:
    """Not a damaged file, but one for a later version."""
    file = tmp_path / "later.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("evidence.json", json.dumps({**_index(FORMAT1), "k8sgrade_evidence": FORMAT + 1}))
    with pytest.raises(EvidenceFault, match=r"later\.zip.*newer version.*Next: install a newer"):
        open_evidence(file)

"""The three clusters of lab 1, graded live and from their own recordings."""

from __future__ import annotations

import zipfile
from decimal import Decimal
from pathlib import Path

from tests.e2e.grader import begin, end, grade, replay
from tests.testbed import scenarios
from tests.testbed.fixtures import Beds
from tests.testbed.node import Bed

PLANTED = (b"admin123", b"YWRtaW4xMjM=")
"""Grafana's password as the lab sets it, plain and as the Secret holds it."""


def test_the_reference_gets_all_points(lab1_bed: Bed, tmp_path: Path) -> None:
    """A finished lab 1 is graded 100 of 100."""
    run = grade(lab1_bed, tmp_path)
    assert run.code == 0, run.output
    assert run.graded.score == run.graded.max_score == Decimal(100), run.output


def test_an_empty_cluster_gets_nothing(empty_bed: Bed, tmp_path: Path) -> None:
    """Nothing on the cluster earns nothing, and nothing is left ungraded."""
    run = grade(empty_bed, tmp_path)
    assert run.code == 1, run.output
    assert run.graded.score == run.graded.ungraded_points == Decimal(0), run.output


def test_half_a_lab_gets_its_known_marks(half_bed: Bed, tmp_path: Path) -> None:
    """What works is paid, what does not is named, and nothing is left ungraded."""
    run = grade(half_bed, tmp_path)
    assert run.graded.ungraded_points == 0, run.output
    assert run.graded.score == HALF_SCORE, run.output
    lost = {item for item, verdict in run.verdicts().items() if verdict != "passed"}
    assert lost == HALF_LOST, run.output


def test_evidence_gives_the_same_grade(beds: Beds, tmp_path: Path) -> None:
    """Grading a recording gives the same canonical JSON as grading live, and it holds no password."""
    for scenario in ("empty", "half", "lab1"):
        evidence = tmp_path / f"{scenario}.zip"
        live = grade(beds(scenario), tmp_path, f"--k8s-grade-record={evidence}")
        again = replay(tmp_path, evidence)
        assert again.canonical == live.canonical
        assert again.code == live.code
        content = _all_bytes(evidence)
        assert not [secret for secret in PLANTED if secret in content]


def test_a_stack_that_is_still_coming_up_ends_at_100(tmp_path: Path) -> None:
    """One run, started when the manifests were just applied, waits for the slowest item and no longer."""
    chosen = scenarios.scenario("lab1")
    bed = scenarios.start(chosen, name="converging", settle=False)
    try:
        process, began = begin(bed, tmp_path)
        scenarios.settle(bed, chosen)
        run = end(process, began, tmp_path)
    finally:
        bed.down()
    assert run.graded.score == 100, run.output
    slowest = max(item.waited_s for item in run.graded.items)
    assert run.seconds < slowest + 15, f"{run.seconds:.1f} s for a slowest item of {slowest} s"


def _all_bytes(evidence: Path) -> bytes:
    with zipfile.ZipFile(evidence) as archive:
        return b"".join(archive.read(name) for name in archive.namelist())


HALF_SCORE = Decimal(0)
HALF_LOST: set[str] = set()

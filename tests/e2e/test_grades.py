"""The three clusters of lab 1, graded live and from their own recordings."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from tests.e2e.grader import Run, begin, end, grade, replay
from tests.testbed import layers, scenarios
from tests.testbed.fixtures import Beds
from tests.testbed.node import Bed

PLANTED = (b"admin123", b"YWRtaW4xMjM=")
"""Grafana's password as the lab sets it, plain and as the Secret holds it."""

HALF = Path(__file__).parents[1] / "replay" / "half.json"
SCENARIOS = ("empty", "half", "lab1")

FIRST, LAST = ("monitoring", "app-scraped", "metrics-server", "hpa-history"), ("application",)
"""The layers of lab 1, those of Argo CD apart."""

Graded = Callable[[str], tuple[Run, Path]]


@pytest.fixture(scope="module")
def graded(beds: Beds, tmp_path_factory: pytest.TempPathFactory) -> Graded:
    """Each scenario graded live once, with its recording."""
    done: dict[str, tuple[Run, Path]] = {}

    def give(scenario: str) -> tuple[Run, Path]:
        if scenario not in done:
            folder = tmp_path_factory.mktemp(scenario)
            evidence = folder / "evidence.zip"
            done[scenario] = (grade(beds(scenario), folder, f"--k8s-grade-record={evidence}"), evidence)
        return done[scenario]

    return give


def test_the_reference_gets_all_points(graded: Graded) -> None:
    """A finished lab 1 is graded 100 of 100."""
    run, _ = graded("lab1")
    assert run.code == 0, run.output
    assert run.graded.score == run.graded.max_score == Decimal(100), run.output


def test_an_empty_cluster_gets_nothing(graded: Graded) -> None:
    """Nothing on the cluster earns nothing, and nothing is left ungraded."""
    run, _ = graded("empty")
    assert run.code == 1, run.output
    assert run.graded.score == run.graded.ungraded_points == Decimal(0), run.output


def test_half_a_lab_gets_its_known_marks(graded: Graded) -> None:
    """What works is paid, what does not is named, and nothing is left ungraded."""
    run, _ = graded("half")
    lost = {item.id: item.reason.id for item in run.graded.items if item.reason is not None}
    expected = json.loads(HALF.read_text(encoding="utf-8"))
    assert {"score": float(run.graded.score), "lost": lost} == expected, run.output


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_evidence_gives_the_same_grade(graded: Graded, scenario: str, tmp_path: Path) -> None:
    """Grading the recording gives the same canonical JSON and exit code as grading live did."""
    live, evidence = graded(scenario)
    again = replay(tmp_path, evidence)
    assert again.canonical == live.canonical
    assert again.code == live.code


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_evidence_holds_no_password(graded: Graded, scenario: str) -> None:
    """The password that the cluster really has is nowhere in the file."""
    _, evidence = graded(scenario)
    with zipfile.ZipFile(evidence) as archive:
        content = b"".join(archive.read(name) for name in archive.namelist())
    assert [secret for secret in PLANTED if secret in content] == []


def test_a_stack_that_is_still_coming_up_ends_at_100(tmp_path: Path) -> None:
    """One run, started when the manifests were just applied, waits for the slowest item and no longer.

    Argo CD comes last: the testbed writes to the autoscaler while it makes its past, which no grade may see.
    """
    bed = scenarios.start("lab1", name="converging", settle=False)
    try:
        _ready_for(bed, 500)
        process, began = begin(bed, tmp_path)
        layers.run.settle(bed, layers.run.closure(FIRST, layers.LAYERS), report=print)
        _ready_for(bed, 0)
        layers.run.settle(bed, layers.run.closure(LAST, layers.LAYERS), report=print)
        run = end(process, began, tmp_path)
    finally:
        bed.down()
    assert run.graded.score == Decimal(100), run.output
    slowest = max(item.timeline[-1].at_s for item in run.graded.items)
    assert run.seconds < slowest + 30, f"{run.seconds:.1f} s, the last change was at {slowest} s"


def _ready_for(bed: Bed, seconds: int) -> None:
    """How long Argo CD's server must be ready before it counts as available."""
    patch = json.dumps({"spec": {"minReadySeconds": seconds}})
    bed.kubectl("patch", "deployment", "argocd-server", "-n", "argocd", "--type=merge", "-p", patch)

"""A class of real clusters graded at once: every mark is the one that a grade of its own gives."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from pytest_k8sgrade.grade.model import Grade
from pytest_k8sgrade.gradebook.attempt import Attempt
from pytest_k8sgrade.reports.json import canonical_json
from tests.e2e.grader import TIMEOUT, arguments
from tests.e2e.ways import way
from tests.testbed.fixtures import Beds

EXAMPLE = Path(__file__).parents[2] / "examples" / "lab1" / "half.zip"
ALLOWED = "--allow=loopback"
WAIT = "45s"
"""Longer than what is not there is waited for; the half lab would otherwise take its whole budget, twice."""
SCENARIOS = {"s001": "lab1", "s002": "half", "s003": "empty", "s004": "lab1"}
"""Two students hand in the same cluster."""


@pytest.fixture(scope="module")
def kubeconfigs(beds: Beds, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Path]]:
    """A way to the bed of each scenario."""
    folder = tmp_path_factory.mktemp("ways")
    with ExitStack() as stack:
        yield {
            scenario: stack.enter_context(way(beds(scenario), folder / f"{scenario}.yaml"))
            for scenario in ("lab1", "half", "empty")
        }


def batch(folder: Path, students: list[dict[str, str]], *options: str) -> tuple[int, str, Path]:
    """Exit code, output and results of the command."""
    roster, out = folder / "roster.yaml", folder / "out"
    roster.write_text(json.dumps({"students": students}), encoding="utf-8")
    program = str(Path(sys.executable).with_name("k8sgrade"))
    finished = subprocess.run(
        [
            program,
            "batch",
            str(roster),
            "--rubric=lab1",
            f"--out={out}",
            "--lang=en",
            *options,
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    return finished.returncode, finished.stdout + finished.stderr, out


def attempt(out: Path, student: str) -> Attempt:
    """What is noted of a student's only hand-in."""
    place = out / "students" / student / "1"
    return Attempt.model_validate_json((place / "attempt.json").read_bytes())


def canonical(file: Path) -> str:
    """A grade without times, and without whose it is."""
    grade = Grade.model_validate_json(file.read_bytes())
    subject = grade.subject.model_copy(update={"student": None})
    return canonical_json(grade.model_copy(update={"subject": subject}))


def alone(folder: Path, *options: str) -> str:
    """The same of `pytest --k8s-grade`."""
    folder.mkdir()
    subprocess.run(arguments(folder, options), cwd=folder, capture_output=True, timeout=TIMEOUT, check=False)
    return canonical(folder / "grade.json")


def test_marks_are_those_of_a_grade_alone(kubeconfigs: Mapping[str, Path], tmp_path: Path) -> None:
    """Of clusters and of evidence; the evidence of a cluster gives its mark again."""
    students = [
        {"student": student, "kubeconfig": str(kubeconfigs[name])} for student, name in SCENARIOS.items()
    ]
    code, said, out = batch(
        tmp_path, [*students, {"student": "s005", "evidence": str(EXAMPLE)}], ALLOWED, f"--wait={WAIT}"
    )
    assert code == 1, said
    for student, name in SCENARIOS.items():
        place = out / "students" / student / "1"
        marked = canonical(place / "grade.json")
        assert marked == alone(
            tmp_path / student, f"--k8s-grade-kubeconfig={kubeconfigs[name]}", f"--k8s-grade-wait={WAIT}"
        ), said
        again = alone(tmp_path / f"{student}-again", f"--k8s-grade-from={place / 'evidence.zip'}")
        assert marked == again
    recorded = out / "students" / "s005" / "1"
    assert canonical(recorded / "grade.json") == alone(tmp_path / "s005", f"--k8s-grade-from={EXAMPLE}")
    assert (recorded / "evidence.zip").read_bytes() == EXAMPLE.read_bytes()
    uid = attempt(out, "s001").cluster_uid
    assert uid is not None
    assert attempt(out, "s004").cluster_uid == uid
    warned = [warning.id for warning in attempt(out, "s001").warnings]
    assert warned == ["credential-may-write"]


def test_a_stopped_api_server_is_one_row(beds: Beds, kubeconfigs: Mapping[str, Path], tmp_path: Path) -> None:
    """All of its items are ungraded, and the others have their marks."""
    bed = beds("empty")
    bed.stop("kube-apiserver")
    try:
        code, said, out = batch(
            tmp_path,
            [
                {"student": "s001", "kubeconfig": str(kubeconfigs["empty"])},
                {"student": "s002", "kubeconfig": str(kubeconfigs["lab1"])},
            ],
            ALLOWED,
        )
    finally:
        bed.start("kube-apiserver")
    assert code == 8, said
    stopped = attempt(out, "s001")
    assert {item.verdict for item in stopped.items} <= {"ungraded", "skipped", "waived"}
    assert stopped.score == 0
    assert stopped.passed is None
    assert stopped.score_range.max == stopped.max_score
    assert attempt(out, "s002").score == 100


def test_loopback_must_be_allowed(kubeconfigs: Mapping[str, Path], tmp_path: Path) -> None:
    """Else a student could have the grader look at the grader's own machine."""
    code, said, out = batch(tmp_path, [{"student": "s001", "kubeconfig": str(kubeconfigs["lab1"])}])
    assert code == 8, said
    problem = attempt(out, "s001").problem
    assert problem is not None
    assert problem.id == "kubeconfig-refused"

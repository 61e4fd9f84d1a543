"""Clusters graded by workers: recordings behind a real HTTPS server, and one that never answers."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pytest_k8sgrade.batch.entry import Entry
from pytest_k8sgrade.batch.manifest import Manifest
from pytest_k8sgrade.batch.options import WorkOptions
from pytest_k8sgrade.batch.results import Results
from pytest_k8sgrade.batch.workers.limits import Limits
from pytest_k8sgrade.batch.workers.pool import grade_locally
from pytest_k8sgrade.engine import grade_evidence
from pytest_k8sgrade.grade.model import Grade
from pytest_k8sgrade.gradebook.attempt import Student
from pytest_k8sgrade.reports.json import canonical_json
from tests.batch.labs import Noting, reasons
from tests.bench.clusters import Clusters

LAB1 = Path(__file__).parents[2] / "examples" / "lab1"
FILES = [LAB1 / "reference.zip", LAB1 / "half.zip"]
OPTIONS = WorkOptions(rubric="lab1", wait=0.0)


@pytest.fixture
def clusters(tmp_path: Path) -> Iterator[Clusters]:
    """A finished lab, and half of one."""
    (tmp_path / "authority").mkdir()
    with Clusters.of_files(FILES, 2, tmp_path / "authority") as running:
        yield running


def entry(student: str, kubeconfig: str, *allow: str) -> Entry:
    """A kubeconfig that was handed in as text."""
    return Entry(student=Student(id=student), kubeconfig_text=kubeconfig, allow=frozenset(allow))


def graded(out: Path, options: WorkOptions, *entries: Entry) -> Noting:
    """What was told of a batch."""
    watcher = Noting()
    with Results.open(out, Manifest.of(options)) as results:
        grade_locally(entries, options, results, watcher, jobs=2)
    return watcher


def canonical(grade: Grade) -> str:
    """Without times, and without whose and which context it is."""
    subject = grade.subject.model_copy(update={"student": None, "context": None})
    return canonical_json(grade.model_copy(update={"subject": subject}))


def test_a_cluster_is_graded_and_recorded(clusters: Clusters, tmp_path: Path) -> None:
    """Its mark is that of the recording which the server shows, and of the evidence that is kept."""
    out = tmp_path / "out"
    students = [entry(f"s{number}", clusters.kubeconfig(number), "loopback") for number in range(2)]
    watcher = graded(out, OPTIONS, *students)
    for number, file in enumerate(FILES):
        place = out / "students" / f"s{number}" / "1"
        grade = Grade.model_validate_json((place / "grade.json").read_bytes())
        kept = grade_evidence("lab1", place / "evidence.zip")
        assert canonical(grade) == canonical(kept)
        attempt = watcher.attempts[f"s{number}"]
        assert attempt.problem is None
        assert attempt.score == grade_evidence("lab1", file).score
        assert (attempt.source, attempt.origin) == ("cluster", "kubeconfig")
        assert attempt.submitted_by == "grading"
        assert attempt.evidence_digest is None
    assert ("awaits", "s1") in watcher.told


def test_no_token_is_left_in_the_results(clusters: Clusters, tmp_path: Path) -> None:
    """Neither in the evidence nor in a report, nor in what a batch remembers."""
    out = tmp_path / "out"
    document: dict[str, Any] = json.loads(clusters.kubeconfig(0))
    graded(out, OPTIONS, entry("s001", json.dumps(document), "loopback"))
    token = document["users"][0]["user"]["token"].encode()
    assert token == b"token-0"
    files = [path for path in out.rglob("*") if path.is_file()]
    assert len(files) >= 6
    assert [path for path in files if token in path.read_bytes()] == []


def test_a_server_that_never_answers_is_one_row(clusters: Clusters, tmp_path: Path) -> None:
    """The time limit ends it; what it costs is nobody's points, and others are graded meanwhile."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        document: dict[str, Any] = json.loads(clusters.kubeconfig(0))
        cluster = document["clusters"][0]["cluster"]
        cluster["server"] = f"https://127.0.0.1:{silent.getsockname()[1]}"
        options = replace(OPTIONS, wait=None, limits=Limits(time_s=3.0))
        watcher = graded(
            tmp_path / "out",
            options,
            entry("silent", json.dumps(document), "loopback"),
            entry("s001", clusters.kubeconfig(0), "loopback"),
        )
    assert watcher.attempts["s001"].score == 100
    bad = watcher.attempts["silent"]
    assert {item.verdict for item in bad.items} <= {"ungraded", "skipped", "waived"}
    assert "time-limit" in reasons(bad).values()
    assert bad.score_range.max == bad.max_score

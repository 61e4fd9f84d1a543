"""Runs the grader inside a bed as a student would, and hands back what it said."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pytest_k8sgrade.grade.model import Grade
from pytest_k8sgrade.reports.json import canonical_json
from tests.testbed.node import Bed

LAB = "lab1"
TIMEOUT = 420.0
"""Seconds for one grading run: the rubric's budget and a good deal more."""


@dataclass(frozen=True)
class Run:
    """One finished grading run: exit code, seconds, output, and the grade if there is one."""

    code: int
    seconds: float
    output: str
    grade: Grade | None

    @property
    def canonical(self) -> str:
        """The grade without times, for comparing two runs."""
        return canonical_json(self.graded)

    @property
    def graded(self) -> Grade:
        """The grade; a run without one shows its output."""
        assert self.grade is not None, self.output
        return self.grade

    def verdicts(self) -> dict[str, str]:
        """The verdict of every item by id."""
        return {item.id: item.verdict for item in self.graded.items}


def arguments(folder: Path, options: Sequence[str], lab: str = LAB) -> list[str]:
    """The command line of a run that writes its JSON report into `folder`."""
    program = str(Path(sys.executable).with_name("pytest"))
    report = f"--k8s-grade-report=json={folder / 'grade.json'}"
    return [program, f"--k8s-grade={lab}", "--k8s-grade-lang=en", report, *options]


def grade(bed: Bed, folder: Path, *options: str, lab: str = LAB, kubeconfig: Path | None = None) -> Run:
    """Grade the bed from inside its network, with its administrator's kubeconfig unless told otherwise."""
    process, began = begin(bed, folder, *options, lab=lab, kubeconfig=kubeconfig)
    return end(process, began, folder)


def begin(
    bed: Bed, folder: Path, *options: str, lab: str = LAB, kubeconfig: Path | None = None
) -> tuple[subprocess.Popen[str], float]:
    """Start a grading run and return at once, so that the cluster can be disturbed meanwhile."""
    chosen = f"--k8s-grade-kubeconfig={kubeconfig or bed.kubeconfig}"
    process = bed.popen(
        arguments(folder, [chosen, *options], lab),
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return process, time.monotonic()


def end(process: subprocess.Popen[str], began: float, folder: Path) -> Run:
    """Wait for a run that was begun."""
    try:
        output, _ = process.communicate(timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        process.kill()
        output, _ = process.communicate()
        raise AssertionError(f"the run did not end within {TIMEOUT:g} s:\n{output}") from None
    return _run(process.returncode, time.monotonic() - began, output, folder)


def replay(folder: Path, evidence: Path, *options: str, lab: str = LAB) -> Run:
    """Grade recorded evidence, outside any bed."""
    began = time.monotonic()
    finished = subprocess.run(
        arguments(folder, [f"--k8s-grade-from={evidence}", *options], lab),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    return _run(finished.returncode, time.monotonic() - began, finished.stdout + finished.stderr, folder)


def recorded(bed: Bed, folder: Path, *, lab: str = LAB) -> Run:
    """A live run whose recording gives the same grade and exit code."""
    evidence = folder / "evidence.zip"
    run = grade(bed, folder, f"--k8s-grade-record={evidence}", lab=lab)
    again = replay(folder, evidence, lab=lab)
    assert again.canonical == run.canonical
    assert again.code == run.code
    return run


def _run(code: int, seconds: float, output: str, folder: Path) -> Run:
    report = folder / "grade.json"
    grade = Grade.model_validate_json(report.read_text(encoding="utf-8")) if report.exists() else None
    report.unlink(missing_ok=True)
    return Run(code, seconds, output, grade)

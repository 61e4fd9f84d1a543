"""Grading inside this process: the same grade as the command line gives, and no trace of it."""

from __future__ import annotations

import faulthandler
import gc
import logging
import os
import subprocess
import sys
import threading
import warnings
from pathlib import Path

import pytest

from pytest_k8sgrade.engine import GradingFailedError, grade_evidence, grade_with, run_session
from pytest_k8sgrade.errors import EvidenceFault, RubricFault, UsageFault
from pytest_k8sgrade.grade.model import Grade
from pytest_k8sgrade.reports.json import canonical_json
from pytest_k8sgrade.run.session import GradeSession
from pytest_k8sgrade.run.settings import Settings

LAB1 = Path(__file__).parents[3] / "examples" / "lab1"
RUBRIC = """
k8sgrade: 1
id: demo
title: {{en: Demo, ko: 데모}}
pass_mark: 60%
vars: {{wanted: none}}
groups:
  - id: all
    title: {{en: All, ko: 전부}}
    items: [{{id: a, check: {check}, points: 10, level: effect}}]
"""
CHECKS = '''
import warnings


def test_loud(cluster) -> None:
    """It prints and warns."""
    print("said aloud")
    warnings.warn("old", DeprecationWarning, stacklevel=1)
'''


@pytest.fixture
def loud(tmp_path: Path) -> Path:
    """A rubric whose check prints and warns."""
    (tmp_path / "checks").mkdir()
    (tmp_path / "checks" / "demo.py").write_text(CHECKS, encoding="utf-8")
    rubric = tmp_path / "demo.yaml"
    rubric.write_text(RUBRIC.format(check="demo.loud"), encoding="utf-8")
    return rubric


@pytest.mark.parametrize("name", ["empty", "half", "reference"])
def test_the_grade_is_that_of_the_command_line(name: str, tmp_path: Path) -> None:
    """Byte for byte in the canonical JSON."""
    report = tmp_path / "grade.json"
    options = [f"--k8s-grade-from={LAB1 / name}.zip", f"--k8s-grade-report=json={report}"]
    subprocess.run(
        [sys.executable, "-m", "pytest", "--k8s-grade=lab1", "--k8s-grade-lang=en", *options],
        cwd=tmp_path,
        capture_output=True,
        timeout=120,
        check=False,
    )
    typed = Grade.model_validate_json(report.read_text(encoding="utf-8"))
    assert canonical_json(grade_evidence("lab1", LAB1 / f"{name}.zip")) == canonical_json(typed)


def test_language_and_hints_are_those_asked_for() -> None:
    """Korean texts, and the hint of the level."""
    korean = grade_evidence("lab1", LAB1 / "empty.zip", language="ko", hints="advanced")
    english = grade_evidence("lab1", LAB1 / "empty.zip")
    assert (korean.language, english.language) == ("ko", "en")
    assert korean.items[0].hint != english.items[0].hint


def test_a_grade_outlives_an_interrupt_while_files_are_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """For a caller whose time is up; one at a keyboard hears of the interrupt."""

    def interrupted(*_arguments: object) -> None:
        raise KeyboardInterrupt

    undisturbed = grade_evidence("lab1", LAB1 / "half.zip")
    monkeypatch.setattr(GradeSession, "write", interrupted)
    settings = Settings(lab="lab1", evidence=LAB1 / "half.zip", language="en")
    ended = run_session(GradeSession.prepare(settings))
    assert ended.interrupted
    assert canonical_json(ended.grade) == canonical_json(undisturbed)
    with pytest.raises(KeyboardInterrupt):
        grade_with(GradeSession.prepare(settings))


def test_many_grades_leave_nothing_behind() -> None:
    """Neither modules nor threads, open files or objects grow with the number of grades."""
    grade_evidence("lab1", LAB1 / "half.zip")
    before = _held()
    for _ in range(20):
        grade_evidence("lab1", LAB1 / "half.zip")
    after = _held()
    # A thread of an earlier test may end meanwhile.
    grown = [now - then for now, then in zip(after[:-1], before[:-1], strict=True)]
    assert max(grown) <= 0, f"modules, threads, descriptors: {grown}"
    assert after[-1] - before[-1] < 500, "objects per 20 grades"


def _held() -> tuple[int, ...]:
    gc.collect()
    descriptors = len(list(Path("/proc/self/fd").iterdir())) if Path("/proc/self/fd").exists() else 0
    return len(sys.modules), threading.active_count(), descriptors, len(gc.get_objects())


def test_the_process_is_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """What pytest sets for a whole process is put back, also inside a test of a running pytest."""
    monkeypatch.setenv("PYTEST_ADDOPTS", "--no-such-option")
    monkeypatch.setenv("PYTEST_PLUGINS", "no_such_plugin")
    before = _settings()
    grade_evidence("lab1", LAB1 / "reference.zip")
    assert _settings() == before


def _settings() -> tuple[object, ...]:
    return (
        dict(os.environ),
        Path.cwd(),
        list(sys.path),
        list(warnings.filters),
        list(logging.getLogger().handlers),
        (sys.stdout, sys.stderr, sys.stdin),
        (sys.unraisablehook, threading.excepthook, faulthandler.is_enabled()),
    )


def test_nothing_of_the_working_folder_matters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither its conftest nor its ini file is read."""
    (tmp_path / "conftest.py").write_text("raise SystemExit('conftest')\n", encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --no-such\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert grade_evidence("lab1", LAB1 / "reference.zip").score == 100


def test_a_check_is_neither_heard_nor_judged_by_the_outer_filters(
    loud: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """What it prints vanishes; a warning stays one although this run makes errors of them."""
    assert grade_evidence(loud, LAB1 / "empty.zip").score == 10
    assert capfd.readouterr() == ("", "")


def test_faults_of_the_user_are_raised_as_they_are(tmp_path: Path) -> None:
    """Unknown lab, faulty rubric, no evidence, unknown variable."""
    with pytest.raises(UsageFault, match="no lab 'lab9'"):
        grade_evidence("lab9", LAB1 / "empty.zip")
    faulty = tmp_path / "faulty.yaml"
    faulty.write_text(RUBRIC.format(check="no.such"), encoding="utf-8")
    with pytest.raises(RubricFault, match="no checks for 'no'"):
        grade_evidence(faulty, LAB1 / "empty.zip")
    with pytest.raises(EvidenceFault, match="cannot be read"):
        grade_evidence("lab1", tmp_path / "none.zip")
    with pytest.raises(UsageFault, match="no variable 'colour'"):
        grade_evidence("lab1", LAB1 / "empty.zip", overrides=["colour=red"])


def test_a_fault_of_ours_is_no_grade(monkeypatch: pytest.MonkeyPatch) -> None:
    """What breaks outside a check is raised with its cause."""

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(GradeSession, "finish", broken)
    with pytest.raises(GradingFailedError) as caught:
        grade_evidence("lab1", LAB1 / "empty.zip")
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_an_interrupt_interrupts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C ends the caller too."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(GradeSession, "run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        grade_evidence("lab1", LAB1 / "empty.zip")

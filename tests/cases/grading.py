"""Grades an evidence file the ordinary way and returns one of its items."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from pytest_k8sgrade.grade.model import Grade, GradedItem


def graded_item(rubric: Path, evidence: Path, item_id: str) -> GradedItem:
    """The item of the grade of an evidence file."""
    report = evidence.with_name("grade.json")
    options = [f"--k8s-grade={rubric}", f"--k8s-grade-from={evidence}", f"--k8s-grade-report=json={report}"]
    command = [sys.executable, "-m", "pytest", "-q", *options, "--k8s-grade-lang=en"]
    done = subprocess.run(command, cwd=evidence.parent, capture_output=True, text=True, check=False)
    assert report.exists(), done.stdout + done.stderr
    grade = Grade.model_validate_json(report.read_text(encoding="utf-8"))
    return next(item for item in grade.items if item.id == item_id)

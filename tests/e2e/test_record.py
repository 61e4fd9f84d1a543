"""`k8sgrade record` on a real cluster, as a student who hands evidence in types it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from pytest_k8sgrade.cluster import open_evidence
from pytest_k8sgrade.engine import grade_evidence
from pytest_k8sgrade.reports.text import number
from pytest_k8sgrade.run.recording import read_run
from tests.e2e.grader import TIMEOUT
from tests.testbed.node import Bed


def test_recorded_evidence_gives_the_mark_that_was_shown(lab1_bed: Bed, tmp_path: Path) -> None:
    """The finished lab, looked at once: graded from the file as it was told live."""
    out = tmp_path / "hand-in.zip"
    options = ["--out", str(out), "--kubeconfig", str(lab1_bed.kubeconfig), "--wait", "0", "--lang", "en"]
    process = lab1_bed.popen(
        [sys.executable, "-m", "pytest_k8sgrade", "record", "lab1", *options],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    output, _ = process.communicate(timeout=TIMEOUT)
    assert process.returncode in (0, 8), output
    told = read_run(open_evidence(out).evidence.run, out).mark
    again = grade_evidence("lab1", out)
    assert told is not None
    assert (told.score, told.max_score) == (again.score, again.max_score)
    assert f"{number(told.score)} of {number(told.max_score)} points" in output
    assert {item.id: item.verdict for item in again.items} == {
        name: item.verdict for name, item in told.items.items()
    }

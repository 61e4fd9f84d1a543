"""An evidence file is looked through before anything in it is believed, and never unpacked to a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_k8sgrade.batch.entry import Entry
from pytest_k8sgrade.gradebook.attempt import Student
from tests.security.audited import Auditor
from tests.security.evidences import EVIDENCE
from tests.security.judging import expected, harmless, outcome, reads_only


@pytest.mark.parametrize("name", EVIDENCE)
def test_an_evidence_file(name: str, auditor: Auditor, out: Path, tmp_path: Path) -> None:
    """What is not as a recording writes it is refused, with what is wrong; nothing is sent anywhere."""
    place = tmp_path / f"{name}.zip"
    EVIDENCE[name](place)
    graded = auditor.grade(Entry(student=Student(id="s001"), evidence=place), out)
    harmless(graded)
    reads_only(graded, [place])
    assert outcome(graded.attempt) == expected("evidence", name)
    assert not (tmp_path.parent / "evil.txt").exists()
    assert not Path("/tmp/evil.txt").exists()
    if graded.attempt.problem is not None:
        assert str(tmp_path) not in graded.attempt.problem.text

"""Evidence of a run whose server went away: the last view, filled in from the ones before it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_k8sgrade.cluster import LiveSource, Request, evidence_of, open_evidence
from pytest_k8sgrade.outcome import CannotTell
from tests.unit.cluster.fake import Answer, FakeApi, status

A, B = Request.to("/a"), Request.to("/b")


def test_an_older_answer_stands_where_the_last_view_has_none(
    api: FakeApi, source: LiveSource, tmp_path: Path
) -> None:
    """An error never replaces an answer, and an older answer never replaces a newer one."""
    api.routes |= {A.path: Answer({"seen": "early"}), B.path: Answer({"seen": "early"})}
    early = source.view()
    early.read(A)
    early.read(B)
    api.routes |= {A.path: Answer({"seen": "late"}), B.path: status(403, "Forbidden", kind="b")}
    late = source.view()
    late.read(A)
    with pytest.raises(CannotTell):
        late.read(B)

    file = tmp_path / "evidence.zip"
    file.write_bytes(evidence_of(late, source.facts, {}, "0", [early]))
    recorded = open_evidence(file).view()
    assert recorded.read(A).json() == {"seen": "late"}
    assert recorded.read(B).json() == {"seen": "early"}
    assert recorded.now == late.now

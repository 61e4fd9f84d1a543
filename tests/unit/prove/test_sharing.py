"""Recordings that keep in one file what they have in common."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest

from pytest_k8sgrade.cluster.evidence import Evidence, pack, unpack
from pytest_k8sgrade.cluster.exchange import Exchange, Response
from pytest_k8sgrade.errors import EvidenceFault
from pytest_k8sgrade.prove.sharing import share, whole


def recording(*pods: str) -> bytes:
    """Evidence of some pods' answers."""
    answers = [
        Exchange(f"GET /api/v1/pods/{pod}", Response(200, {}, json.dumps(pod * 50).encode())) for pod in pods
    ]
    return pack(Evidence(exchanges=tuple(answers), now=None, cluster={}))


def names(content: bytes) -> list[str]:
    """What is in a zip."""
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        return file.namelist()


RECORDINGS = {"one": recording("a", "b", "c"), "two": recording("b", "c", "d"), "three": recording("e")}


def test_what_several_have_is_kept_once() -> None:
    """Two common bodies; what only one has stays where it is."""
    thin, shared = share(RECORDINGS)
    assert [len(names(content)) for content in thin.values()] == [2, 2, 2]
    assert len(names(shared)) == 2


def test_a_recording_is_put_together_again(tmp_path: Path) -> None:
    """The same file as before, byte for byte, also when it was whole already."""
    thin, shared = share(RECORDINGS)
    assert {name: whole(content, shared) for name, content in thin.items()} == RECORDINGS
    assert whole(RECORDINGS["one"], shared) == RECORDINGS["one"]
    (tmp_path / "one.zip").write_bytes(whole(thin["one"], shared))
    assert len(unpack(tmp_path / "one.zip").exchanges) == 3


def test_a_missing_body_is_told_by_the_evidence(tmp_path: Path) -> None:
    """A shared file of other recordings completes nothing, and grading says so."""
    thin, _ = share(RECORDINGS)
    _, other = share({"x": recording("y"), "z": recording("y")})
    (tmp_path / "one.zip").write_bytes(whole(thin["one"], other))
    with pytest.raises(EvidenceFault):
        unpack(tmp_path / "one.zip")


@pytest.mark.parametrize("damaged", [b"", b"no zip", RECORDINGS["one"][:-30]])
def test_what_is_damaged_is_a_fault_of_the_evidence(damaged: bytes) -> None:
    """Not a traceback, whichever of the two it is."""
    with pytest.raises(EvidenceFault):
        whole(damaged, RECORDINGS["two"])
    with pytest.raises(EvidenceFault):
        whole(RECORDINGS["two"], damaged)

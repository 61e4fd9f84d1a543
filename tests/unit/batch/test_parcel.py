"""What of a hand-in is sent to another machine."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pytest_k8sgrade.batch.distributed.parcel import packed, unpacked
from pytest_k8sgrade.batch.entry import Entry
from pytest_k8sgrade.gradebook.attempt import Student


def entry(evidence: Path) -> Entry:
    """A hand-in of evidence."""
    return Entry(student=Student(id="s001"), evidence=evidence)


def test_a_file_arrives_as_it_is(tmp_path: Path) -> None:
    """Under its name, in a folder of the other machine."""
    (tmp_path / "s001.zip").write_bytes(b"recorded")
    there = tmp_path / "there"
    there.mkdir()
    arrived = unpacked(packed(entry(tmp_path / "s001.zip")), there)
    assert arrived.evidence is not None
    assert arrived.evidence.is_relative_to(there)
    assert (arrived.evidence.name, arrived.evidence.read_bytes()) == ("s001.zip", b"recorded")


@pytest.mark.parametrize("what", ["link", "pipe", "folder", "nothing"])
def test_nothing_else_is_sent(tmp_path: Path, what: str) -> None:
    """Neither somebody else's file behind a link, nor a wait for a pipe; there it is missing."""
    place = tmp_path / "s001.zip"
    (tmp_path / "secret").write_bytes(b"of somebody else")
    if what == "link":
        place.symlink_to(tmp_path / "secret")
    elif what == "pipe":
        os.mkfifo(place)
    elif what == "folder":
        place.mkdir()
    parcel = packed(entry(place))
    assert parcel.files == {}
    there = tmp_path / "there"
    there.mkdir()
    arrived = unpacked(parcel, there)
    assert arrived.evidence is not None
    assert not arrived.evidence.exists()

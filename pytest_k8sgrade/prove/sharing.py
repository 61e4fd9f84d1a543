"""Recordings of one cluster that keep what they have in common in one file.

Most answers of a mutation are those of its neighbours. `share` takes the bodies that
several recordings have out of them into a shared zip; `whole` puts one together again,
so that it is an evidence file like any other. The recorder of proofs shares, `run`
makes whole. Nothing is unpacked that evidence would not allow: that is checked when it is graded.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections import Counter
from collections.abc import Mapping

from pytest_k8sgrade.cluster.evidence import INDEX, MAX_ENTRY_BYTES, add_entry
from pytest_k8sgrade.errors import EvidenceFault


def whole(recording: bytes, shared: bytes) -> bytes:
    """The recording with every body that its index names and the shared zip has; raises `EvidenceFault`."""
    try:
        entries, common = _entries(recording), _names(shared)
        if INDEX not in entries:
            return recording  # not evidence at all: grading says so
        wanted = _bodies(entries[INDEX]) - entries.keys()
        with zipfile.ZipFile(io.BytesIO(shared)) as file:
            found = {name: _read(file, name) for name in sorted(wanted & common)}
    except (zipfile.BadZipFile, ValueError, KeyError, TypeError, EOFError, OSError) as error:
        why = f"a recording and what it shares do not go together ({type(error).__name__})"
        raise EvidenceFault(f"{why}; record the proofs again") from error
    return _zip({**entries, **found})


def share(recordings: Mapping[str, bytes]) -> tuple[dict[str, bytes], bytes]:
    """Whole recordings by name without the bodies that several have, and the zip that has these."""
    unpacked = {name: _entries(content) for name, content in recordings.items()}
    counted = Counter(entry for entries in unpacked.values() for entry in entries if entry != INDEX)
    common = {entry for entry, count in counted.items() if count > 1}
    bodies = {entry: entries[entry] for entries in unpacked.values() for entry in common & entries.keys()}
    thin = {
        name: _zip({entry: content for entry, content in entries.items() if entry not in common})
        for name, entries in unpacked.items()
    }
    return thin, _zip(bodies)


def _bodies(index: bytes) -> set[str]:
    exchanges = json.loads(index)["exchanges"]
    return {f"bodies/{one['body']}" for one in exchanges if "body" in one}


def _names(content: bytes) -> set[str]:
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        return set(file.namelist())


def _entries(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        return {name: _read(file, name) for name in file.namelist()}


def _read(file: zipfile.ZipFile, name: str) -> bytes:
    with file.open(name) as entry:
        content = entry.read(MAX_ENTRY_BYTES + 1)
    if len(content) > MAX_ENTRY_BYTES:
        raise ValueError(f"{name} is larger than {MAX_ENTRY_BYTES} bytes")
    return content


def _zip(entries: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name in sorted(entries, key=lambda name: (name != INDEX, name)):
            add_entry(file, name, entries[name])
    return buffer.getvalue()

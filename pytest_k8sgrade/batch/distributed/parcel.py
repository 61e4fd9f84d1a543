"""A hand-in on its way to another machine: its files as bytes, and nothing of this one's paths.

The driver of a distributed batch packs, the worker unpacks into a folder of its own. A file
keeps its name, so that messages say the same as on one machine. What cannot be read here is
left out, and is missing there.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from pytest_k8sgrade.batch.entry import Entry
from pytest_k8sgrade.batch.handed_in import read_handed_in
from pytest_k8sgrade.batch.options import WorkOptions
from pytest_k8sgrade.cluster.evidence import MAX_FILE_BYTES
from pytest_k8sgrade.errors import UsageFault
from pytest_k8sgrade.rubric.packs import Pack

_FILES: Final = ("kubeconfig", "evidence", "answers")
_BESIDE: Final = ("checks", "locale")
"""Folders that belong to a rubric file."""
_LARGEST_PACK: Final = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Parcel:
    """A hand-in with the files that it names, by the field of the entry.

    It shows nothing of itself: Dask logs the arguments of tasks that fail.
    """

    entry: Entry = field(repr=False)
    files: Mapping[str, bytes] = field(repr=False)


def packed(entry: Entry) -> Parcel:
    """The hand-in as it can be sent.

    A kubeconfig that may name files stays a path: what it names lies beside it, on machines
    that share a file system.
    """
    names = [name for name in _FILES if name != "kubeconfig" or "files" not in entry.allow]
    paths = {name: path for name in names if (path := getattr(entry, name)) is not None}
    contents = {name: _content(path) for name, path in paths.items()}
    return Parcel(entry, {name: content for name, content in contents.items() if content is not None})


def unpacked(parcel: Parcel, folder: Path) -> Entry:
    """The hand-in with its files in the folder."""
    places: dict[str, Any] = {}
    for name in _FILES:
        path = getattr(parcel.entry, name)
        if path is None or (name == "kubeconfig" and "files" in parcel.entry.allow):
            continue
        places[name] = folder / name / (path.name if path.name.strip(".") else name)
        places[name].parent.mkdir()
        if name in parcel.files:
            places[name].write_bytes(parcel.files[name])
    return replace(parcel.entry, **places)


@dataclass(frozen=True, slots=True)
class Rubric:
    """A rubric that is a file: its name, and a zip of it with the folders that belong to it."""

    name: str
    content: bytes = field(repr=False)


def packed_rubric(options: WorkOptions, pack: Pack) -> Rubric | None:
    """The rubric of a batch as it can be sent, None for one that is installed; raises `UsageFault`."""
    if not isinstance(pack.file, Path) or pack.name == options.rubric:
        return None
    buffer, total = io.BytesIO(), 0
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for path in _belonging(pack.file):
            total += path.stat().st_size
            if total > _LARGEST_PACK:
                raise UsageFault(
                    f"the rubric {pack.source} with its folders {' and '.join(_BESIDE)} is larger than "
                    f"{_LARGEST_PACK} bytes, too large to be sent. Next: install it on the workers as a pack."
                )
            file.write(path, path.relative_to(pack.file.parent))
    return Rubric(pack.file.name, buffer.getvalue())


def unpacked_rubric(rubric: Rubric, folder: Path) -> Path:
    """The rubric file, in a folder that is empty."""
    with zipfile.ZipFile(io.BytesIO(rubric.content)) as file:
        file.extractall(folder)
    return folder / rubric.name


def _belonging(rubric: Path) -> Iterator[Path]:
    yield rubric
    for name in _BESIDE:
        for path in sorted((rubric.parent / name).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path


def _content(path: Path) -> bytes | None:
    """The bytes, None for a link, a pipe, or what cannot be read or is too large."""
    try:
        return read_handed_in(path, MAX_FILE_BYTES)
    except UsageFault:
        return None

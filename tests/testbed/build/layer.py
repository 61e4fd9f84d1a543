"""Image layers as tar files, written in Python and the same for the same content.

No container tool is needed to make an image: a layer is a tar, its identity the digest
of that tar. Owner is root and times are fixed, so equal content gives equal digests.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO, Final

from .files import replacing, write_text

# A fixed time after 1980: some archive formats know nothing earlier.
_TIME: Final = 1_700_000_000


@dataclass(frozen=True)
class Layer:
    """A finished layer: where its tar is, the tar's SHA-256 and its size in bytes."""

    path: str
    diff_id: str
    size: int
    inputs: str


class Hashing(io.RawIOBase):
    """Pass what is written on to another stream and keep digest and length."""

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__()
        self._stream = stream
        self._sha256 = hashlib.sha256()
        self.length = 0

    def writable(self) -> bool:
        """Tell tarfile that this is an output."""
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        """Write through."""
        self._sha256.update(data)
        self.length += len(data)
        self._stream.write(data)
        return len(data)

    @property
    def digest(self) -> str:
        """The digest so far, in the form images use."""
        return f"sha256:{self._sha256.hexdigest()}"


class LayerWriter:
    """Adds files to a layer; parent folders are added as needed, the first of a name wins."""

    def __init__(self, archive: tarfile.TarFile) -> None:
        self._archive = archive
        self._seen: set[str] = set()

    def has(self, name: str) -> bool:
        """Say whether an entry of that name has been added."""
        return name in self._seen

    def directory(self, name: str, mode: int = 0o755, owner: int = 0) -> None:
        """Add a folder."""
        entry = tarfile.TarInfo(name)
        entry.type, entry.mode = tarfile.DIRTYPE, mode
        entry.uid = entry.gid = owner
        self.add(entry)

    def file(self, name: str, content: bytes | str | Path, mode: int = 0o644) -> None:
        """Add a file from bytes, a text or the content of another file."""
        entry = tarfile.TarInfo(name)
        entry.mode = mode
        if isinstance(content, Path):
            entry.size = content.stat().st_size
            with content.open("rb") as stream:
                self.add(entry, stream)
            return
        data = content.encode() if isinstance(content, str) else content
        entry.size = len(data)
        self.add(entry, io.BytesIO(data))

    def link(self, name: str, target: str) -> None:
        """Add a symbolic link."""
        entry = tarfile.TarInfo(name)
        entry.type, entry.linkname, entry.mode = tarfile.SYMTYPE, target, 0o777
        self.add(entry)

    def add(self, entry: tarfile.TarInfo, content: IO[bytes] | None = None) -> None:
        """Add any entry under its own name, unless that name is there already."""
        if entry.name in self._seen:
            return
        for parent in reversed(PurePosixPath(entry.name).parents):
            if str(parent) != "." and str(parent) not in self._seen:
                self.directory(str(parent))
        self._seen.add(entry.name)
        entry.mtime = _TIME
        entry.uname = entry.gname = ""
        entry.pax_headers = {}
        self._archive.addfile(entry, content)


def make(target: Path, inputs: str, fill: Callable[[LayerWriter], None]) -> Layer:
    """Write a layer and its description; reuse it if it was made from the same inputs."""
    known = read(target)
    if known is not None and known.inputs == inputs:
        return known
    with replacing(target) as part, part.open("wb") as stream:
        hashing = Hashing(stream)
        with tarfile.open(fileobj=hashing, mode="w|", format=tarfile.PAX_FORMAT) as archive:
            fill(LayerWriter(archive))
    layer = Layer(str(target), hashing.digest, hashing.length, inputs)
    write_text(_description(target), json.dumps(asdict(layer), indent=2) + "\n")
    return layer


def read(target: Path) -> Layer | None:
    """Return a layer made earlier, or None."""
    try:
        layer = Layer(**json.loads(_description(target).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return layer if target.is_file() and target.stat().st_size == layer.size else None


def _description(target: Path) -> Path:
    return target.with_suffix(".json")

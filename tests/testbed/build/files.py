"""Small file helpers of the build: atomic writes, a folder lock, streaming digests.

An interrupted build must never leave something that looks finished, and two builds at
once must not disturb each other; both rest on the functions here.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

PART: Final = ".part-"


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Yield a sibling path to write to; it becomes ``target`` if the block succeeds.

    Works for files and for folders; a folder that is already there stays and wins.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.parent / f"{PART}{os.getpid()}-{target.name}"
    remove(part)
    try:
        yield part
        if not (part.is_dir() and target.exists()):
            part.replace(target)
    finally:
        remove(part)


def write_text(target: Path, text: str) -> None:
    """Write a text file atomically."""
    with replacing(target) as part:
        part.write_text(text, encoding="utf-8")


def remove(path: Path) -> None:
    """Remove a file or folder, whichever it is, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def sweep(folder: Path) -> None:
    """Remove what interrupted builds left in ``folder``; call it under the lock."""
    for part in folder.glob(f"{PART}*"):
        owner = part.name.removeprefix(PART).split("-", 1)[0]
        if not Path("/proc", owner).exists():
            remove(part)


@contextmanager
def locked(path: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold an exclusive lock on ``path``; call ``waiting`` once if somebody else has it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def digest(*parts: str) -> str:
    """Return one SHA-256 over several texts; their borders count."""
    total = hashlib.sha256()
    for part in parts:
        data = part.encode()
        total.update(f"{len(data)}:".encode() + data)
    return total.hexdigest()


def size_of(path: Path) -> int:
    """Return the size in bytes of a file, or of all files below a folder."""
    if not path.is_dir():
        return path.stat().st_size
    total = 0
    for folder, _, names in os.walk(path):
        total += sum(Path(folder, name).lstat().st_size for name in names)
    return total

"""Looking at processes by their numbers."""

from __future__ import annotations

import time
from pathlib import Path


def parent(pid: int) -> int:
    """The process that another one was started by."""
    return int(_status(pid)[1])


def descendants(pid: int) -> list[int]:
    """All processes that were started by one, or by those."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = parent(int(entry.name))
            except (FileNotFoundError, ProcessLookupError):
                continue
    found = [pid]
    for one in found:
        found += [child for child, above in parents.items() if above == one]
    return found[1:]


def wait_for_end(pid: int) -> None:
    """Until a process is gone, or nothing but its number is left."""
    for _ in range(600):
        try:
            if _status(pid)[0] == "Z":
                return
        except (FileNotFoundError, ProcessLookupError):
            return
        time.sleep(0.05)
    raise AssertionError(f"process {pid} is still there")


def _status(pid: int) -> list[str]:
    """Its state, its parent and what else the kernel tells."""
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()

"""Control groups of a bed: one folder per bed in every hierarchy, made before and removed after.

Namespaces clean up after themselves, folders under /sys/fs/cgroup do not: they are the only thing
a killed bed leaves behind.  A bed's folder has a name of its own (recorded in its state before the
folder is made), so removing it cannot touch anybody else's.  Both cgroup versions are served.
"""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
UNIFIED = ROOT / "cgroup.controllers"
WANTED = ("cpuset", "cpu", "io", "memory", "hugetlb", "pids")


def hierarchies() -> list[Path]:
    """The roots under which a bed needs a folder: one (v2) or one per controller (v1)."""
    if UNIFIED.exists():
        return [ROOT]
    found = {path.resolve() for path in ROOT.iterdir() if (path / "cgroup.procs").exists()}
    # beside version 1 there may be a mount of version 2 without controllers: not ours to use
    return sorted(path for path in found if not (path / "cgroup.controllers").exists())


def create(name: str) -> None:
    """Make the bed's folders; the kubelet wants its root to exist in every hierarchy."""
    if UNIFIED.exists():
        _delegate(ROOT)
    for root in hierarchies():
        (root / name).mkdir(exist_ok=True)
    if UNIFIED.exists():
        _delegate(ROOT / name)


def _delegate(folder: Path) -> None:
    """Hand the controllers of a v2 folder down to its children."""
    there = set((folder / "cgroup.controllers").read_text(encoding="ascii").split())
    for controller in WANTED:
        if controller in there:
            (folder / "cgroup.subtree_control").write_text(f"+{controller}", encoding="ascii")


def remains(name: str) -> list[Path]:
    """The bed's folders that are (still) there, those included that the container runtime made."""
    roots = [ROOT] if UNIFIED.exists() else [ROOT, *ROOT.iterdir()]
    return sorted({(root / name).resolve() for root in roots if (root / name).is_dir()})


def remove(name: str, *, timeout: float = 5.0) -> None:
    """Remove the bed's folders, deepest first; waits for the kernel to let go of ended processes."""
    deadline = time.monotonic() + timeout
    for top in remains(name):
        for folder, _, _ in os.walk(top, topdown=False):
            _remove_one(Path(folder), deadline)


def _remove_one(folder: Path, deadline: float) -> None:
    while True:
        try:
            folder.rmdir()
        except FileNotFoundError:
            return
        except OSError as error:
            if error.errno != errno.EBUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return

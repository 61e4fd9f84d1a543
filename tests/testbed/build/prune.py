"""Giving disk back: the compiler's caches, and containerd roots nobody needs.

Programs, layers and manifests stay, so beds still start; only the next change of a
version compiles from nothing again.
"""

from __future__ import annotations

import subprocess
from contextlib import ExitStack
from functools import partial

from tests.testbed.paths import Cache

from . import golang
from .artifacts import tell
from .components import PROGRAMS
from .files import locked, remove, size_of
from .golang import Report


def prune(*, roots: bool = False, report: Report = tell) -> int:
    """Remove Go's compile and module caches (ours only); return the bytes given back.

    With ``roots`` prepared containerd roots go too; they are imported again on demand.
    """
    cache = Cache.default()
    with ExitStack() as locks:
        for name in sorted({program.family for program in PROGRAMS}):
            waiting = partial(report, f"prune: waiting for a build of the {name} family")
            locks.enter_context(locked(cache.lock(name), waiting))
        before = size_of(cache.root) if cache.root.is_dir() else 0
        if cache.go_modules.is_dir():
            # The module cache is read-only; only go itself removes it cleanly.
            subprocess.run(
                ["go", "clean", "-cache", "-modcache"],
                cwd=cache.root,
                env=golang.environment(cache),
                check=True,
            )
        for folder in (cache.go_build, cache.go_work, *([cache.containerd] if roots else [])):
            remove(folder)
        freed = before - (size_of(cache.root) if cache.root.is_dir() else 0)
    report(f"prune: {freed / 1e6:,.0f} MB given back")
    return freed

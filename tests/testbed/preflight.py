"""What this machine lacks for the testbed, exactly, each with what helps.

``inspect`` looks at the machine, ``problems`` judges what it saw; the judgement is a
pure function so that it can be tested for machines other than this one. Used by the
build, by the command line and by the test fixtures (which skip with the message).
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.testbed import host
from tests.testbed.paths import cache_root
from tests.testbed.versions import GO_MINIMUM

# Caches of the compiler included: 16 GB after all families, and room to work in.
DISK_TO_BUILD: Final = 20 * 10**9
DISK_TO_RUN: Final = 3 * 10**9


@dataclass(frozen=True)
class Machine:
    """What matters of a machine; ``disk_free`` is in bytes, where the cache lives."""

    platform: str
    is_root: bool
    go_version: tuple[int, int] | None
    missing_packages: tuple[str, ...]
    has_apt: bool
    has_cgroups: bool
    disk_free: int


@dataclass(frozen=True)
class Problem:
    """One thing that is missing: an id for programs, two sentences for people."""

    id: str
    what: str
    remedy: str


def inspect() -> Machine:
    """Look at this machine; takes a few milliseconds and changes nothing."""
    linux = sys.platform == "linux"
    return Machine(
        platform=sys.platform,
        is_root=hasattr(os, "geteuid") and os.geteuid() == 0,
        go_version=_go_version(),
        missing_packages=tuple(host.missing_packages()) if linux else (),
        has_apt=host.find("apt-get") is not None,
        has_cgroups=_has_cgroups(),
        disk_free=_disk_free(cache_root()),
    )


def problems(machine: Machine, *, to_build: bool) -> list[Problem]:
    """Return what stands in the way of building (or only of running) a bed, worst first."""
    if machine.platform != "linux":
        return [
            Problem("not-linux", f"This is {machine.platform}.", "Use a Linux machine, or a virtual one.")
        ]
    found: list[Problem] = []
    if not machine.is_root:
        found.append(
            Problem("not-root", "Namespaces and mounts need root.", "Run the same command with sudo.")
        )
    if not machine.has_cgroups:
        found.append(
            Problem(
                "no-cgroups", "/sys/fs/cgroup has no controllers.", "Mount cgroups, or use another machine."
            )
        )
    if machine.missing_packages:
        found.append(_packages(machine))
    if to_build:
        found += _go(machine.go_version)
    needed = DISK_TO_BUILD if to_build else DISK_TO_RUN
    if machine.disk_free < needed:
        what = f"{machine.disk_free / 1e9:.0f} GB are free for the cache, {needed / 1e9:.0f} GB are needed."
        found.append(Problem("disk", what, "Free some, or put $K8SGRADE_TESTBED_CACHE elsewhere."))
    return found


def can_be_installed(machine: Machine) -> bool:
    """Say whether the build may install the missing packages by itself."""
    return bool(machine.missing_packages) and machine.is_root and machine.has_apt


def message(found: Sequence[Problem]) -> str:
    """Return the problems as text, one a line; an empty text if there are none."""
    return "\n".join(f"{problem.id}: {problem.what} {problem.remedy}" for problem in found)


def parse_go_version(text: str) -> tuple[int, int] | None:
    """Return major and minor of what ``go version`` prints, or None."""
    match = re.search(r"\bgo(\d+)\.(\d+)", text)
    return (int(match[1]), int(match[2])) if match else None


def _packages(machine: Machine) -> Problem:
    names = list(machine.missing_packages)
    remedy = host.install_line(names) if machine.has_apt else "Install the programs they contain."
    return Problem("packages", f"Debian packages are missing: {', '.join(names)}.", remedy)


def _go(version: tuple[int, int] | None) -> list[Problem]:
    wanted = ".".join(map(str, GO_MINIMUM))
    if version is None:
        return [
            Problem("no-go", "There is no Go toolchain.", f"Install Go {wanted} or newer and put it in PATH.")
        ]
    if version < GO_MINIMUM:
        return [Problem("old-go", f"Go is {version[0]}.{version[1]}.", f"Install Go {wanted} or newer.")]
    return []


def _go_version() -> tuple[int, int] | None:
    if shutil.which("go") is None:
        return None
    shown = subprocess.run(["go", "version"], capture_output=True, text=True, check=False)
    return parse_go_version(shown.stdout)


def _has_cgroups() -> bool:
    root = Path("/sys/fs/cgroup")
    return (root / "cgroup.controllers").exists() or (root / "memory").is_dir()


def _disk_free(folder: Path) -> int:
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    return shutil.disk_usage(existing).free

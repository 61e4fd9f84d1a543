"""What is known of the beds on this machine: one folder, one lock and one state file for each.

The lock is held by the bed's first process for as long as it lives, so the kernel itself tells
whether a bed runs, however it ended.  The state file names its processes by `Identity` and its
control group.  `sweep` removes what a dead bed left; it does nothing to a living one.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import json
import os
import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from . import cgroups
from .proc import Identity

Tier = Literal["control-plane", "node"]
NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,28}[a-z0-9])?")


class BedError(Exception):
    """A bed that cannot be started, reached or used; the message says what to do."""


class Hopeless(BedError):
    """Waiting longer will not help."""


@dataclass(frozen=True)
class Place:
    """Where a bed keeps its files: `folder`, and beside it the lock."""

    runs: Path
    name: str

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise BedError(f"{self.name!r} is no name for a bed: use up to 30 of a-z, 0-9 and '-'")

    @property
    def folder(self) -> Path:
        """The bed's own folder; gone once the bed is down."""
        return self.runs / self.name

    @property
    def lock(self) -> Path:
        """The file whose lock a living bed holds."""
        return self.runs / f"{self.name}.lock"


@dataclass(frozen=True)
class State:
    """One bed, as its state file tells."""

    name: str
    tier: Tier
    cgroup: str
    created: float
    ready: bool = False
    supervisor: Identity | None = None
    init: Identity | None = None
    notes: dict[str, str] = field(default_factory=dict)

    def save(self, place: Place) -> None:
        """Write the state file in one step."""
        file = place.folder / "state.json"
        new = file.with_suffix(".new")
        new.write_text(json.dumps(dataclasses.asdict(self), indent=1), encoding="utf-8")
        new.replace(file)

    @property
    def alive(self) -> bool:
        """Whether the bed's first process still runs."""
        return self.init is not None and self.init.alive()


def load(place: Place) -> State | None:
    """The state of a bed; None without a (complete) one."""
    try:
        raw = json.loads((place.folder / "state.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    for key in ("supervisor", "init"):
        raw[key] = Identity(**raw[key]) if raw[key] else None
    return State(**raw)


def places(runs: Path) -> list[Place]:
    """Every bed that has a folder or a lock, alive or not."""
    if not runs.is_dir():
        return []
    names = {path.name.removesuffix(".lock") for path in runs.iterdir()}
    return [Place(runs, name) for name in sorted(names) if NAME.fullmatch(name)]


def take(place: Place, *, timeout: float = 0.0) -> int | None:
    """Take the bed's lock; None if somebody else still holds it after `timeout` seconds."""
    place.runs.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + timeout
    while True:
        handle = os.open(place.lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _same(handle, place.lock):
                return handle
        except BlockingIOError:
            if time.monotonic() >= deadline:
                os.close(handle)
                return None
            time.sleep(0.02)
        os.close(handle)


def _same(handle: int, path: Path) -> bool:
    """Whether the locked file is still the one of that name, not one removed meanwhile."""
    with contextlib.suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(handle), path.stat())
    return False


def release(place: Place, handle: int) -> None:
    """Give the lock back and remove its file."""
    place.lock.unlink(missing_ok=True)
    os.close(handle)


@contextlib.contextmanager
def holding(place: Place, *, timeout: float) -> Iterator[bool]:
    """Hold the bed's lock for a block; yields False if it was not to be had."""
    handle = take(place, timeout=timeout)
    try:
        yield handle is not None
    finally:
        if handle is not None:
            release(place, handle)


@contextlib.contextmanager
def inherit(place: Place) -> Iterator[bool]:
    """Wait, for ever, until nobody holds the lock that is there now; yields False if it has been removed."""
    try:
        handle = os.open(place.lock, os.O_RDWR)
    except FileNotFoundError:
        yield False
        return
    fcntl.flock(handle, fcntl.LOCK_EX)
    mine = _same(handle, place.lock)
    try:
        yield mine
    finally:
        if mine:
            release(place, handle)
        else:
            os.close(handle)


def clean(place: Place) -> None:
    """Remove what a dead bed left behind; the caller holds its lock."""
    state = load(place)
    if state is not None:
        for process in (state.supervisor, state.init):
            if process is not None:
                process.kill()
                process.wait(10)
        cgroups.remove(state.cgroup)
    shutil.rmtree(place.folder, ignore_errors=True)


def sweep(runs: Path) -> list[str]:
    """Remove the remains of every dead bed; the names of those there were."""
    swept = []
    for place in places(runs):
        with holding(place, timeout=0.0) as mine:
            if mine and place.folder.exists():
                clean(place)
                swept.append(place.name)
    return swept

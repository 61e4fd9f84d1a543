"""What the batch and its server of workers say to each other.

Towards the server Python's own objects, for they come from the roster. From it and its
workers, which have read what students handed in, plain JSON that is taken for what it says.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from pytest_k8sgrade.batch.entry import Entry

SHOWN_NAMES: Final = 4
"""Awaited items that are told; there may be hundreds."""


@dataclass(frozen=True, slots=True)
class Grade:
    """Grade a hand-in into an empty folder; `job` is how both sides call it."""

    job: int
    entry: Entry
    folder: Path


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Write into the folder that nothing could be graded: the process ended as `how` says, twice."""

    job: int
    entry: Entry
    folder: Path
    how: str


@dataclass(frozen=True, slots=True)
class Stop:
    """End the work on a hand-in at once; nothing of it is wanted any more."""

    job: int


Order: TypeAlias = Grade | GiveUp | Stop


@dataclass(frozen=True, slots=True)
class Said:
    """A line from the server.

    `ready`: it can be given work; `fault`: it cannot start, for the reason in `text`.
    `awaits`: what a job waits for (`settled` of `total` items, `names`). `ended`: a job is over;
    `text` then says why its folder is not whole, which is nobody's hand-in's doing. `stopped`: a
    job is over because nothing of it was wanted any more.
    """

    kind: Literal["ready", "fault", "awaits", "ended", "stopped"]
    job: int = 0
    text: str = ""
    settled: int = 0
    total: int = 0
    names: tuple[str, ...] = ()

    def told(self) -> bytes:
        """As it goes over the wire."""
        return json.dumps({key: value for key, value in asdict(self).items() if value}).encode()


def heard(line: bytes) -> Said:
    """A line as it came over the wire."""
    known: dict[str, Any] = json.loads(line)
    return Said(**{**known, "names": tuple(known.get("names", ()))})


def say(connection: Connection, said: Said) -> None:
    """Send a line."""
    connection.send_bytes(said.told())

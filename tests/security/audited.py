"""A server of workers that writes down what they do to the machine.

Run as `python -P -m tests.security.audited`. Each job on standard input is graded by the
product's own worker, forked from here, under an audit hook that Python calls before anything
is opened, run or connected. `Auditor` is the side of the tests.
"""

from __future__ import annotations

import base64
import json
import os
import pickle
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

from pytest_k8sgrade.batch.entry import Entry
from pytest_k8sgrade.batch.options import WorkOptions
from pytest_k8sgrade.batch.work import grade_entry
from pytest_k8sgrade.batch.workers.limits import Limits
from pytest_k8sgrade.batch.workers.preload import preload
from pytest_k8sgrade.batch.workers.worker import work
from pytest_k8sgrade.gradebook.attempt import Attempt

_RUNS = ("subprocess.Popen", "os.exec", "os.posix_spawn", "os.spawn", "os.system", "os.fork", "pty.spawn")
_CHANGES = (
    "os.mkdir",
    "os.rename",
    "os.remove",
    "os.rmdir",
    "os.link",
    "os.symlink",
    "os.chmod",
    "os.chown",
    "os.truncate",
    "os.utime",
    "shutil.rmtree",
)
_TALKS = ("socket.connect", "socket.getaddrinfo", "socket.sendto", "socket.bind")
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC


LIMITS: Final = Limits(time_s=60.0)
Names: TypeAlias = Mapping[str, Sequence[Sequence[str]]]


@dataclass(frozen=True)
class Event:
    """What a worker did: `runs`, `writes`, `reads` or `talks`, and with what."""

    kind: str
    what: str


@dataclass(frozen=True)
class Graded:
    """What became of a hand-in, and what the worker did meanwhile."""

    code: int
    events: tuple[Event, ...]
    folder: Path

    @property
    def attempt(self) -> Attempt:
        """The attempt as it was written down."""
        return Attempt.model_validate_json((self.folder / "attempt.json").read_bytes())

    def of(self, kind: str) -> list[str]:
        """With what a kind of thing was done."""
        return [event.what for event in self.events if event.kind == kind]


class Auditor:
    """The running server of workers; one job at a time."""

    def __init__(self, options: WorkOptions, place: Path) -> None:
        self._folder = place
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
        # -B: what Python keeps of a module that nobody has imported before is no write of a worker's.
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-B", "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            cwd=place,
        )
        self._tell(options)

    def grade(
        self, entry: Entry, folder: Path, limits: Limits = LIMITS, names: Names | None = None
    ) -> Graded:
        """Grade one hand-in into an empty folder. `names` are what names resolve to, each time the next."""
        self._tell((entry, folder, limits, names or {}))
        assert self._process.stdout is not None
        told = json.loads(self._process.stdout.readline())
        events = tuple(Event(kind, what) for kind, what in told["events"])
        return Graded(told["code"], events, folder)

    def close(self) -> None:
        """End the server."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def _tell(self, what: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(base64.b64encode(pickle.dumps(what)) + b"\n")
        self._process.stdin.flush()


def _told(event: str, arguments: Sequence[Any]) -> tuple[str, str] | None:
    """The event as it is written down; None for what does nothing."""
    if event in _RUNS:
        return "runs", f"{event} {arguments!r}"
    if event in _CHANGES:
        return "writes", str(arguments[0])
    if event in _TALKS:
        return "talks", f"{event} {arguments[0 if event == 'socket.getaddrinfo' else -1]!r}"
    if event != "open" or isinstance(arguments[0], int):  # a number is a file that is open already
        return None
    path, mode, flags = (*arguments, None, None)[:3]
    writes = (flags or 0) & _WRITING or any(one in str(mode or "") for one in "wax+")
    return "writes" if writes else "reads", str(path)


def _audit(log: int) -> None:
    def hook(event: str, arguments: Sequence[Any]) -> None:
        told = _told(event, arguments)
        if told is not None:
            os.write(log, (json.dumps(told) + "\n").encode())

    sys.addaudithook(hook)


def _resolve(names: Names) -> None:
    """Let these names be resolved here instead of by DNS."""
    real, left = socket.getaddrinfo, {name: list(answers) for name, answers in names.items()}

    def getaddrinfo(host: Any, port: Any, *more: Any, **others: Any) -> Any:
        if host not in left:
            return real(host, port, *more, **others)
        sys.audit("socket.getaddrinfo", host, port, 0, 0, 0)
        addresses = left[host].pop(0) if len(left[host]) > 1 else left[host][0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port or 0)) for address in addresses]

    socket.getaddrinfo = getaddrinfo


def _fork(
    entry: Entry, options: WorkOptions, folder: Path, limits: Limits, names: Names
) -> dict[str, object]:
    reading, log = os.pipe()
    parent, child = os.getpid(), os.fork()
    if child == 0:
        os.close(reading)
        _resolve(names)
        _audit(log)
        work(lambda: grade_entry(entry, options, folder), folder, limits, parent)
    os.close(log)
    with os.fdopen(reading, encoding="utf-8") as lines:
        events = [json.loads(line) for line in lines]
    return {"code": os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), "events": events}


def main() -> None:
    """Grade until nobody asks any more."""
    jobs = (pickle.loads(base64.b64decode(line)) for line in sys.stdin.buffer)
    options = next(jobs)
    preload(options)
    for entry, folder, limits, names in jobs:
        print(json.dumps(_fork(entry, options, folder, limits, names)), flush=True)


if __name__ == "__main__":
    main()

"""A Dask cluster of real processes: a scheduler, and workers under nannies, each with a folder of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Final, TypeVar

Value = TypeVar("Value")

PATIENCE_S: Final = 60.0
_SETTINGS: Final = {
    "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1",
    "DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "10s",
}


class DaskCluster:
    """So many workers of one thread each. `log` is what all of its processes wrote."""

    def __init__(self, folder: Path, workers: int) -> None:
        self._folder = folder
        self._file = folder / "scheduler.json"
        self._wanted = workers
        self._processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> DaskCluster:
        self._start("dask_scheduler", "--host", "127.0.0.1", "--port", "0")
        until("the scheduler", lambda: self._file.exists() and self._file.stat().st_size)
        for number in range(self._wanted):
            place = self._folder / f"worker-{number}"
            place.mkdir()
            threads = ("--nworkers", "1", "--nthreads", "1")
            self._start("dask_worker", *threads, "--local-directory", str(place), "--host", "127.0.0.1")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in reversed(self._processes):
            process.kill()  # gently would be to wait for answers of a scheduler that a test has killed
        for process in reversed(self._processes):
            process.wait()

    @property
    def address(self) -> str:
        """The scheduler's."""
        return str(json.loads(self._file.read_text(encoding="utf-8"))["address"])

    @property
    def log(self) -> str:
        """What the scheduler and the workers have written so far."""
        return (self._folder / "log").read_text(encoding="utf-8", errors="replace")

    def left_behind(self) -> list[Path]:
        """What of batches is left in the workers' folders."""
        return sorted(self._folder.rglob("k8sgrade-*"))

    def kill_scheduler(self) -> None:
        """The machine of the scheduler is switched off."""
        self._processes[0].kill()
        self._processes[0].wait()

    def _start(self, program: str, *options: str) -> None:
        argv = [sys.executable, "-m", f"distributed.cli.{program}", "--scheduler-file", str(self._file)]
        with (self._folder / "log").open("ab") as log:
            process = subprocess.Popen(
                [*argv, "--dashboard-address", "127.0.0.1:0", *options],
                cwd=self._folder,
                env={**os.environ, **_SETTINGS},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._processes.append(process)


def until(what: str, found: Callable[[], Value | None]) -> Value:
    """Wait for what another process does; the first true value."""
    ends = time.monotonic() + PATIENCE_S
    while time.monotonic() < ends:
        if value := found():
            return value
        time.sleep(0.02)
    raise AssertionError(f"{what}: not within {PATIENCE_S:.0f} s")


def ancestors(pid: int) -> Iterator[int]:
    """The parent of a process, its parent, and so on."""
    while pid > 1:
        pid = int(Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])
        yield pid


def is_dask_worker(pid: int) -> bool:
    """Whether it is the process of a worker, which its nanny has spawned."""
    return b"multiprocessing" in Path(f"/proc/{pid}/cmdline").read_bytes()


def kill_worker_of(pid: int) -> None:
    """Kill the Dask worker that graded in this process."""
    os.kill(next(one for one in ancestors(pid) if is_dask_worker(one)), signal.SIGKILL)


def gone(pid: int) -> bool:
    """Whether a process has ended, be it that nobody has asked for its exit code."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def plain(document: Any) -> Any:
    """A grade or an attempt without times, durations and memory."""
    if isinstance(document, list):
        return [plain(one) for one in document]
    if not isinstance(document, dict):
        return document
    return {key: plain(value) for key, value in document.items() if key not in _PASSING}


_PASSING: Final = frozenset(
    {"started", "finished", "duration_s", "peak_bytes", "submitted", "waited_s", "held_s", "timeline"}
)

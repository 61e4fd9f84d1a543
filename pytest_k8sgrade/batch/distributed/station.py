"""What a Dask worker has for a batch: the rubric, and processes of its own for the hand-ins.

A worker of Dask is often a daemon that may have no `multiprocessing` children, and it runs
tasks as threads: so each hand-in gets what it gets on one machine, a process that `isolated`
forks, with the same limits. The files go back as bytes. This module is imported by workers
and by the driver (see `driver`).
"""

from __future__ import annotations

import platform
import shutil
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from distributed import WorkerPlugin, get_worker
from distributed.worker import Worker

from pytest_k8sgrade.batch.distributed.parcel import Parcel, Rubric, unpacked, unpacked_rubric
from pytest_k8sgrade.batch.options import WorkOptions
from pytest_k8sgrade.batch.workers.isolated import Isolated
from pytest_k8sgrade.batch.workers.wire import Said
from pytest_k8sgrade.batch.workers.worker import LOG
from pytest_k8sgrade.batch.writing import ATTEMPT, EVIDENCE, REPORTS
from pytest_k8sgrade.rubric.load import load_rubric
from pytest_k8sgrade.rubric.packs import find_pack

FILES: Final = frozenset({*REPORTS.values(), EVIDENCE, ATTEMPT, LOG})
"""All that may come back of a hand-in."""


class OtherVersionError(Exception):
    """A worker would not grade as the driver does; the message says in what it differs."""


@dataclass(frozen=True, slots=True)
class About:
    """What must be the same everywhere. `digest` is that of an installed rubric."""

    tool: str
    python: str
    dask: str
    digest: str | None


def about(lab: str | None) -> About:
    """What this machine would grade with; `lab` is the name of an installed rubric."""
    digest = load_rubric(find_pack(lab)).digest if lab is not None else None
    python = ".".join(platform.python_version_tuple()[:2])
    return About(version("pytest-k8sgrade"), python, version("distributed"), digest)


class Station(WorkerPlugin):
    """A batch on one worker. It begins with the first hand-in and ends with the batch."""

    def __init__(self, batch: str, options: WorkOptions, rubric: Rubric | None, expected: About) -> None:
        self.name = batch
        self.expected = expected
        self._options = options
        self._rubric = rubric

    def setup(self, worker: Worker) -> None:
        """Remember the worker; whoever comes late is set up like the others."""
        self._worker = worker
        self._lock = threading.Lock()
        self._folder: Path | None = None
        self._isolated: Isolated | None = None
        self._working: dict[str, Path] = {}

    def teardown(self, worker: Worker) -> None:
        """End what is running, and leave nothing behind."""
        with self._lock:
            isolated, self._isolated = self._isolated, None
            folder, self._folder = self._folder, None
        if isolated is not None:
            isolated.close()
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)

    def transition(self, key: Any, start: str, finish: str, **_more: Any) -> None:
        """Stop what nobody waits for any more: the driver is gone, or was interrupted."""
        if start == "executing" and finish == "released":
            folder, isolated = self._working.get(key), self._isolated
            if folder is not None and isolated is not None:
                isolated.stop(folder)

    def grade(self, parcel: Parcel, key: str) -> dict[str, bytes]:
        """The files of a graded hand-in, by name; raises `OtherVersionError`."""
        isolated, place = self._ready()
        own = Path(tempfile.mkdtemp(dir=place))
        try:
            came, out = own / "in", own / "out"
            came.mkdir()
            out.mkdir()
            self._working[key] = out
            isolated.grade(unpacked(parcel, came), out, partial(self._tell, key))
            return {file.name: file.read_bytes() for file in out.iterdir() if file.name in FILES}
        finally:
            self._working.pop(key, None)
            shutil.rmtree(own, ignore_errors=True)

    def _ready(self) -> tuple[Isolated, Path]:
        """The processes of this batch and the folder of its hand-ins, made when first asked for.

        The folder is in the worker's own scratch space, which Dask clears also after a kill.
        """
        with self._lock:
            if self._isolated is None or self._folder is None:
                found = about(self._options.rubric if self._rubric is None else None)
                if found != self.expected:
                    raise OtherVersionError(f"{found}, and not {self.expected}")
                self._folder = Path(tempfile.mkdtemp(prefix="k8sgrade-", dir=self._worker.local_directory))
                self._isolated = Isolated(self._local_options(self._folder / "rubric"))
                self._isolated.__enter__()
            return self._isolated, self._folder

    def _local_options(self, folder: Path) -> WorkOptions:
        if self._rubric is None:
            return self._options
        folder.mkdir()
        return replace(self._options, rubric=str(unpacked_rubric(self._rubric, folder)))

    def _tell(self, key: str, said: Said) -> None:
        told = {"key": key, "settled": said.settled, "total": said.total, "names": list(said.names)}
        self._worker.log_event(self.name, told)


def grade_parcel(batch: str, parcel: Parcel) -> Mapping[str, bytes]:
    """The task: grade one hand-in on this worker."""
    worker = get_worker()
    key = str(worker.get_current_task())
    worker.log_event(batch, {"key": key})
    station = worker.plugins[batch]
    if not isinstance(station, Station):
        raise OtherVersionError("the batch is not known here")
    return station.grade(parcel, key)

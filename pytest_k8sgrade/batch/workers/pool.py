"""A batch on this machine: so many hand-ins at a time, each in a process of its own.

Nothing of a finished hand-in is kept but its files.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from pytest_k8sgrade.batch.entry import Entry
from pytest_k8sgrade.batch.options import WorkOptions
from pytest_k8sgrade.batch.results import Results
from pytest_k8sgrade.batch.watching import Watcher
from pytest_k8sgrade.batch.workers import wire
from pytest_k8sgrade.batch.workers.isolated import Isolated, NotWrittenError, StoppedError

MOST_JOBS: Final = 32
"""Clusters at a time when nobody says how many: they wait for networks, not for processors."""


def grade_locally(
    entries: Sequence[Entry],
    options: WorkOptions,
    results: Results,
    watcher: Watcher,
    *,
    jobs: int | None = None,
) -> None:
    """Grade hand-ins, `jobs` at a time, into the folder of results.

    After an interrupt, or where the watcher raises, the workers end; what they were at is not
    finished and leaves nothing. Raises `UsageFault` when the results cannot be written.
    """
    if not entries:
        return
    with Isolated(options) as isolated:
        batch = _Batch(iter(entries), isolated, results, watcher)
        threads = [
            threading.Thread(target=batch.work, name=f"k8sgrade-batch-{number}", daemon=True)
            for number in range(min(jobs or default_jobs(entries), len(entries)))
        ]
        for thread in threads:
            thread.start()
        try:
            for thread in threads:
                thread.join()
        finally:
            batch.stop()
            isolated.close()
            for thread in threads:
                thread.join()
    if batch.error is not None:
        raise batch.error


def default_jobs(entries: Iterable[Entry]) -> int:
    """Hand-ins at a time: as many as processors, and more where they are clusters."""
    if any(entry.source == "cluster" for entry in entries):
        return MOST_JOBS
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class _Batch:
    """Entries handed out to threads, one to each that asks, until one of them fails."""

    def __init__(
        self, entries: Iterator[Entry], isolated: Isolated, results: Results, watcher: Watcher
    ) -> None:
        self.error: BaseException | None = None
        self._entries = entries
        self._isolated = isolated
        self._results = results
        self._watcher = watcher
        self._lock = threading.Lock()
        self._stopped = False

    def stop(self) -> None:
        """Hand out nothing more."""
        with self._lock:
            self._stopped = True

    def work(self) -> None:
        """What each thread does."""
        try:
            while (entry := self._next()) is not None:
                self._grade(entry)
        except StoppedError:
            pass
        except OSError as error:
            self._fail(
                NotWrittenError(
                    f"the results cannot be written to {str(self._results.folder)!r}: {error.strerror}; "
                    "what is finished is kept, and --resume goes on once there is room"
                )
            )
        except BaseException as error:
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        self.error = self.error or error
        self.stop()

    def _next(self) -> Entry | None:
        with self._lock:
            return None if self._stopped else next(self._entries, None)

    def _grade(self, entry: Entry) -> None:
        def awaiting(said: wire.Said) -> None:
            self._watcher.awaits(entry, said.settled, said.total, said.names)

        self._watcher.started(entry)
        draft = self._results.draft()
        self._isolated.grade(entry, draft, awaiting)
        self._watcher.finished(entry, self._results.keep(entry, draft))

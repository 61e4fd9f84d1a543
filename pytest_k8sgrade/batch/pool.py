"""A batch on this machine: so many hand-ins at a time, each in a process of its own.

What happens is told as events, in the order it happens; the caller shows them. Nothing of
a finished hand-in is kept but its files.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Final, Protocol, TypeAlias

from pytest_k8sgrade.batch import wire
from pytest_k8sgrade.batch.entry import Entry
from pytest_k8sgrade.batch.isolated import Isolated, StoppedError
from pytest_k8sgrade.batch.options import WorkOptions
from pytest_k8sgrade.batch.results import Results
from pytest_k8sgrade.gradebook.attempt import Attempt

MOST_JOBS: Final = 32
"""Clusters at a time when nobody says how many: they wait for networks, not for processors."""


@dataclass(frozen=True, slots=True)
class Started:
    """A hand-in has got a worker."""

    entry: Entry


@dataclass(frozen=True, slots=True)
class Awaits:
    """What a hand-in waits for: `settled` of `total` items are, `names` are some of the others."""

    entry: Entry
    settled: int
    total: int
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Finished:
    """A hand-in's files are in their place."""

    entry: Entry
    attempt: Attempt


Event: TypeAlias = Started | Awaits | Finished


class Engine(Protocol):
    """Grades hand-ins into a folder of results."""

    def grade(self, entries: Iterable[Entry], results: Results) -> Iterator[Event]:
        """Grade all of them; the caller may stop early by closing the iterator.

        Raises `UsageFault` when the results cannot be written.
        """


class LocalEngine:
    """Grades on this machine, `jobs` hand-ins at a time. `live`: some of them are clusters."""

    def __init__(self, options: WorkOptions, jobs: int, *, live: bool = True) -> None:
        self._options = options
        self._jobs = jobs
        self._live = live

    def grade(self, entries: Iterable[Entry], results: Results) -> Iterator[Event]:
        """See `Engine`; what is being graded when it stops early is not finished, and leaves nothing."""
        events: SimpleQueue[Event | BaseException | None] = SimpleQueue()
        queue = _Shared(iter(entries))
        with Isolated(self._options, live=self._live) as isolated:
            threads = [
                threading.Thread(target=_work, args=(queue, isolated, results, events), daemon=True)
                for _ in range(self._jobs)
            ]
            for thread in threads:
                thread.start()
            try:
                yield from _told(events, len(threads))
            finally:
                queue.stop()
                isolated.close()
                for thread in threads:
                    thread.join()


def default_jobs(entries: Sequence[Entry]) -> int:
    """Hand-ins at a time: as many as processors, and more where they are clusters."""
    processors = os.process_cpu_count() if hasattr(os, "process_cpu_count") else os.cpu_count()
    processors = processors or 1
    live = any(entry.source == "cluster" for entry in entries)
    return max(1, min(len(entries), MOST_JOBS if live else processors))


class _Shared:
    """Entries handed out to threads, one to each that asks."""

    def __init__(self, entries: Iterator[Entry]) -> None:
        self._entries = entries
        self._lock = threading.Lock()
        self._stopped = False

    def __iter__(self) -> Iterator[Entry]:
        while (entry := self._next()) is not None:
            yield entry

    def _next(self) -> Entry | None:
        with self._lock:
            return None if self._stopped else next(self._entries, None)

    def stop(self) -> None:
        """Hand out nothing more."""
        with self._lock:
            self._stopped = True


def _work(
    entries: _Shared, isolated: Isolated, results: Results, events: SimpleQueue[Event | BaseException | None]
) -> None:
    try:
        for entry in entries:
            _grade(entry, isolated, results, events)
    except StoppedError:
        pass
    except BaseException as error:
        events.put(error)
    finally:
        events.put(None)


def _grade(
    entry: Entry, isolated: Isolated, results: Results, events: SimpleQueue[Event | BaseException | None]
) -> None:
    def awaiting(said: wire.Said) -> None:
        events.put(Awaits(entry, said.settled, said.total, said.names))

    events.put(Started(entry))
    draft = results.draft()
    isolated.grade(entry, draft, awaiting)
    events.put(Finished(entry, results.keep(entry, draft)))


def _told(events: SimpleQueue[Event | BaseException | None], threads: int) -> Iterator[Event]:
    """The events until every thread is done; raises what one of them raised."""
    while threads:
        event = events.get()
        if event is None:
            threads -= 1
        elif isinstance(event, BaseException):
            raise event
        else:
            yield event

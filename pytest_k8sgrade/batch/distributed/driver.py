"""A batch on the workers of a Dask cluster: the same hand-ins, the same files, more machines.

The driver sends hand-ins as parcels, a few more than the workers have threads for, and puts
the files that come back into place as a local batch does. A worker that dies is Dask's
business: its hand-ins go to others, and what comes back is kept once. What ends the whole
batch leaves a folder of results to be resumed, with Dask or without. Needs the extra
`distributed`, so it is imported only when Dask is asked for.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any, Final

import dask
from distributed import CancelledError, Client, Future, KilledWorker

from pytest_k8sgrade.batch.distributed.parcel import packed, packed_rubric
from pytest_k8sgrade.batch.distributed.scheduler import connected, require_same
from pytest_k8sgrade.batch.distributed.station import Station, about, grade_parcel
from pytest_k8sgrade.batch.entry import Entry
from pytest_k8sgrade.batch.options import WorkOptions
from pytest_k8sgrade.batch.problems import Problem
from pytest_k8sgrade.batch.results import Results
from pytest_k8sgrade.batch.watching import Watcher
from pytest_k8sgrade.batch.work import grade_problem
from pytest_k8sgrade.errors import UsageFault
from pytest_k8sgrade.gradebook.attempt import Attempt
from pytest_k8sgrade.outcome import Reason
from pytest_k8sgrade.rubric.packs import find_pack

ALONE_S: Final = 60.0
"""Seconds without any worker after which the batch ends; until then one may be starting anew."""
AHEAD: Final = 2
"""Hand-ins sent per thread of the workers: one is graded, the next is there already."""
RETRIES: Final = 2
"""How often a task that failed is given to a worker again: one may be full, or just ending."""
_POLL_S: Final = 5.0
_NO_WARNING: Final = {"distributed.admin.large-graph-warning-threshold": "1 TiB"}
"""Evidence is large; what Dask advises instead would keep it on the workers to the end."""


def grade_on_dask(
    entries: Sequence[Entry],
    options: WorkOptions,
    results: Results,
    watcher: Watcher,
    *,
    address: str,
    jobs: int | None = None,
) -> None:
    """Grade hand-ins on the workers of the scheduler at `address` into the folder of results.

    `jobs` is how many are there at a time, by default as many as the workers have threads for.
    After an interrupt, or where the watcher raises, the workers end what they were at. Raises
    `UsageFault` when the workers cannot be had, are not as this machine, or are lost.
    """
    if not entries:
        return
    batch = f"k8sgrade-{secrets.token_hex(8)}"
    rubric = packed_rubric(options, find_pack(options.rubric))
    lab = options.rubric if rubric is None else None
    wanted = about(lab)
    with connected(address) as client:
        require_same(client, address, wanted, lab)
        client.register_plugin(Station(batch, options, rubric, wanted), name=batch)
        try:
            _Batch(client, batch, options, results, watcher, jobs, iter(entries)).run()
        finally:
            with suppress(Exception):  # the scheduler may be what was lost
                client.unregister_worker_plugin(batch)


@dataclass(slots=True)
class _Batch:
    """The hand-ins that are away, by the key of their task."""

    client: Client
    name: str
    options: WorkOptions
    results: Results
    watcher: Watcher
    jobs: int | None
    waiting: Iterator[Entry]
    _news: SimpleQueue[Any] = field(default_factory=SimpleQueue)
    _away: dict[str, tuple[Entry, Future[Any]]] = field(default_factory=dict)
    _begun: set[str] = field(default_factory=set)
    _sent: int = 0
    _known_threads: int = 0
    _heard_at: float = field(default_factory=time.monotonic)

    def run(self) -> None:
        """Send, wait, put into place, until nothing is left; what is away at a bad end is cancelled."""
        self.client.subscribe_topic(self.name, lambda event: self._news.put(event[1]))
        try:
            self._send()
            while self._away:
                self._hear()
        except CancelledError as error:
            raise self._lost() from error
        except Exception as error:
            if isinstance(error, UsageFault) or self.client.status == "running":
                raise
            raise self._lost() from error
        finally:
            with suppress(Exception):
                self.client.cancel([future for _, future in self._away.values()], force=True)

    def _send(self) -> None:
        """Have as many at the workers as is wanted."""
        wanted = self.jobs or AHEAD * max(1, self._threads())
        while len(self._away) < wanted and (entry := next(self.waiting, None)) is not None:
            self._sent += 1
            key = f"{self.name}-{self._sent}"
            with dask.config.set(_NO_WARNING):
                future = self.client.submit(
                    grade_parcel, self.name, packed(entry), key=key, pure=False, retries=RETRIES
                )
            self._away[key] = (entry, future)
            future.add_done_callback(self._news.put)

    def _hear(self) -> None:
        """Wait for the next thing that is told, and do what follows from it."""
        try:
            news = self._news.get(timeout=_POLL_S)
        except Empty:
            self._require_workers()
            return
        self._heard_at = time.monotonic()
        if isinstance(news, Future):
            entry, attempt = self._kept(str(news.key))
            self.watcher.finished(entry, attempt)
            self._send()
        elif news["key"] in self._away:
            self._tell(self._away[news["key"]][0], news)

    def _tell(self, entry: Entry, news: dict[str, Any]) -> None:
        """A hand-in begins once, whatever becomes of the worker that has it."""
        if news["key"] not in self._begun:
            self._begun.add(news["key"])
            self.watcher.started(entry)
        if "total" in news:
            self.watcher.awaits(entry, news["settled"], news["total"], news["names"])

    def _kept(self, key: str) -> tuple[Entry, Attempt]:
        """Put what came back into its place."""
        entry, future = self._away[key]
        try:
            files = future.result()
        except KilledWorker:
            attempt = self._given_up(entry)
        except (CancelledError, UsageFault):
            raise
        except Exception as error:
            if self.client.status != "running":
                raise self._lost() from error
            raise UsageFault(
                f"the workers cannot grade {entry.student.id!r}, for no reason of the hand-in "
                f"({type(error).__name__}: {error}); repair that, and go on with --resume"
            ) from error
        else:
            attempt = self.results.store(entry, files)
        del self._away[key]
        self._begun.discard(key)
        return entry, attempt

    def _given_up(self, entry: Entry) -> Attempt:
        """A hand-in that worker after worker died over."""
        draft, killed = self.results.draft(), Reason("worker-crashed", {"how": "SIGKILL"})
        grade_problem(entry, self.options, draft, Problem(killed), 0.0)
        return self.results.keep(entry, draft)

    def _threads(self) -> int:
        """Of all workers together, as last heard; what became of hand-ins tells when nobody answers."""
        with suppress(OSError):
            self._known_threads = sum(self.client.nthreads().values())
        return self._known_threads

    def _lost(self) -> UsageFault:
        return UsageFault(
            f"the Dask scheduler was lost with {len(self._away)} hand-ins away; what is finished is kept. "
            "Go on with --resume, there or on this machine by leaving --engine and --scheduler out"
        )

    def _require_workers(self) -> None:
        """Raise `UsageFault` when nothing was told and nobody was there for too long."""
        if self._threads():
            self._heard_at = time.monotonic()
        elif time.monotonic() - self._heard_at > ALONE_S:
            raise UsageFault(
                f"the Dask scheduler has had no worker for {ALONE_S:.0f} s; "
                "start some, and go on with --resume"
            )

"""Work that ends for the caller when its time is up, whatever hangs below.

Socket timeouts do not bound a name lookup, a handshake or a peer that sends one
byte now and then; a second thread does. Threads are daemons and are used again:
one that hangs is left behind and never delays the end of the program.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")


class Workers:
    """Idle threads of one connection; as many as there are calls at the same time."""

    def __init__(self) -> None:
        self._idle: list[_Worker] = []
        self._lock = threading.Lock()

    def call(self, work: Callable[[], T], seconds: float) -> T:
        """The result of `work`, or its exception; TimeoutError when `seconds` have passed."""
        with self._lock:
            worker = self._idle.pop() if self._idle else _Worker(self._done)
        future: Future[T] = Future()
        worker.jobs.put((work, future))
        return future.result(timeout=seconds)

    def close(self) -> None:
        """End the idle threads; busy ones are left to end by themselves."""
        with self._lock:
            for worker in self._idle:
                worker.jobs.put(None)
            self._idle.clear()

    def _done(self, worker: _Worker) -> None:
        with self._lock:
            self._idle.append(worker)


class _Worker(threading.Thread):
    def __init__(self, done: Callable[[_Worker], None]) -> None:
        super().__init__(name="k8sgrade-read", daemon=True)
        self.jobs: SimpleQueue[tuple[Callable[[], Any], Future[Any]] | None] = SimpleQueue()
        self._done = done
        self.start()

    def run(self) -> None:
        while (job := self.jobs.get()) is not None:
            work, future = job
            try:
                result = work()
            except BaseException as error:
                self._done(self)
                future.set_exception(error)
            else:
                self._done(self)
                future.set_result(result)
            del job, work, future

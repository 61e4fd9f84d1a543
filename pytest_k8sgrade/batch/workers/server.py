"""The server of workers: everything is loaded once, then one process is forked per hand-in.

It has no threads and reads nothing that a student wrote, so a fork of it is clean. It ends,
and every worker with it, when the batch that started it is gone. `isolated` starts it as
`python -m pytest_k8sgrade.batch.workers.server FD`.
"""

from __future__ import annotations

import contextlib
import gc
import os
import selectors
import signal
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

from pytest_k8sgrade.batch.entry import Entry
from pytest_k8sgrade.batch.options import WorkOptions
from pytest_k8sgrade.batch.problems import Problem, too_large, too_long
from pytest_k8sgrade.batch.work import grade_entry, grade_problem
from pytest_k8sgrade.batch.workers import wire
from pytest_k8sgrade.batch.workers.clearing import clear
from pytest_k8sgrade.batch.workers.limits import peak_of
from pytest_k8sgrade.batch.workers.preload import preload
from pytest_k8sgrade.batch.workers.worker import LOG, NO_MEMORY, Telling, emptied, last_words, work
from pytest_k8sgrade.batch.writing import ATTEMPT
from pytest_k8sgrade.errors import UsageFault
from pytest_k8sgrade.outcome import Reason

NEARLY: Final = 0.9
"""Of the memory limit: a worker that had that much and was killed was killed for it."""


@dataclass(slots=True)
class Running:
    """A worker. `stop_at` and `kill_at` are moments of the monotonic clock."""

    job: int
    pid: int
    entry: Entry
    folder: Path
    began: float
    stop_at: float
    kill_at: float
    giving_up: bool = False
    out_of_time: bool = False
    unwanted: bool = False


class Server:
    """Forks, watches and buries workers, one loop in one thread."""

    def __init__(self, connection: Connection, options: WorkOptions) -> None:
        self._connection = connection
        self._options = options
        self._running: dict[int, Running] = {}
        self._listening, self._telling = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._woken, self._waking = socket.socketpair()
        self._selector = selectors.DefaultSelector()
        for file in (self._listening, self._woken, self._telling, self._waking):
            file.setblocking(False)
        self._selector.register(connection.fileno(), selectors.EVENT_READ, self._obey)
        self._selector.register(self._listening, selectors.EVENT_READ, self._pass_on)
        self._selector.register(self._woken, selectors.EVENT_READ, self._bury)

    def run(self) -> None:
        """Serve until the batch is gone."""
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        signal.set_wakeup_fd(self._waking.fileno(), warn_on_full_buffer=False)
        try:
            wire.say(self._connection, wire.Said("ready"))
            while True:
                for key, _ in self._selector.select(self._patience()):
                    key.data()
                self._keep_time()
        except (EOFError, ConnectionError):
            pass
        finally:
            self._end()

    def _end(self) -> None:
        """Leave nothing behind: no process, and no file that nobody will ask for."""
        for running in self._running.values():
            _kill(running.pid)
            os.waitpid(running.pid, 0)
            with contextlib.suppress(OSError):
                clear(running.folder)
        with contextlib.suppress(OSError):
            Path.cwd().rmdir()

    def _obey(self) -> None:
        order: wire.Order = self._connection.recv()
        if isinstance(order, wire.Stop):
            for running in self._running.values():
                if running.job == order.job:
                    running.unwanted = True
                    _kill(running.pid)
        elif isinstance(order, wire.GiveUp):
            self._give_up(
                order.job, order.entry, order.folder, Reason("worker-crashed", {"how": order.how}), 0.0
            )
        else:
            telling = Telling(self._telling, order.job)
            self._fork(
                order.job,
                order.entry,
                order.folder,
                lambda: grade_entry(order.entry, self._options, order.folder, telling),
            )

    def _fork(
        self, job: int, entry: Entry, folder: Path, task: Callable[[], None], *, giving_up: bool = False
    ) -> None:
        limits = emptied(self._options.limits) if giving_up else self._options.limits
        parent, began = os.getpid(), time.monotonic()
        pid = os.fork()
        if pid == 0:
            self._let_go()
            work(task, folder, limits, parent, keep_log=giving_up)
        stop_at = began + limits.time_s
        self._running[pid] = Running(
            job, pid, entry, folder, began, stop_at, stop_at + limits.last_words_s, giving_up
        )

    def _let_go(self) -> None:
        """What a worker must not hold: the way to the batch, and the other ends of its own."""
        self._selector.close()
        self._connection.close()
        for file in (self._listening, self._woken, self._waking):
            file.close()

    def _pass_on(self) -> None:
        """Pass on what workers await, and nothing else that one might say."""
        with contextlib.suppress(BlockingIOError):
            while True:
                said = wire.heard(self._listening.recv(64 * 1024))
                if said.kind == "awaits":
                    wire.say(self._connection, said)

    def _bury(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while self._woken.recv(4096):
                pass
        for pid in list(self._running):
            found, status, usage = os.wait4(pid, os.WNOHANG)
            if found:
                _kill_group(pid)
                self._ended(self._running.pop(pid), os.waitstatus_to_exitcode(status), peak_of(usage))

    def _ended(self, running: Running, code: int, peak: int) -> None:
        if running.unwanted:
            wire.say(self._connection, wire.Said("stopped", running.job))
        elif code == 0 and (running.folder / ATTEMPT).exists():
            wire.say(self._connection, wire.Said("ended", running.job))
        elif running.giving_up:
            told = last_words(running.folder) or _how(code)
            wire.say(self._connection, wire.Said("ended", running.job, text=told))
        else:
            reason = self._cause(running, code, peak)
            lasted = time.monotonic() - running.began
            self._give_up(running.job, running.entry, running.folder, reason, lasted)

    def _cause(self, running: Running, code: int, peak: int) -> Reason:
        if running.out_of_time or code == -signal.SIGXCPU:
            return too_long(self._options)
        if code == NO_MEMORY or (code < 0 and peak >= NEARLY * self._options.limits.memory_bytes):
            return too_large(self._options)
        return Reason("worker-crashed", {"how": _how(code)})

    def _give_up(self, job: int, entry: Entry, folder: Path, reason: Reason, lasted: float) -> None:
        log = folder / LOG
        words = log.read_bytes()[-64 * 1024 :] if log.exists() else b""
        clear(folder)
        if words and reason.id == "worker-crashed":
            (folder / LOG).write_bytes(words)
        problem = Problem(reason, words.decode("utf-8", "replace") or None)
        self._fork(
            job,
            entry,
            folder,
            lambda: grade_problem(entry, self._options, folder, problem, lasted),
            giving_up=True,
        )

    def _patience(self) -> float | None:
        moments = [one.kill_at if one.out_of_time else one.stop_at for one in self._running.values()]
        return max(0.0, min(moments) - time.monotonic()) if moments else None

    def _keep_time(self) -> None:
        now = time.monotonic()
        for running in self._running.values():
            if not running.out_of_time and now >= running.stop_at:
                running.out_of_time = True
                with contextlib.suppress(ProcessLookupError):
                    os.kill(running.pid, signal.SIGTERM)
            elif running.out_of_time and now >= running.kill_at:
                _kill(running.pid)
                running.kill_at = now + self._options.limits.last_words_s


def _kill(pid: int) -> None:
    """End a worker and all that it has started."""
    _kill_group(pid)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _kill_group(pid: int) -> None:
    """End what a worker has started: its number is theirs as long as one of them is left."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _how(code: int) -> str:
    """An exit code as people know it."""
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"


def main(number: int) -> None:
    """Serve on an inherited socket."""
    connection = Connection(number)
    os.setsid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    options: WorkOptions = connection.recv()
    try:
        preload(options)
    except UsageFault as fault:
        wire.say(connection, wire.Said("fault", text=str(fault)))
        return
    gc.collect()
    gc.freeze()
    Server(connection, options).run()


if __name__ == "__main__":
    main(int(sys.argv[1]))

"""Hand-ins graded in processes of their own, from any thread of the batch.

One preloaded server (see `server`) forks them. It sees nothing of the folder the batch was
started in and little of its environment. Where it dies, a new one takes over.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import IO, Final, TypeAlias

from pytest_k8sgrade.batch.entry import Entry
from pytest_k8sgrade.batch.options import WorkOptions
from pytest_k8sgrade.batch.workers import wire
from pytest_k8sgrade.batch.workers.clearing import clear
from pytest_k8sgrade.errors import UsageFault

Awaiting: TypeAlias = Callable[[wire.Said], None]
"""Hears what a hand-in awaits; called on the thread that grades it."""

TRIES: Final = 2
"""Servers that may die under a hand-in until it is said to be the cause."""

_DROPPED = (
    "PYTEST_",
    "PY_COLORS",
    "PYTHONBREAKPOINT",
    "PYTHONINSPECT",
    "PYTHONSTARTUP",
    "PYTHONWARNINGS",
    "K8S",
    "KUBE",
    "HELM_",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "SSL_CERT_",
    "SSLKEYLOGFILE",
    "PROMETHEUS_",
)


class StoppedError(Exception):
    """The hand-in was given up because the batch ends."""


class NotWrittenError(UsageFault):
    """The results cannot be written, or not even a fault could be: no hand-in's doing."""


class Isolated:
    """Grades hand-ins, several at a time; `grade` may be called from many threads.

    A context manager, which starts the server.
    """

    def __init__(self, options: WorkOptions) -> None:
        self._options = options
        self._lock = threading.Lock()
        self._jobs = itertools.count(1)
        self._server: _Server | None = None
        self._doing: dict[Path, int] = {}
        self._closed = False

    def __enter__(self) -> Isolated:
        self._current()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def grade(self, entry: Entry, folder: Path, awaiting: Awaiting = lambda said: None) -> None:
        """Grade a hand-in into an existing empty folder, which holds all its files afterwards.

        A crash or a limit is one of the things that may be in them. Raises `StoppedError` after
        `close`, and `NotWrittenError` when the folder is not whole.
        """
        place = folder.absolute()
        try:
            self._grade(entry, place, awaiting)
        finally:
            with self._lock:
                self._doing.pop(place, None)

    def stop(self, folder: Path) -> None:
        """End the work on the hand-in that is graded into this folder; its `grade` raises `StoppedError`."""
        with self._lock:
            job, server = self._doing.get(folder.absolute(), 0), self._server
        if job and server is not None:
            server.send(wire.Stop(job))

    def close(self) -> None:
        """End the server and all its workers; calls of `grade` that wait raise `StoppedError`."""
        with self._lock:
            self._closed = True
            server, self._server = self._server, None
        if server is not None:
            server.close()

    def _grade(self, entry: Entry, place: Path, awaiting: Awaiting) -> None:
        for _ in range(TRIES):
            if self._do(wire.Grade(next(self._jobs), entry, place), awaiting):
                return
            self._current()  # its start outlasts the end of the last one's workers
            clear(place)
        if not self._do(wire.GiveUp(next(self._jobs), entry, place, "SIGKILL"), awaiting):
            raise NotWrittenError("the server of workers ends again and again; look at the machine's memory")

    def _do(self, order: wire.Grade | wire.GiveUp, awaiting: Awaiting) -> bool:
        """Have it done; False when the server died over it."""
        server = self._current()
        with self._lock:
            self._doing[order.folder] = order.job
        answers = server.ask(order)
        while (said := answers.get()) is not None:
            if said.kind == "awaits":
                awaiting(said)
            elif said.kind == "stopped":
                raise StoppedError
            elif said.text:
                raise NotWrittenError(
                    f"the results of {order.entry.student.id!r} cannot be written: {said.text}; "
                    "what is finished is kept, and --resume goes on once they can"
                )
            else:
                return True
        if self._closed:
            raise StoppedError
        return False

    def _current(self) -> _Server:
        with self._lock:
            if self._closed:
                raise StoppedError
            if self._server is None or self._server.gone:
                if self._server is not None:
                    self._server.close()
                self._server = _Server(self._options)
            return self._server


class _Server:
    """A running server process, and who waits for which of its answers."""

    def __init__(self, options: WorkOptions) -> None:
        self.gone = False
        self._lock = threading.Lock()
        self._sending = threading.Lock()
        self._waiting: dict[int, SimpleQueue[wire.Said | None]] = {}
        self._listener = threading.Thread(target=self._listen, name="k8sgrade-workers", daemon=True)
        self._folder = tempfile.TemporaryDirectory(prefix="k8sgrade-")
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `close`
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = _start(theirs, Path(self._folder.name), self._errors)
        self._connection = Connection(ours.detach())
        try:
            self._connection.send(options)
            first = wire.heard(self._connection.recv_bytes())
        except (EOFError, OSError):
            first = wire.Said("fault", text=self._last_words())
        if first.kind == "fault":
            self.close()
            raise UsageFault(first.text)
        self._listener.start()

    def ask(self, order: wire.Grade | wire.GiveUp) -> SimpleQueue[wire.Said | None]:
        """Give an order; what the server says about the job comes out of the queue, None when it is gone."""
        answers: SimpleQueue[wire.Said | None] = SimpleQueue()
        with self._lock:
            if self.gone:
                answers.put(None)
                return answers
            self._waiting[order.job] = answers
        self.send(order)
        return answers

    def send(self, order: wire.Order) -> None:
        """Send an order; a server that is gone is heard of by the thread that listens."""
        with self._sending, contextlib.suppress(OSError):
            self._connection.send(order)

    def close(self) -> None:
        """End the process, its workers with it, and wait for that."""
        with socket.socket(fileno=os.dup(self._connection.fileno())) as ours, contextlib.suppress(OSError):
            ours.shutdown(socket.SHUT_RDWR)
        self._process.wait()
        if self._listener.ident is not None:
            self._listener.join()
        self._connection.close()
        self._folder.cleanup()
        self._errors.close()

    def _listen(self) -> None:
        with contextlib.suppress(EOFError, OSError):
            while True:
                said = wire.heard(self._connection.recv_bytes())
                with self._lock:
                    answers = self._waiting.get(said.job)
                    if said.kind in ("ended", "stopped"):
                        self._waiting.pop(said.job, None)
                if answers is not None:
                    answers.put(said)
        with self._lock:
            self.gone = True
            for answers in self._waiting.values():
                answers.put(None)

    def _last_words(self) -> str:
        self._process.wait()
        self._errors.seek(0)
        return "the server of workers did not start: " + self._errors.read()[-2000:].decode(
            "utf-8", "replace"
        )


def _start(theirs: socket.socket, folder: Path, errors: IO[bytes]) -> subprocess.Popen[bytes]:
    number = theirs.fileno()
    return subprocess.Popen(  # noqa: S603 - this Python and a module of ours
        [sys.executable, "-P", "-m", "pytest_k8sgrade.batch.workers.server", str(number)],
        pass_fds=[number],
        stdin=subprocess.DEVNULL,
        stdout=errors,
        stderr=errors,
        cwd=folder,
        env=clean_environment(os.environ),
    )


def clean_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Without what would change pytest, Python, the way to a cluster or what is trusted there."""
    return {
        name: value
        for name, value in environment.items()
        if not name.upper().startswith(_DROPPED) and not name.upper().endswith("_PROXY")
    }

"""The process of one hand-in: forked, confined, gone.

It has a session of its own, an empty working folder, no terminal and no way to the batch
but files in its folder and datagrams about what it awaits.
"""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import os
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

from pytest_k8sgrade.batch.workers import interrupt
from pytest_k8sgrade.batch.workers.limits import Limits, confine
from pytest_k8sgrade.batch.workers.wire import SHOWN_NAMES, Said

if TYPE_CHECKING:
    from pytest_k8sgrade.run.entry import Entry

LOG: Final = "worker.log"
"""The last words of a worker that crashed, beside the reports."""

NO_MEMORY: Final = 71
"""The exit code of a worker whose memory was not enough for anything more."""

_TEMPORARY = ".temporary"
"""Where libraries put certificates and keys that they want to have in files."""

_TELL_EVERY_S = 0.2
_DIE_WITH_PARENT = 1


class Telling:
    """Tells the batch what a hand-in awaits, as far as anybody listens."""

    def __init__(self, channel: socket.socket, job: int) -> None:
        self._channel = channel
        self._job = job
        self._told_at = 0.0

    def round(self, entries: Sequence[Entry], elapsed: float) -> None:
        """Tell the state of the run."""
        now = time.monotonic()
        if now - self._told_at < _TELL_EVERY_S:
            return
        self._told_at = now
        waiting = [entry.id for entry in entries if not entry.settled]
        self._tell(
            Said(
                "awaits",
                self._job,
                settled=len(entries) - len(waiting),
                total=len(entries),
                names=tuple(waiting[:SHOWN_NAMES]),
            )
        )

    def say(self, line: str) -> None:
        """Lines that stay are for a person at the keyboard; nobody is."""

    def _tell(self, said: Said) -> None:
        with contextlib.suppress(OSError):  # nobody reads fast enough, or nobody is left
            self._channel.send(said.told(), socket.MSG_DONTWAIT)


def work(
    task: Callable[[], None], folder: Path, limits: Limits, parent: int, *, keep_log: bool = False
) -> NoReturn:
    """Do the task as a process that was just forked for it, and end.

    What it writes to its terminal is thrown away when all went well, unless it is to be kept.
    """
    code = 1
    try:
        _settle_in(folder, limits, parent)
        task()
        code = 0
        if not keep_log or not (folder / LOG).stat().st_size:
            (folder / LOG).unlink()
        shutil.rmtree(folder / _TEMPORARY)
    except MemoryError:
        code = NO_MEMORY
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            sys.stderr.flush()
        os._exit(code)


def _settle_in(folder: Path, limits: Limits, parent: int) -> None:
    os.setsid()
    _die_with(parent)
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    interrupt.listen()
    nothing = os.open(os.devnull, os.O_RDONLY)
    log = os.open(folder / LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for number, file in enumerate((nothing, log, log)):
        os.dup2(file, number)
    os.close(nothing)
    os.close(log)
    faulthandler.enable(file=2)
    temporary = folder / _TEMPORARY
    temporary.mkdir(mode=0o700)
    tempfile.tempdir = os.environ["TMPDIR"] = str(temporary)
    confine(limits)


def _die_with(parent: int) -> None:
    """End when the parent does, however it ends: also while this process is deep in a library."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL, 0, 0, 0)
    else:
        threading.Thread(target=_watch, args=(parent,), daemon=True).start()
    if os.getppid() != parent:
        os._exit(1)


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGKILL)


def last_words(folder: Path) -> str:
    """The last line that a worker wrote, for whoever repairs it."""
    with contextlib.suppress(OSError):
        lines = (folder / LOG).read_bytes()[-4000:].decode("utf-8", "replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "")
    return ""


def emptied(limits: Limits) -> Limits:
    """Limits for writing down that nothing could be graded."""
    return replace(limits, time_s=60.0, memory_bytes=max(limits.memory_bytes, Limits().memory_bytes))

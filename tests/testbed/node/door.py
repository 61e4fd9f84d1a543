"""The way into a bed: processes and sockets made from a thread that lives in its namespaces.

A thread may join network, process and (once it no longer shares its working directory) mount
namespaces on its own.  Programs started from it are born inside the bed and are yet children of
this process: exit codes, signals, time limits and Ctrl-C work as for any other child, which
`nsenter` cannot offer.  Sockets stay in the network they were made in, whoever uses them later.
"""

from __future__ import annotations

import ctypes
import os
import socket
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

CLONE_FS = 0x200
NAMESPACES = ("net", "pid", "mnt")  # the mount namespace last: it hides our /proc

T = TypeVar("T")


class Door:
    """Makes processes and sockets inside the namespaces of one process."""

    def __init__(self, pid: int) -> None:
        self._handles = [os.open(f"/proc/{pid}/ns/{name}", os.O_RDONLY) for name in NAMESPACES]
        self._thread = ThreadPoolExecutor(1, "bed")
        self._entered = False

    def _enter(self) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        calls: list[Callable[[], int]] = [lambda: libc.unshare(CLONE_FS)]
        calls += [lambda handle=handle: libc.setns(handle, 0) for handle in self._handles]  # type: ignore[misc]
        for call in calls:
            if call():
                number = ctypes.get_errno()
                raise OSError(number, f"cannot enter the bed's namespaces: {os.strerror(number)}")

    def inside(self, make: Callable[[], T]) -> T:
        """Call `make`, which must be short, inside the bed."""

        def call() -> T:
            if not self._entered:
                self._enter()
                self._entered = True
            return make()

        return self._thread.submit(call).result()

    def popen(self, argv: list[str], **options: Any) -> subprocess.Popen[Any]:
        """Start a program inside, in the present working directory unless told otherwise."""
        options.setdefault("cwd", Path.cwd())
        return self.inside(lambda: subprocess.Popen(argv, **options))

    def connect(self, host: str, port: int, timeout: float | None = None) -> socket.socket:
        """A TCP connection (IPv4) made in the bed's network."""
        made = self.inside(lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM))
        made.settimeout(timeout)
        try:
            made.connect((host, port))  # not inside: it may take its time
        except BaseException:
            made.close()
            raise
        return made

    def close(self) -> None:
        """Let go of the namespaces, which would otherwise outlive the bed."""
        self._thread.shutdown()
        for handle in self._handles:
            os.close(handle)
        self._handles = []

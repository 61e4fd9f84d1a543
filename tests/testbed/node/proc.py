"""Who a process is, so that only the right one is ever signalled.

A process id is used again by the kernel sooner or later; together with the start time (and the
boot) it is not.  Everything of the testbed that outlives one command - state files, the watcher -
names processes by `Identity` and signals them through a pidfd, never by name.
"""

from __future__ import annotations

import os
import select
import signal
from dataclasses import dataclass
from pathlib import Path

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def _stat(pid: int) -> list[str] | None:
    """The fields of /proc/PID/stat after the program's name, or None without such a process."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    return text.rpartition(")")[2].split()


@dataclass(frozen=True)
class Identity:
    """A process: its id, when it started (clock ticks since boot), and the boot."""

    pid: int
    started: int
    boot: str

    @classmethod
    def of(cls, pid: int) -> Identity | None:
        """The identity of a running process; None if there is none."""
        fields = _stat(pid)
        if fields is None:
            return None
        return cls(pid, int(fields[19]), BOOT_ID.read_text(encoding="ascii").strip())

    def alive(self) -> bool:
        """Whether this very process still runs; one that only waits to be reaped does not."""
        fields = _stat(self.pid)
        return fields is not None and fields[0] not in "ZX" and Identity.of(self.pid) == self

    def pidfd(self) -> int | None:
        """A handle on this very process, or None if it has ended."""
        try:
            handle = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return None
        if self.alive():
            return handle
        os.close(handle)
        return None

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        """Signal this very process; one that has ended is left in peace."""
        handle = self.pidfd()
        if handle is None:
            return
        try:
            signal.pidfd_send_signal(handle, number)
        except ProcessLookupError:
            pass
        finally:
            os.close(handle)

    def wait(self, timeout: float) -> bool:
        """Wait until the process has ended; False if it still runs after `timeout` seconds."""
        handle = self.pidfd()
        if handle is None:
            return True
        try:
            return bool(select.select([handle], [], [], timeout)[0])
        finally:
            os.close(handle)


def only_child(pid: int) -> int | None:
    """The id of the first child of a process, found by its parent's id."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            fields = _stat(int(entry.name))
            if fields is not None and fields[1] == str(pid):
                return int(entry.name)
    return None

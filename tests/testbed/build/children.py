"""The programs that a build has running, so that an interrupted build ends them at once.

Each runs in a session of its own: a compiler has children too, and they end together.
The build's worker threads start programs here; the main thread calls ``stop`` when it
is interrupted.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.testbed.errors import BuildError, CommandFailed


class Children:
    """Starts programs and can end all that still run; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[str]] = set()
        self._stopped = False

    @contextmanager
    def started(
        self, command: Sequence[str], folder: Path | None = None, environment: Mapping[str, str] | None = None
    ) -> Iterator[subprocess.Popen[str]]:
        """Run a program whose output, both kinds together, is read from ``stdout``."""
        with self._lock:
            if self._stopped:
                raise BuildError("The build was interrupted.")
            process = subprocess.Popen(
                command,
                cwd=folder,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )
            self._running.add(process)
        _yield_to_others(process.pid)
        try:
            with process:
                yield process
        finally:
            with self._lock:
                self._running.discard(process)

    def run(self, command: Sequence[str], what: str) -> None:
        """Run a program to its end; raise CommandFailed with its output if it fails."""
        with self.started(command) as process:
            output, _ = process.communicate()
        if process.returncode:
            raise CommandFailed(what, process.returncode, output)

    def stop(self) -> None:
        """End everything that runs, and refuse to start more."""
        with self._lock:
            self._stopped = True
            for process in self._running:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)


def _yield_to_others(pid: int) -> None:
    """Let beds that run beside the build go first.

    Where the kernel shares the processor out by session, niceness counts only within one.
    """
    with suppress(OSError):
        Path(f"/proc/{pid}/autogroup").write_text("10", encoding="ascii")

"""The first process of a bed: hides the machine, makes the network, keeps the cluster's programs.

Runs as process 1 of the bed's namespaces under `unshare --kill-child`; when it ends, the kernel
ends everything in the bed.  It ends by itself when its owner - the command or the pytest process
that is starting or using the bed - is gone, unless it was told to stay (`detach`).  Programs are
started, signalled and listed through a socket in the bed's folder, one JSON message each way.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import selectors
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import mounts, network

SOCKET = "control"
LARGEST = 1 << 17


@dataclass
class Program:
    """A program of the cluster and how it is."""

    argv: list[str]
    env: dict[str, str]
    process: subprocess.Popen[bytes]
    since: float
    code: int | None = None
    paused: bool = False

    def report(self) -> dict[str, Any]:
        """What `status` tells of it."""
        return {"pid": self.process.pid, "code": self.code, "paused": self.paused, "since": self.since}


class Init:
    """Answers requests and reaps processes until the owner is gone."""

    def __init__(self, folder: Path, owner: int | None) -> None:
        self.folder = folder
        self.owner = owner
        self.programs: dict[str, Program] = {}
        self.events = selectors.DefaultSelector()

    def serve(self) -> None:
        """The loop; returns when the bed is to end."""
        wake, woken = socket.socketpair()
        for end in (wake, woken):
            end.setblocking(False)
        signal.set_wakeup_fd(woken.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        os.chdir(self.folder)
        requests = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        requests.bind(SOCKET + ".new")
        requests.listen(16)
        Path(SOCKET + ".new").rename(SOCKET)
        self.events.register(wake, selectors.EVENT_READ, "signal")
        self.events.register(requests, selectors.EVENT_READ, "request")
        if self.owner is not None:
            self.events.register(self.owner, selectors.EVENT_READ, "owner")
        while True:
            for key, _ in self.events.select():
                if key.data == "owner":
                    return
                if key.data == "request":
                    self._answer(requests.accept()[0])
                else:
                    wake.recv(4096)
            self._reap()

    def _reap(self) -> None:
        with contextlib.suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                pid, status = ended
                for program in self.programs.values():
                    if program.process.pid == pid and program.code is None:
                        program.code = program.process.returncode = os.waitstatus_to_exitcode(status)

    def _answer(self, peer: socket.socket) -> None:
        with peer, contextlib.suppress(OSError):
            peer.settimeout(5)
            try:
                request = json.loads(peer.recv(LARGEST))
                answer = getattr(self, "on_" + request.pop("do"))(**request) or {}
            except (AttributeError, KeyError, TypeError, ValueError, OSError) as error:
                answer = {"error": f"{type(error).__name__}: {error}"}
            peer.send(json.dumps(answer).encode())

    def on_start(self, name: str, argv: list[str] | None = None, env: dict[str, str] | None = None) -> None:
        """Start a program, or one that has ended again with what it was started with."""
        old = self.programs.get(name)
        if old is not None and old.code is None:
            raise ValueError(f"{name} runs already")
        if argv is None or env is None:
            if old is None:
                raise ValueError(f"{name} was never started; there are: {', '.join(self.programs)}")
            argv, env = old.argv, old.env
        with Path("log", f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                argv,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.programs[name] = Program(argv, env, process, time.time())

    def on_signal(self, name: str, number: int) -> None:
        """Signal a program; one that has ended is left in peace."""
        program = self.programs[name]
        if program.code is None:
            os.kill(program.process.pid, number)
            if number in (signal.SIGSTOP, signal.SIGCONT):
                program.paused = number == signal.SIGSTOP

    def on_status(self) -> dict[str, Any]:
        """Every program and how it is."""
        return {name: program.report() for name, program in self.programs.items()}

    def on_detach(self) -> None:
        """Stay when the owner ends."""
        if self.owner is not None:
            self.events.unregister(self.owner)
            os.close(self.owner)
            self.owner = None


def main() -> None:
    """Set the bed up and serve it; the arguments are the folder and the owner's pidfd."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--owner", type=int)
    options = parser.parse_args()
    mounts.hide()
    network.make()
    Init(options.folder, options.owner).serve()


if __name__ == "__main__":
    main()

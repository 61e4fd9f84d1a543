"""Asks the first process of a bed: start, signal and list the cluster's programs."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from pathlib import Path
from typing import Any

from .init import LARGEST, SOCKET
from .state import BedError

PATIENCE = 10.0  # for a program to end that can no longer refuse


class Control:
    """The programs of one bed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def ask(self, do: str, **request: Any) -> dict[str, Any]:
        """One question, one answer."""
        # a path may be longer than a socket's address: go through a handle on the folder
        handle = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as peer:
                peer.settimeout(10)
                peer.connect(f"/proc/self/fd/{handle}/{SOCKET}")
                peer.send(json.dumps({"do": do, **request}).encode())
                answer: dict[str, Any] = json.loads(peer.recv(LARGEST))
        except (OSError, ValueError) as error:
            raise BedError(f"the bed in {self.folder} does not answer: {error}") from error
        finally:
            os.close(handle)
        if "error" in answer:
            raise BedError(f"the bed in {self.folder} refused {do!r}: {answer['error']}")
        return answer

    def start(self, name: str, argv: list[str] | None = None, env: dict[str, str] | None = None) -> None:
        """Start a program; without `argv` as it was started before."""
        self.ask("start", name=name, argv=argv, env=env)

    def signal(self, name: str, number: signal.Signals) -> None:
        """Signal a program."""
        self.ask("signal", name=name, number=int(number))

    def stop(self, name: str, grace: float) -> None:
        """End a program and wait until it has ended; hard after `grace` seconds."""
        for number, patience in ((signal.SIGTERM, grace), (signal.SIGKILL, PATIENCE)):
            self.signal(name, number)
            deadline = time.monotonic() + patience
            while time.monotonic() < deadline:
                if self.status()[name]["code"] is not None:
                    return
                time.sleep(0.02)
        raise BedError(f"{name} could not be stopped")

    def status(self) -> dict[str, Any]:
        """Every program: pid inside the bed, exit code, whether it is paused, since when."""
        return self.ask("status")

    def ended(self) -> dict[str, int]:
        """The programs that have ended, with their exit codes."""
        return {name: one["code"] for name, one in self.status().items() if one["code"] is not None}

    def log(self, name: str, lines: int = 12) -> str:
        """The last lines a program wrote."""
        try:
            text = (self.folder / "log" / f"{name}.log").read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return ""
        return "\n".join(text.splitlines()[-lines:])

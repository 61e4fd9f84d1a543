"""A small process that takes back what an active check did, when our own process cannot.

`Guard` is our side: it tells the process, before each act, how to undo it, and afterwards
what has been undone. The process reads this from a pipe. When the pipe ends and something
is still to be undone, we were killed: it does it then, and ends. It lives in a session of its
own, so that what ends us at a terminal does not end it, and it has its credentials before
the first act, since a kubeconfig may be gone by the time it is needed.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import IO, Any, Final, TypeAlias

from pytest_k8sgrade.cluster.acting_rules import Act
from pytest_k8sgrade.outcome import CannotTell, cannot_tell

READY: Final = "ready"
_START_S: Final = 30.0
_END_S: Final = 5.0
_AGAIN_S: Final = 3.0
"""An act that was on its way when we were killed may come after it has been undone for the first time."""
_LOOKS: Final = 1
"""How often it may be missing before it is believed to be gone: once."""
_PATIENCE_S: Final = 120.0

TakeBack: TypeAlias = Callable[[Act], bool]
"""Undoes an act; False when there was nothing to undo, CannotTell when it failed."""


class Guard:
    """The guard of one run, as our process sees it."""

    def __init__(self, kubeconfig: str | Path | None, context: str | None) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - this very module
            [sys.executable, "-P", "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        self._numbers = 0
        self._tell(
            {"kubeconfig": str(Path(kubeconfig).absolute()) if kubeconfig else None, "context": context}
        )
        if not self._is_ready():
            self._process.kill()
            self.close()
            cannot_tell("act-unguarded")

    def _is_ready(self) -> bool:
        said: list[str] = []
        output = self._process.stdout
        assert output is not None
        reading = threading.Thread(target=lambda: said.append(output.readline()), daemon=True)
        reading.start()
        reading.join(_START_S)
        return bool(said) and said[0].strip() == READY

    def promise(self, undo: Act) -> int:
        """Tell how to undo what is about to be done; the number is for `kept`."""
        self._numbers += 1
        if not self._tell({"promise": self._numbers, "undo": undo.told()}):
            cannot_tell("act-unguarded")
        return self._numbers

    def kept(self, number: int) -> None:
        """Tell that it has been undone, or was never done."""
        self._tell({"kept": number})

    def _tell(self, message: dict[str, Any]) -> bool:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(message) + "\n")
            self._process.stdin.flush()
        except OSError:
            return False
        return True

    def close(self) -> None:
        """Let the guard go; what is still to be undone it does on its own, also after our end."""
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            try:
                pipe.close()
            except OSError:
                continue
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.returncode = 0  # it goes on without us: no warning about a child that still runs


def outstanding(lines: Iterable[str]) -> list[Act]:
    """What was promised and not kept, the last first; a line that was cut off says nothing."""
    promised: dict[int, Act] = {}
    for line in lines:
        try:
            message = json.loads(line)
        except ValueError:
            continue
        if "promise" in message:
            promised[message["promise"]] = Act(**message["undo"])
        elif "kept" in message:
            promised.pop(message["kept"], None)
    return [*reversed(promised.values())]


def main(messages: IO[str]) -> None:
    """The guard's own process."""
    from pytest_k8sgrade.cluster.acting_sending import ActingTransport  # noqa: PLC0415 - only in the process
    from pytest_k8sgrade.cluster.connection import connect  # noqa: PLC0415
    from pytest_k8sgrade.cluster.kubeconfig import choose  # noqa: PLC0415

    wanted = json.loads(messages.readline())
    transport = ActingTransport(*connect(choose(wanted["kubeconfig"], wanted["context"])))
    print(READY, flush=True)
    left = outstanding(messages)
    if left:
        undo(transport.take_back, left)


def undo(take_back: TakeBack, acts: Sequence[Act], sleep: Callable[[float], None] = time.sleep) -> None:
    """Take everything back, and once more what was not there at first; errors are met with patience."""
    ends = time.monotonic() + _PATIENCE_S
    left = [(act, 0) for act in acts]
    while left and time.monotonic() < ends:
        left = [
            (act, misses) for act, before in left if 0 < (misses := _tried(take_back, act, before)) <= _LOOKS
        ]
        if left:
            sleep(_AGAIN_S)


def _tried(take_back: TakeBack, act: Act, misses: int) -> int:
    """How often it was not there, beginning with 1, and 0 when it was."""
    try:
        return 0 if take_back(act) else misses + 1
    except CannotTell:
        return max(misses, 1)


if __name__ == "__main__":
    main(sys.stdin)

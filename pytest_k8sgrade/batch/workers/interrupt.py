"""The time is up: a signal ends what is being graded, and nothing else.

Outside of `interruptible` the signal is noted and does not break anything off, so that
files are written whole.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class _State:
    armed = False
    pending = False


def listen() -> None:
    """Take SIGTERM for the end of the time from now on."""
    signal.signal(signal.SIGTERM, _on_signal)


@contextmanager
def interruptible() -> Iterator[None]:
    """Raise `KeyboardInterrupt` in here when the time is up, once."""
    if _State.pending:
        raise KeyboardInterrupt
    _State.armed = True
    try:
        yield
    finally:
        _State.armed = False


def _on_signal(number: int, frame: FrameType | None) -> None:
    _State.pending = True
    if _State.armed:
        _State.armed = False
        raise KeyboardInterrupt

"""Ends beds: one kill for the whole of it, then the folders that no namespace takes along."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

from .state import BedError, Place, clean, holding, load, places

PATIENCE = 60.0  # a bed's hundred processes end together: a second, or half a minute where the load is 50


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """Let nobody's second Ctrl-C cut a clean-up in half; it takes a second and every wait has an end."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals are none of this thread's business
        return
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def end(place: Place) -> bool:
    """End a bed, running or half dead; False if there was none."""
    with uninterrupted():
        return _end(place)


def _end(place: Place) -> bool:
    state = load(place)
    if state is not None:
        for process in (state.init, state.supervisor):
            if process is not None:
                process.kill()
        for process in (state.init, state.supervisor):
            if process is not None and not process.wait(PATIENCE):
                raise BedError(f"bed {place.name!r}: process {process.pid} does not end")
    with holding(place, timeout=PATIENCE) as mine:
        if not mine:
            raise BedError(f"bed {place.name!r} is being started or ended by another command")
        there = place.folder.exists()
        clean(place)
    return there or state is not None


def end_all(runs: Path) -> list[str]:
    """End every bed of this cache; their names."""
    return [place.name for place in places(runs) if end(place)]

"""How much one hand-in may cost, and telling the operating system so.

What a limit ends is ungraded with the limit as its reason; it never costs a student points.
"""

from __future__ import annotations

import contextlib
import resource
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

MEBIBYTE: Final = 1024 * 1024
SLACK_S: Final = 60.0
"""Seconds beside a rubric's own waiting that a hand-in may take when nobody says how long."""
_FIRST_TO_END = Path("/proc/self/oom_score_adj")
"""Where Linux is told whom to end when the machine's memory is used up: a worker, not the batch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Limits of one worker: seconds of time, bytes of memory and of a written file, open files.

    `last_words_s` are the seconds for writing down what is known after the time is up.
    """

    time_s: float = 15 * 60.0
    last_words_s: float = 10.0
    memory_bytes: int = 1024 * MEBIBYTE
    file_bytes: int = 256 * MEBIBYTE
    open_files: int = 256


def confine(limits: Limits) -> None:
    """Hold this process to the limits for the rest of its life.

    Seconds of processor time are those of the clock and the last words: more than that is
    asked by nobody who is still being waited for.
    """
    processor = int(limits.time_s + 2 * limits.last_words_s) + 1
    _lower(resource.RLIMIT_DATA, limits.memory_bytes)
    _lower(resource.RLIMIT_CPU, processor)
    _lower(resource.RLIMIT_NOFILE, limits.open_files)
    _lower(resource.RLIMIT_FSIZE, limits.file_bytes)
    _lower(resource.RLIMIT_CORE, 0)
    with contextlib.suppress(OSError):
        _FIRST_TO_END.write_text("500", encoding="ascii")


def peak_bytes() -> int:
    """The memory of this process at its highest, shared pages included."""
    return peak_of(resource.getrusage(resource.RUSAGE_SELF))


def peak_of(usage: resource.struct_rusage) -> int:
    """Bytes of what the system tells in its own unit."""
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _lower(kind: int, value: int) -> None:
    """Set a limit, unless a lower one is set already."""
    _, most = resource.getrlimit(kind)
    allowed = value if most == resource.RLIM_INFINITY else min(value, most)
    resource.setrlimit(kind, (allowed, allowed))

"""Reading a file that somebody handed in, and nothing else that lies in its place.

No link is followed, for it may lead out of the hand-ins, and no pipe is waited for.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from pathlib import Path

from pytest_k8sgrade.errors import UsageFault


def read_handed_in(path: Path, most: int) -> bytes:
    """The bytes of a file; raises `UsageFault` for what is none, cannot be read, or has more than `most`."""
    try:
        with open(path, "rb", opener=_as_it_is) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise UsageFault(f"{path.name!r} is no file; hand in the file itself")
            content = file.read(most + 1)
    except OSError as error:
        told = "it is a link to another place" if error.errno == errno.ELOOP else error.strerror
        raise UsageFault(f"{path.name!r} cannot be read ({told}); check what the roster names") from error
    if len(content) > most:
        raise UsageFault(f"{path.name!r} is larger than {most} bytes; hand in what was recorded or written")
    return content


def digest_of(content: bytes) -> str:
    """By which the same bytes are known again."""
    return "sha256:" + hashlib.sha256(content).hexdigest()


def _as_it_is(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY)

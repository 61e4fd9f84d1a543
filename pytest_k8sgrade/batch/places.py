"""Where a hand-in's files are, relative to the folder of results.

A student's id comes out of a roster and may be anything: its folder's name is spelled so
that it is one folder on every file system, and that two ids never share it.
"""

from __future__ import annotations

import hashlib
from pathlib import PurePosixPath
from string import ascii_letters, digits
from typing import Final

from pytest_k8sgrade.batch.entry import Entry

STUDENTS: Final = "students"
_PLAIN = frozenset(ascii_letters + digits + "-_")
_LONGEST = 80
_DEVICES = frozenset(
    {"aux", "con", "nul", "prn", *(f"{name}{n}" for name in ("com", "lpt") for n in range(10))}
)


def place_of(entry: Entry) -> PurePosixPath:
    """`students/<student>/<number of the attempt>`."""
    return PurePosixPath(STUDENTS, folder_name(entry.student.id), str(entry.number))


def folder_name(student: str) -> str:
    """The id itself where it is plain; other characters as `%` and their bytes in hexadecimal.

    A dot is plain inside a name. Long ones are cut, and end in a digest of the whole.
    """
    name = "".join(_spelled(character) for character in student)
    if name.startswith("."):
        name = "%2e" + name[1:]
    if name.endswith("."):
        name = name[:-1] + "%2e"
    if name.partition(".")[0].lower() in _DEVICES:
        name = f"%{ord(name[0]):02x}{name[1:]}"
    if len(name) > _LONGEST:
        digest = hashlib.sha256(student.encode("utf-8", "surrogatepass")).hexdigest()[:16]
        name = f"{name[: _LONGEST - 17]}%{digest}"
    return name or "%"


def _spelled(character: str) -> str:
    if character in _PLAIN or character == ".":
        return character
    return "".join(f"%{byte:02x}" for byte in character.encode("utf-8", "surrogatepass"))

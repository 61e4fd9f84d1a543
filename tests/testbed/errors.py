"""What can go wrong in the build, as exceptions whose text says what to do next.

BuildError
├── NotBuilt      something asked for has not been built yet
├── NotPossible   this machine lacks something the testbed needs
└── CommandFailed a program that the build started has failed
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


class BuildError(Exception):
    """Base of all errors of the build."""


class NotBuilt(BuildError):
    """Something asked for has not been built; names it and the command that builds it."""

    def __init__(self, missing: Iterable[str], command: str) -> None:
        self.missing = tuple(sorted(missing))
        super().__init__(f"Not built yet: {', '.join(self.missing)}. Build it with: {command}")


class NotPossible(BuildError):
    """The machine lacks something that the testbed needs; says what and what helps."""


class CommandFailed(BuildError):
    """A program that the build started has failed; shows the end of what it said."""

    def __init__(self, what: str, status: int, output: str, log: Path | None = None) -> None:
        tail = "\n".join(output.strip().splitlines()[-20:])
        where = f" (all of it in {log})" if log else ""
        super().__init__(f"{what} failed with status {status}{where}:\n{tail}")

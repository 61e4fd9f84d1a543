"""Who watches a batch is told these things, by whatever engine grades it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from pytest_k8sgrade.batch.entry import Entry
from pytest_k8sgrade.gradebook.attempt import Attempt


class Watcher(Protocol):
    """Called from any thread, several at a time."""

    def started(self, entry: Entry) -> None:
        """A worker has the hand-in."""

    def awaits(self, entry: Entry, settled: int, total: int, names: Sequence[str]) -> None:
        """How far it is: settled items of all, and some that are awaited."""

    def finished(self, entry: Entry, attempt: Attempt) -> None:
        """It is graded and its folder is in place."""

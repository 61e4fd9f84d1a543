"""One line of a roster: whose hand-in, where it is, and what it is allowed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from pytest_k8sgrade.gradebook.attempt import Source, Student


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A hand-in: exactly one of `kubeconfig`, `kubeconfig_text`, `evidence` and `answers` is there.

    `number` counts a student's attempts from 1 in the order of the roster. `allow` are the names
    of what a kubeconfig may use beside what any may (see `cluster.policy`). `line` is where the
    roster says it.
    """

    student: Student
    number: int = 1
    kubeconfig: Path | None = None
    kubeconfig_text: str | None = field(default=None, repr=False)
    evidence: Path | None = None
    answers: Path | None = None
    context: str | None = None
    submitted: datetime | None = None
    deadline: datetime | None = None
    extended_to: datetime | None = None
    allow: frozenset[str] = frozenset()
    line: int = 0

    @property
    def source(self) -> Source:
        """What is handed in."""
        if self.evidence is not None:
            return "evidence"
        return "answers" if self.answers is not None else "cluster"

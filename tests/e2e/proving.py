"""One change at a time on a running lab: apply, grade live with recording, undo, and look that all is back.

The recorder of the bundled proofs and the recording session among the live tests call this. The
grader is the ordinary product, started in the bed as a student would start it.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pytest_k8sgrade.grade.model import Grade
from pytest_k8sgrade.prove.judge import missing
from tests.e2e.grader import LAB, grade
from tests.testbed.node import Bed
from tests.testbed.scenarios import Change

SINGLE_LOOK = "--k8s-grade-wait=0"
"""The change has been waited for already, so the grader need not wait for it to go away."""


@dataclass
class Recorded:
    """What came of one change: its grade, and seconds by step."""

    change: str
    grade: Grade
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def lost(self) -> dict[str, str]:
        """The items that are not passed, with their reasons."""
        return missing(self.grade)

    @property
    def ungraded(self) -> list[str]:
        """Those of them that nothing could be said about."""
        return [item.id for item in self.grade.items if item.verdict == "ungraded"]

    def told(self) -> str:
        """One line of times."""
        return ", ".join(f"{step} {seconds:.1f} s" for step, seconds in self.seconds.items())


class NotRestored(AssertionError):
    """A change was undone, but the cluster has not got its full marks back."""


def record(bed: Bed, change: Change, evidence: Path, *, lab: str = LAB, verified: bool = True) -> Recorded:
    """Record one change; `evidence` is written whatever is lost. Raises `NotRestored`.

    Not `verified`, nobody looks whether all points are back: the next change tells, when it
    loses exactly what it should.
    """
    seconds: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="k8sgrade-proof-") as folder:
        try:
            with timed(seconds, "apply"):
                change.apply(bed)
            with timed(seconds, "settle"):
                change.settle(bed)
            with timed(seconds, "grade"):
                run = grade(bed, Path(folder), f"--k8s-grade-record={evidence}", SINGLE_LOOK, lab=lab)
        finally:
            with timed(seconds, "undo"):
                change.undo(bed)
        if verified:
            with timed(seconds, "restored"):
                require_full(bed, Path(folder), change.name, lab=lab)
    return Recorded(change.name, run.graded, seconds)


def require_full(bed: Bed, folder: Path, after: str, *options: str, lab: str = LAB) -> Grade:
    """The grade of the reference, which has every point; waits as the product does."""
    run = grade(bed, folder, *options, lab=lab)
    if run.graded.score != run.graded.max_score or run.code != 0:
        raise NotRestored(f"after {after}: {run.graded.score} of {run.graded.max_score} points\n{run.output}")
    return run.graded


@contextmanager
def timed(
    seconds: dict[str, float], step: str, clock: Callable[[], float] = time.monotonic
) -> Iterator[None]:
    """Note how long a step takes."""
    began = clock()
    try:
        yield
    finally:
        seconds[step] = clock() - began

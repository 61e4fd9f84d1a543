"""Every fault on every kind of read: no verdict turns because of it, and the grade names it.

One process grades inside the bed per worker, looking once each time, through a proxy that
injects one fault into one kind of read. Each item must come out as without the fault, or
ungraded for the fault's own reason. What came out is kept in fault_outcomes.json for the
table in docs/faults.md; a grade that differs from it fails here. With K8SGRADE_WRITE_FAULTS
set the file is written anew.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest

from tests.e2e.doors import ROOT, Door, fault_door
from tests.e2e.fault_kinds import ACTS, READS
from tests.e2e.fault_table import FAULTS, OUTCOMES, outcomes
from tests.testbed.node import Bed

WORKERS = 4
SECONDS = 90.0
"""For one look at everything when all of it is disturbed: three waits of ten seconds, and a slow machine."""
MORE_MIB = 150
"""Memory that a fault may cost: one body up to the limit of 64 MiB, and its copy at the end."""
RUBRIC = ROOT / "tests" / "e2e" / "fault_rubric.yaml"

Item = tuple[str, str | None]


@dataclass(frozen=True)
class Look:
    """One grade: seconds, most memory in MiB, and for each item its verdict and reason."""

    seconds: float
    mib: int
    items: Mapping[str, Item]


class Grader:
    """A process inside the bed that grades as often as asked."""

    def __init__(self, bed: Bed) -> None:
        argv = [sys.executable, "-m", "tests.e2e.fault_runs"]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self._process: subprocess.Popen[str] = bed.popen(argv, cwd=ROOT, text=True, **pipes)

    def look(self, lab: str, kubeconfig: Path) -> Look:
        """One grade that looks once."""
        asked, told = self._process.stdin, self._process.stdout
        assert asked is not None
        assert told is not None
        asked.write(json.dumps({"lab": lab, "kubeconfig": str(kubeconfig)}) + "\n")
        asked.flush()
        found = json.loads(told.readline())
        items = {name: (verdict, reason) for name, (verdict, reason) in found["items"].items()}
        return Look(found["seconds"], found["mib"], items)

    def end(self) -> None:
        """End the process; what it still waits for is of no interest."""
        self._process.kill()
        self._process.communicate()


class Matrix:
    """What came out of each fault in each kind of read."""

    def __init__(self, bed: Bed, door: Door) -> None:
        self._door = door
        self._graders: SimpleQueue[Grader] = SimpleQueue()
        self._all = [Grader(bed) for _ in range(WORKERS)]
        for grader in self._all:
            self._graders.put(grader)
            grader.look(str(RUBRIC), door("delay", "nothing"))  # imports and caches are no fault's cost

    def look(self, fault: str, reads: str, lab: str = str(RUBRIC)) -> Look:
        """One grade with one fault, by whoever is free."""
        grader = self._graders.get()
        try:
            return grader.look(lab, self._door(fault, reads))
        finally:
            self._graders.put(grader)

    def looks(self, cells: Sequence[tuple[str, str]], lab: str = str(RUBRIC)) -> dict[tuple[str, str], Look]:
        """Several grades side by side: most of them only wait."""
        with ThreadPoolExecutor(WORKERS) as pool:
            found = pool.map(lambda cell: self.look(cell[0], cell[1], lab), cells)
            return dict(zip(cells, found, strict=True))

    def end(self) -> None:
        """End the processes."""
        for grader in self._all:
            grader.end()


@pytest.fixture(scope="module")
def matrix(lab1_bed: Bed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Matrix]:
    """A way to grade the reference cluster through each fault."""
    with fault_door(lab1_bed, tmp_path_factory.mktemp("door")) as door, _running(lab1_bed, door) as found:
        yield found


@contextmanager
def _running(bed: Bed, door: Door) -> Iterator[Matrix]:
    matrix = Matrix(bed, door)
    try:
        yield matrix
    finally:
        matrix.end()


@pytest.fixture(scope="module")
def undisturbed(matrix: Matrix) -> Look:
    """The small rubric through the proxy, without a fault."""
    return matrix.look("delay", "nothing")


@pytest.fixture(scope="module")
def looks(matrix: Matrix) -> dict[tuple[str, str], Look]:
    """Every fault in every kind of read, the long waits first."""
    cells = [(fault, reads) for fault in ACTS for reads in READS]
    slow = {"stall": 0, "drip": 0, "429": 0}
    return matrix.looks(sorted(cells, key=lambda cell: slow.get(cell[0], 1)))


def test_the_small_rubric_tells_right_from_wrong(undisturbed: Look) -> None:
    """Without a fault each kind of read has an item that is graded, and both verdicts occur."""
    assert {verdict for verdict, _ in undisturbed.items.values()} == {"passed", "failed"}
    for name, (verdict, _) in undisturbed.items.items():
        assert verdict == ("failed" if name.endswith("-fails") else "passed"), name


@pytest.mark.parametrize("fault", ACTS)
def test_no_verdict_turns(fault: str, looks: dict[tuple[str, str], Look], undisturbed: Look) -> None:
    """Whatever is disturbed, an item comes out as without the fault, or ungraded for the fault's reason."""
    for reads in READS:
        look = looks[fault, reads]
        assert _turned(look, undisturbed, fault) == {}, (fault, reads)
        assert look.seconds < SECONDS, (fault, reads)
        assert look.mib - undisturbed.mib < MORE_MIB, (fault, reads)


def test_what_came_out_is_what_the_table_says(looks: dict[tuple[str, str], Look]) -> None:
    """The documentation's table is that of this run."""
    found = {fault: {reads: _reasons(looks[fault, reads], reads) for reads in READS} for fault in ACTS}
    if os.environ.get("K8SGRADE_WRITE_FAULTS"):
        OUTCOMES.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    told = outcomes()
    for fault, reads in looks:
        late = found[fault][reads] == ["timeout"] and told[fault][reads]
        assert late or found[fault][reads] == told[fault][reads], (fault, reads)


@pytest.mark.parametrize("reads", ["everything", "third"])
def test_the_lab_under_each_fault(matrix: Matrix, reads: str) -> None:
    """Lab 1 with all of its reads disturbed, and with one in three: nobody loses a point."""
    reference = matrix.look("delay", "nothing", "lab1")
    assert {verdict for verdict, _ in reference.items.values()} == {"passed"}
    for (fault, _), look in matrix.looks([(fault, reads) for fault in ACTS], "lab1").items():
        assert _turned(look, reference, fault) == {}, fault
        assert look.seconds < SECONDS, fault
        assert look.mib - reference.mib < MORE_MIB, fault


def _turned(look: Look, undisturbed: Look, fault: str) -> dict[str, Any]:
    """Items that came out otherwise, or ungraded for a reason that is not the fault's.

    On a slow machine any answer may come too late, so a timeout is always an honest reason.
    """
    allowed = {*FAULTS[fault]["reasons"], "need-ungraded", "timeout"}
    return {
        name: (undisturbed.items[name], (verdict, reason))
        for name, (verdict, reason) in look.items.items()
        if (verdict, reason) != undisturbed.items[name] and not (verdict == "ungraded" and reason in allowed)
    }


def _reasons(look: Look, reads: str) -> list[str]:
    own = (found for name, found in look.items.items() if name.rpartition("-")[0] == reads)
    return sorted({str(reason) for verdict, reason in own if verdict == "ungraded"})

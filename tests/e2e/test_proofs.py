"""The recording session: every mutation of a lab's proofs applied to a real cluster again, and steadiness.

Two beds share the mutations, because most of the time is waiting: for the operator, the kubelet and
the lab's scrape interval. What a bed loses must be exactly what the proof file says, live and from
the evidence just recorded, and after each mutation the bed must get its full marks back.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from queue import Empty, SimpleQueue

import pytest

from pytest_k8sgrade.engine import grade_evidence
from pytest_k8sgrade.prove.judge import Difference, compare, unsaid
from tests.e2e.grader import grade
from tests.e2e.proving import Recorded, record, require_full
from tests.e2e.record_proofs import mutations
from tests.testbed import scenarios
from tests.testbed.fixtures import announcer
from tests.testbed.node import Bed

BEDS = {"lab1": 2, "handson1": 2, "challenge1": 1, "autoscaling": 1}
"""Labs whose mutations are recorded, and on how many beds side by side."""
MUTATIONS = {lab: mutations(lab) for lab in BEDS}
RUNS, LOADED_RUNS = 50, 25
Report = Callable[[str], None]
Outcomes = Callable[[str], Mapping[str, "Outcome"]]


@dataclass(frozen=True)
class Outcome:
    """What came of one mutation: the live recording and its evidence, or what went wrong."""

    recorded: Recorded | None
    evidence: Path
    error: Exception | None = None


@dataclass
class Session:
    """The mutations of one lab, taken by one bed after the other until none is left."""

    lab: str
    folder: Path
    report: Report
    waiting: SimpleQueue[str] = field(default_factory=SimpleQueue)
    done: dict[str, Outcome] = field(default_factory=dict)

    def run(self) -> Mapping[str, Outcome]:
        """Record all of them."""
        for name in MUTATIONS[self.lab]:
            self.waiting.put(name)
        with ThreadPoolExecutor(BEDS[self.lab]) as pool:
            workers = [pool.submit(self.work, number) for number in range(BEDS[self.lab])]
            for worker in workers:
                worker.result()
        return self.done

    def work(self, number: int) -> None:
        """On a bed of its own; after each mutation the bed must have its full marks back."""
        bed = scenarios.start(self.lab, name=f"{self.lab}-{number}-{os.getpid()}", report=self.report)
        try:
            while True:
                try:
                    self.take(bed, self.waiting.get_nowait())
                except Empty:
                    return
        finally:
            bed.down()

    def take(self, bed: Bed, name: str) -> None:
        """Record one mutation and keep what came of it; what could not be recorded is tried once more.

        That is for a bed that was too slow: a recording with a wrong verdict is not made again.
        """
        outcome = self.attempt(bed, name)
        if outcome.error is not None:
            self.report(f"{name}: once more, for {type(outcome.error).__name__}: {outcome.error}")
            outcome = self.attempt(bed, name, first_full=True)
        self.done[name] = outcome
        told = outcome.recorded.told() if outcome.recorded else f"not recorded: {outcome.error}"
        self.report(f"{len(self.done)} of {len(MUTATIONS[self.lab])} {name}: {told}")

    def attempt(self, bed: Bed, name: str, *, first_full: bool = False) -> Outcome:
        """One recording; `first_full` waits for the full marks that the last one did not leave."""
        evidence = self.folder / f"{name}.zip"
        try:
            if first_full:
                with tempfile.TemporaryDirectory() as folder:
                    require_full(bed, Path(folder), name, lab=self.lab)
            return Outcome(record(bed, scenarios.change(name), evidence, lab=self.lab), evidence)
        except Exception as error:
            return Outcome(None, evidence, error)


@pytest.fixture(scope="module")
def outcomes(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Outcomes:
    """All mutations of a lab, recorded when first asked for: `outcomes("lab1")`."""
    report = announcer(request.config)
    return cache(lambda lab: Session(lab, tmp_path_factory.mktemp("proofs"), report).run())


@pytest.mark.session
@pytest.mark.parametrize(("lab", "name"), [(lab, name) for lab, known in MUTATIONS.items() for name in known])
def test_a_mutation_loses_exactly_its_items(outcomes: Outcomes, lab: str, name: str) -> None:
    """Live and from its own evidence: the items, the reasons, and a first hint that names the fault."""
    outcome, mutation = outcomes(lab)[name], MUTATIONS[lab][name]
    if outcome.recorded is None:
        raise AssertionError(f"{name} could not be recorded") from outcome.error
    live = outcome.recorded.grade
    again = grade_evidence(lab, outcome.evidence)
    assert told(compare(live, mutation) + unsaid({"en": live}, mutation)) == []
    assert told(compare(again, mutation)) == []


def told(differences: list[Difference]) -> list[dict[str, str]]:
    """Differences as a failing test shows them."""
    return [one.model_dump(exclude_none=True) for one in differences]


@contextmanager
def busy() -> Iterator[None]:
    """A process that does nothing but count, for every core."""
    command = [sys.executable, "-c", "while True: pass"]
    load = [subprocess.Popen(command) for _ in range(os.cpu_count() or 1)]
    try:
        yield
    finally:
        for process in load:
            process.kill()
            process.wait()


def test_the_reference_is_full_fifty_times(lab1_bed: Bed, tmp_path: Path) -> None:
    """The same cluster gets the same full marks every time, the last half beside a load on all cores."""
    runs = [grade(lab1_bed, tmp_path) for _ in range(RUNS - LOADED_RUNS)]
    with busy():
        runs += [grade(lab1_bed, tmp_path) for _ in range(LOADED_RUNS)]
    assert len({run.canonical for run in runs}) == 1
    assert {(run.graded.score, run.code) for run in runs} == {(runs[0].graded.max_score, 0)}

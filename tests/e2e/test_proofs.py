"""The recording session: every mutation of lab 1's proofs applied to a real cluster again, and steadiness.

Two beds share the mutations, because most of the time is waiting: for the operator, the kubelet and
the lab's scrape interval. What a bed loses must be exactly what the proof file says, live and from
the evidence just recorded, and after each mutation the bed must get its full marks back.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue

import pytest

from pytest_k8sgrade.engine import grade_evidence
from pytest_k8sgrade.prove.judge import Difference, compare, unsaid
from tests.e2e.grader import grade
from tests.e2e.proving import Recorded, record
from tests.e2e.record_proofs import mutations
from tests.testbed import scenarios
from tests.testbed.fixtures import Beds
from tests.testbed.node import Bed

MUTATIONS = mutations()
SECOND_BED = f"lab1-second-{os.getpid()}"
RUNS, LOADED_RUNS = 50, 25


@dataclass(frozen=True)
class Outcome:
    """What came of one mutation: the live recording and its evidence, or what went wrong."""

    recorded: Recorded | None
    evidence: Path
    error: Exception | None = None


@pytest.fixture(scope="module")
def outcomes(beds: Beds, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Outcome]:
    """All mutations, recorded once on two beds."""
    folder = tmp_path_factory.mktemp("proofs")
    waiting: SimpleQueue[str] = SimpleQueue()
    for name in MUTATIONS:
        waiting.put(name)
    done: dict[str, Outcome] = {}
    with ThreadPoolExecutor(2) as pool, second_bed() as second:
        workers = [pool.submit(work, bed, waiting, folder, done) for bed in (beds("lab1"), second)]
        for worker in workers:
            worker.result()
    return done


@contextmanager
def second_bed() -> Iterator[Bed]:
    """A bed beside the session's own."""
    bed = scenarios.start("lab1", name=SECOND_BED)
    try:
        yield bed
    finally:
        bed.down()


def work(bed: Bed, waiting: SimpleQueue[str], folder: Path, done: dict[str, Outcome]) -> None:
    """Take mutations until none is left; after each the bed must have its full marks back."""
    while True:
        try:
            name = waiting.get_nowait()
        except Empty:
            return
        evidence = folder / f"{name}.zip"
        try:
            recorded = record(bed, scenarios.change(name), evidence)
            done[name] = Outcome(recorded, evidence)
        except Exception as error:
            done[name] = Outcome(None, evidence, error)


@pytest.mark.session
@pytest.mark.parametrize("name", MUTATIONS)
def test_a_mutation_loses_exactly_its_items(outcomes: Mapping[str, Outcome], name: str) -> None:
    """Live and from its own evidence: the items, the reasons, and a first hint that names the fault."""
    outcome, mutation = outcomes[name], MUTATIONS[name]
    if outcome.recorded is None:
        raise AssertionError(f"{name} could not be recorded") from outcome.error
    live = outcome.recorded.grade
    again = grade_evidence("lab1", outcome.evidence)
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

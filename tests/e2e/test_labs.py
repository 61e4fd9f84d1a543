"""The labs after the first, each on a bed of its own: finished, as set up, and from their recordings."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pytest

from tests.e2e.grader import grade, recorded
from tests.testbed import scenarios
from tests.testbed.fixtures import announcer
from tests.testbed.node import Bed

FINISHED = ("challenge1",)
"""Labs whose scenario of the same name has all that they ask for; hands-on 1 has a module of its own."""


@pytest.fixture
def started(request: pytest.FixtureRequest) -> Iterator[Bed]:
    """The bed of one scenario, for one test: several at once would slow each other down."""
    with _bed(request.param, request.config) as found:
        yield found


@contextmanager
def _bed(scenario: str, config: pytest.Config) -> Iterator[Bed]:
    bed = scenarios.start(scenario, name=f"{scenario}-{os.getpid()}", report=announcer(config))
    try:
        yield bed
    finally:
        bed.down()


@pytest.mark.parametrize(("started", "lab"), [(lab, lab) for lab in FINISHED], indirect=["started"])
def test_a_finished_lab_gets_all_points(started: Bed, lab: str, tmp_path: Path) -> None:
    """Every point live, and the same grade from the recording."""
    run = recorded(started, tmp_path, lab=lab)
    assert run.graded.score == run.graded.max_score == Decimal(100), run.output
    assert run.code == 0


@pytest.mark.parametrize("started", ["challenge1-broken"], indirect=True)
def test_a_challenge_as_it_is_set_up_gets_nothing(started: Bed, tmp_path: Path) -> None:
    """What the setup leaves is worth nothing: what is there works nowhere."""
    run = recorded(started, tmp_path, lab="challenge1")
    assert run.graded.score == run.graded.ungraded_points == Decimal(0), run.output
    assert run.code == 1


@pytest.mark.parametrize("lab", ["handson1", *FINISHED])
def test_an_empty_cluster_gets_nothing(empty_bed: Bed, lab: str, tmp_path: Path) -> None:
    """Nothing on the cluster earns nothing, and nothing is left ungraded."""
    run = grade(empty_bed, tmp_path, lab=lab)
    assert run.graded.score == run.graded.ungraded_points == Decimal(0), run.output
    assert run.code == 1

"""Beds for pytest: one per scenario and session, started when a test first asks for it.

Import the fixtures into the conftest of tests that are meant to need a real cluster; nothing here
is collected by the other tests.  A bed that cannot start fails its tests with the reason, it never
skips them.  Beds end with the session, also when it is killed.  For quick repetition start a bed
by hand (`python -m tests.testbed up --scenario lab1`) and set $K8SGRADE_TESTBED_REUSE=1 (or the
bed's name): a running bed of the wanted scenario is then taken and left as it is.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest

from tests.testbed import preflight, scenarios
from tests.testbed.errors import NotPossible
from tests.testbed.node import Bed, attach
from tests.testbed.node.state import load, places
from tests.testbed.paths import Cache

REUSE = "K8SGRADE_TESTBED_REUSE"
Beds = Callable[[str], Bed]


def running(scenario: str) -> str | None:
    """The name of a running bed with this scenario, None when there is none that may be taken."""
    wanted = os.environ.get(REUSE, "1")
    for place in places(Cache.default().run):
        state = load(place)
        if state is None or not state.alive or not state.ready or wanted not in ("1", state.name):
            continue
        if state.notes.get("scenario") == scenario:
            return state.name
    return None


def _start(scenario: str, worker: str, report: Callable[[str], None]) -> Bed:
    """A fresh bed; its name tells scenario, worker and session."""
    problems = preflight.problems(preflight.inspect(), to_build=False)
    if problems:
        raise NotPossible(preflight.message(problems))
    name = f"{scenario[:12]}-{worker}-{os.getpid()}"
    bed = scenarios.start(scenario, name=name, report=report)
    bed.note(scenario=scenario)
    return bed


def announcer(config: pytest.Config) -> Callable[[str], None]:
    """Tells what goes on while tests wait: past pytest's capturing."""
    capture = config.pluginmanager.get_plugin("capturemanager")

    def report(line: str) -> None:
        if capture is None:
            print(line)
        else:
            with capture.global_and_fixture_disabled():
                print(f"\n[testbed] {line}", end="", flush=True)

    return report


@pytest.fixture(scope="session")
def beds(request: pytest.FixtureRequest) -> Iterator[Beds]:
    """Give the bed of a scenario: `beds("lab1")`; the same one for the whole session."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    report = announcer(request.config)
    mine: dict[str, Bed] = {}
    borrowed: dict[str, Bed] = {}

    def give(scenario: str) -> Bed:
        if scenario not in mine and scenario not in borrowed:
            name = running(scenario) if os.environ.get(REUSE) else None
            if name is None:
                mine[scenario] = _start(scenario, worker, report)
            else:
                borrowed[scenario] = attach(name)
        return mine.get(scenario) or borrowed[scenario]

    try:
        yield give
    finally:
        for bed in borrowed.values():
            bed.close()
        for bed in mine.values():
            bed.down()


@pytest.fixture(scope="session")
def empty_bed(beds: Beds) -> Bed:
    """A node and nothing on it."""
    return beds("empty")


@pytest.fixture(scope="session")
def half_bed(beds: Beds) -> Bed:
    """A student who stopped in the middle."""
    return beds("half")


@pytest.fixture(scope="session")
def lab1_bed(beds: Beds) -> Bed:
    """Lab 1 finished: every checkpoint works."""
    return beds("lab1")

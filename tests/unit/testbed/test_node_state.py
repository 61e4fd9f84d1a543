"""What the testbed believes about running beds: identities, locks, state files, sweeping."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.testbed.node import state
from tests.testbed.node.proc import Identity, only_child
from tests.testbed.node.state import BedError, Place, State

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="beds are Linux only: /proc, pidfd, flock")

CGROUP = "k8sgrade-unit-test-without-folders"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A bed's place in an empty folder."""
    return Place(tmp_path / "run", "bed")


def _state(**changes: object) -> State:
    return State(**{"name": "bed", "tier": "node", "cgroup": CGROUP, "created": 1.0, **changes})  # type: ignore[arg-type]


def _me() -> Identity:
    found = Identity.of(os.getpid())
    assert found is not None
    return found


def test_a_running_process_is_alive() -> None:
    """The process asking is itself alive and does not end within a moment."""
    assert _me().alive()
    assert not _me().wait(0)


def test_an_id_used_again_is_another_process() -> None:
    """The same id with another start time or boot is not the process that was meant."""
    me = _me()
    for other in (Identity(me.pid, me.started - 1, me.boot), Identity(me.pid, me.started, "another")):
        assert not other.alive()
        assert other.wait(0)
        other.kill()  # must not reach this process


def test_an_ended_process_is_not_alive() -> None:
    """A process that ended is gone even while it waits to be reaped."""
    with subprocess.Popen([sys.executable, "-c", "pass"]) as process:
        found = Identity.of(process.pid)
        assert found is not None
        assert found.wait(10)
        assert not found.alive()
    assert Identity.of(process.pid) != found


def test_kill_ends_the_process_that_was_meant() -> None:
    """Killing goes by identity."""
    with subprocess.Popen(["sleep", "60"]) as process:
        found = Identity.of(process.pid)
        assert found is not None
        found.kill()
        assert process.wait(10) == -9


def test_only_child_is_found() -> None:
    """The child of a process is found by its parent's id."""
    with subprocess.Popen(["sh", "-c", "sleep 60 & wait"]) as process:
        deadline = time.monotonic() + 10
        while (child := only_child(process.pid)) is None and time.monotonic() < deadline:
            time.sleep(0.01)
        assert child is not None
        sleeper = Identity.of(child)
        assert sleeper is not None
        sleeper.kill()


@pytest.mark.parametrize("name", ["", "-a", "a-", "A", "a/b", "..", "a" * 31, "bed.lock"])
def test_bad_names_are_refused(tmp_path: Path, name: str) -> None:
    """A bed's name becomes a folder and a control group: nothing odd is let through."""
    with pytest.raises(BedError, match="no name for a bed"):
        Place(tmp_path, name)


def test_state_survives_the_file(place: Place) -> None:
    """What is saved is what is loaded."""
    place.folder.mkdir(parents=True)
    saved = _state(init=_me(), ready=True, notes={"scenario": "lab1"})
    saved.save(place)
    assert state.load(place) == saved
    assert saved.alive


@pytest.mark.parametrize("text", [None, "", '{"name": "be'])
def test_no_state_or_half_a_file_is_none(place: Place, text: str | None) -> None:
    """A missing or torn state file is no state, not an error."""
    place.folder.mkdir(parents=True)
    if text is not None:
        (place.folder / "state.json").write_text(text)
    assert state.load(place) is None


def test_the_lock_has_one_holder(place: Place) -> None:
    """The lock is refused while held, free afterwards, and leaves no file."""
    handle = state.take(place)
    assert handle is not None
    assert state.take(place) is None
    state.release(place, handle)
    assert list(place.runs.iterdir()) == []
    with state.holding(place, timeout=0) as mine:
        assert mine


def test_the_lock_lives_as_long_as_a_process_that_inherited_it(place: Place) -> None:
    """A bed's first process keeps the lock after its starter let go, and no longer than it lives."""
    handle = state.take(place)
    assert handle is not None
    with subprocess.Popen(["sleep", "60"], pass_fds=(handle,)) as process:
        os.close(handle)
        assert state.take(place) is None
        process.kill()
    with state.holding(place, timeout=5) as mine:
        assert mine


def test_a_lock_is_inherited_when_its_holder_ends(place: Place) -> None:
    """Whoever waits for a lock gets it the moment its holder is gone, and leaves no file."""
    handle = state.take(place)
    assert handle is not None
    with subprocess.Popen(["sleep", "60"], pass_fds=(handle,)) as process:
        os.close(handle)
        threading.Timer(0.2, process.kill).start()
        with state.inherit(place) as mine:
            assert mine
            assert process.wait(5) == -signal.SIGKILL
            assert state.take(place) is None
    assert list(place.runs.iterdir()) == []


def test_a_lock_that_was_removed_is_nobodys_inheritance(place: Place) -> None:
    """Who waited for a bed that somebody else has swept meanwhile leaves its successor in peace."""
    handle = state.take(place)
    assert handle is not None
    successor: list[int | None] = []

    def sweep() -> None:
        state.release(place, handle)
        successor.append(state.take(place, timeout=5))

    place.lock.rename(place.runs / "waiting.lock")  # so that the wait begins on a file that is not there
    with state.inherit(place) as mine:
        assert not mine
    (place.runs / "waiting.lock").rename(place.lock)
    threading.Timer(0.2, sweep).start()
    with state.inherit(place) as mine:
        assert not mine
    while not successor:
        time.sleep(0.01)
    assert successor[0] is not None
    assert place.lock.exists()
    state.release(place, successor[0])


def test_sweep_removes_the_dead_and_spares_the_living(tmp_path: Path) -> None:
    """What a dead bed left is removed; a bed whose lock is held is not touched."""
    runs = tmp_path / "run"
    dead, living = Place(runs, "dead"), Place(runs, "living")
    for place in (dead, living):
        place.folder.mkdir(parents=True)
        _state(name=place.name).save(place)
    handle = state.take(living)
    assert handle is not None
    assert state.sweep(runs) == ["dead"]
    assert not dead.folder.exists()
    assert living.folder.exists()
    state.release(living, handle)
    assert state.sweep(runs) == ["living"]

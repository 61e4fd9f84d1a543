"""`k8sgrade batch` killed with SIGKILL at any moment, then resumed: nothing is lost, nothing is repeated."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.batch.labs import Lab, files
from tests.batch.processes import descendants, wait_for_end

STUDENTS = [f"s{number:03}" for number in range(12)]
WHOLE = ["attempt.json", "evidence.zip", "grade.html", "grade.json", "grade.xml"]


@pytest.fixture
def roster(lab: Lab) -> Path:
    """A folder of hand-ins, each of which takes a third of a second."""
    for student in STUDENTS:
        (lab.entry(student, "slow").evidence or Path()).rename(lab.folder / "hand-ins" / f"{student}.zip")
    return lab.folder / "hand-ins"


@contextlib.contextmanager
def batch(lab: Lab, roster: Path, out: Path, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    """The command, as a person starts it; killed at the end if it still runs."""
    program = str(Path(sys.executable).with_name("k8sgrade"))
    arguments = ["--rubric", str(lab.rubric), "--out", str(out), "--jobs", "3", "--lang", "en", *options]
    with (out.parent / "said.txt").open("ab") as said:
        process = subprocess.Popen([program, "batch", str(roster), *arguments], stdout=said, stderr=said)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def finished(out: Path) -> dict[str, tuple[int, int, tuple[tuple[str, int, int], ...]]]:
    """The folders that are there, by student, with all by which a change would show."""
    return {
        place.parent.name: (
            place.stat().st_ino,
            place.stat().st_mtime_ns,
            tuple(
                (path.name, path.stat().st_ino, path.stat().st_mtime_ns) for path in sorted(place.iterdir())
            ),
        )
        for place in (out / "students").glob("*/1")
    }


@pytest.mark.parametrize("seed", range(2))
def test_nothing_is_lost_and_nothing_repeated(lab: Lab, roster: Path, tmp_path: Path, seed: int) -> None:
    """Killed when so many deeds were begun, three times over; the last call ends it."""
    chance = random.Random(seed)
    out = tmp_path / "out"
    kills = 0
    for begun in sorted(chance.randrange(1, 14) for _ in range(3)):
        before = finished(out)
        with batch(lab, roster, out, "--resume") as process:
            _wait_for_begun(lab, begun, process)
            family = descendants(process.pid)
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
                kills += 1
        for pid in family:
            wait_for_end(pid)
        after = finished(out)
        assert before.items() <= after.items(), "a finished folder was touched"
        assert all([name for name, _, _ in place[2]] == WHOLE for place in after.values())
    before, done = finished(out), Counter(lab.done("begin"))
    with batch(lab, roster, out, "--resume") as process:
        assert process.wait(timeout=120) == 0, (tmp_path / "said.txt").read_text()
    after, again = finished(out), Counter(lab.done("begin"))
    assert sorted(after) == STUDENTS
    assert before.items() <= after.items(), "a finished folder was touched"
    assert {name for name in STUDENTS if again[name] > done[name]} == set(STUDENTS) - set(before)
    assert sum(again.values()) <= len(STUDENTS) + 3 * kills, "more than those that were being graded"
    assert not (out / ".drafts").exists()
    assert {"class.json", "class.html", "grades.csv"} <= set(files(out))


def _wait_for_begun(lab: Lab, number: int, process: subprocess.Popen[bytes]) -> None:
    lab.wait_for(lambda: len(lab.done("begin")) >= number or process.poll() is not None)


def test_a_killed_batch_leaves_no_process(lab: Lab, roster: Path, tmp_path: Path) -> None:
    """Not even one that hangs in a library and listens to no signal; and no files of workers."""
    (lab.entry("s000", "hang").evidence or Path()).rename(roster / "s000.zip")
    out = tmp_path / "out"
    with batch(lab, roster, out, "--only", "s000") as process:
        worker = lab.worker_of("s000")
        empty = Path(f"/proc/{worker}/cwd").readlink()
        family = descendants(process.pid)
        assert worker in family
        os.kill(process.pid, signal.SIGKILL)
    for pid in family:
        wait_for_end(pid)
    assert not empty.exists()
    assert [list(draft.iterdir()) for draft in (out / ".drafts").iterdir()] == [[]]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_keeps_what_is_finished(
    lab: Lab, roster: Path, tmp_path: Path, number: signal.Signals
) -> None:
    """The class files hold it, the exit code is that of an interrupt, and the way on is told."""
    out = tmp_path / "out"
    with batch(lab, roster, out) as process:
        lab.wait_for(lambda: len(finished(out)) >= 2)
        process.send_signal(number)
        assert process.wait(timeout=60) == 2
    assert {"class.json", "grades.csv"} <= set(files(out))
    assert not (out / ".drafts").exists()
    assert "--resume" in (tmp_path / "said.txt").read_text(encoding="utf-8")
    before = finished(out)
    with batch(lab, roster, out, "--resume") as process:
        assert process.wait(timeout=60) == 0
    assert before.items() <= finished(out).items()
    assert sorted(finished(out)) == STUDENTS


def test_hand_ins_that_come_later_are_graded_then(lab: Lab, roster: Path, tmp_path: Path) -> None:
    """A roster that has grown is no other batch."""
    out = tmp_path / "out"
    last = roster / f"{STUDENTS[-1]}.zip"
    last.rename(tmp_path / "later.zip")
    with batch(lab, roster, out) as process:
        assert process.wait(timeout=60) == 0
    before = finished(out)
    (tmp_path / "later.zip").rename(last)
    with batch(lab, roster, out, "--resume") as process:
        assert process.wait(timeout=60) == 0
    assert before.items() <= finished(out).items()
    assert Counter(lab.done()) == Counter(STUDENTS)


def test_a_second_batch_in_the_same_folder_is_refused(lab: Lab, roster: Path, tmp_path: Path) -> None:
    """With exit code 4, while the first goes on undisturbed."""
    (lab.entry("s000", "wait").evidence or Path()).rename(roster / "s000.zip")
    out = tmp_path / "out"
    with batch(lab, roster, out) as first:
        lab.worker_of("s000")
        with batch(lab, roster, out, "--resume") as second:
            assert second.wait(timeout=60) == 4
        assert "another batch writes to" in (tmp_path / "said.txt").read_text(encoding="utf-8")
        (lab.folder / "go").touch()
        assert first.wait(timeout=60) == 0
    assert Counter(lab.done()) == Counter(STUDENTS)

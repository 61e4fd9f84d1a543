"""`k8sgrade batch`: what is written and said, going on, grading again, exit codes, an interrupt."""

from __future__ import annotations

import json
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pytest_k8sgrade.batch.roster.columns import COLUMNS
from tests.unit.command.calls import Ended, call
from tests.unit.regrade.labs import evidence, item, rubric

FILES = {"class.html", "class.json", "grades.csv", "items.csv", "canvas.csv", "moodle.csv", "nbgrader.csv"}
ATTEMPT = {"attempt.json", "grade.json", "grade.xml", "grade.html", "evidence.zip"}

Batch = Callable[..., Ended]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A rubric of two items, and hand-ins: all, half, nothing, damaged, one without a recorded answer."""
    rubric(tmp_path, "lab", item("a", 60), item("b", 40))
    hand_ins = tmp_path / "in"
    evidence(hand_ins / "s1.zip", ["a", "b"])
    evidence(hand_ins / "s2.zip", ["a"], ["b"])
    evidence(hand_ins / "s3.zip", [], ["a", "b"])
    evidence(hand_ins / "s5.zip", ["a"])
    (hand_ins / "s4.zip").write_bytes(b"PK")
    return tmp_path


@pytest.fixture
def batch(capsys: pytest.CaptureFixture[str], folder: Path) -> Batch:
    """Calls the command with the rubric and the folder of results."""

    def run(roster: object, *more: object) -> Ended:
        given = ["--rubric", folder / "lab.yaml", "--out", folder / "out", "--lang", "en", *more]
        return call(capsys, "batch", folder / str(roster), *given)

    return run


def roster(folder: Path, *lines: str, head: str = "student,evidence") -> str:
    """A CSV roster in the folder of the hand-ins; its name."""
    (folder / "in" / "roster.csv").write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    return "in/roster.csv"


def book(folder: Path) -> dict[str, Any]:
    """The class as it was written."""
    found = json.loads((folder / "out" / "class.json").read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def marks(folder: Path) -> dict[str, float]:
    """The scores of the class."""
    return {mark["student"]["id"]: mark["score"] for mark in book(folder)["students"]}


def test_a_class(folder: Path, batch: Batch) -> None:
    """A folder per student, the files of the class, and the lines that an instructor needs."""
    ended = batch("in")
    assert ended.code == 8
    assert {path.name for path in (folder / "out").iterdir()} >= FILES
    for student in ("s1", "s2", "s3", "s5"):
        assert {path.name for path in (folder / "out" / "students" / student / "1").iterdir()} == ATTEMPT
    assert marks(folder) == {"s1": 100, "s2": 60, "s3": 0, "s4": 0, "s5": 60}
    assert "3 of 5 passed, 1 not passed, 1 undecided" in ended.out
    assert "Could not be graded  s4: " in ended.out
    assert "Partly ungraded      s5 (40 points)" in ended.out
    assert f"Results: {folder / 'out' / 'class.html'}, class.json" in ended.out
    assert "maps: 5 to grade\n" in ended.err
    assert "[5/5] " in ended.err
    assert "s2: 60 of 100 points, passed (0:0" in ended.err
    assert "--resume --retry\n" in ended.err


def test_what_is_probably_our_fault(folder: Path, batch: Batch) -> None:
    """An item that is ungraded for many, and the same cluster of several, are lines of their own."""
    ended = batch(roster(folder, "s5,s5.zip", "s6,s5.zip"))
    assert "Ungraded for many" in ended.out
    assert "for 2, so it is probably no student's fault" in " ".join(ended.out.split())
    assert "Same cluster       s5, s6" in ended.out
    assert "Same evidence      s5, s6" in ended.out


def test_logs_hold_no_control_characters(folder: Path, batch: Batch) -> None:
    """Lines of a CI log are plain, whatever a name is."""
    head = "student,name,evidence"
    ended = batch(
        roster(folder, "s1,\u202eevil\u200b <b>,s1.zip", "s2,학생,s2.zip", head=head), "--lang", "ko"
    )
    said = ended.out + ended.err
    assert "evil <b>" in said
    assert all(character.isprintable() or character == "\n" for character in said)
    assert "점 만점에" in said


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (["s1,s1.zip", "s2,s2.zip"], 0),
        (["s1,s1.zip", "s3,s3.zip"], 1),
        (["s1,s1.zip", "s3,"], 1),
        (["s1,s1.zip", "s5,s5.zip"], 8),
        (["s3,s3.zip", "s4,s4.zip"], 8),
    ],
)
def test_exit_codes(folder: Path, batch: Batch, lines: list[str], code: int) -> None:
    """0 everybody, 1 somebody not, 8 something is open."""
    assert batch(roster(folder, *lines)).code == code


def test_going_on_grades_nothing_twice(folder: Path, batch: Batch) -> None:
    """Only what the roster has got since; without --resume nothing is touched."""
    batch(roster(folder, "s1,s1.zip"))
    first = folder / "out" / "students" / "s1" / "1" / "attempt.json"
    before = first.stat()
    refused = batch(roster(folder, "s1,s1.zip", "s2,s2.zip"))
    assert (refused.code, refused.out) == (4, "")
    assert "--resume" in refused.err
    ended = batch("in/roster.csv", "--resume")
    assert "1 to grade, 1 graded already" in ended.err
    assert (first.stat().st_ino, first.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert marks(folder) == {"s1": 100, "s2": 60}
    again = batch("in/roster.csv", "--resume")
    assert (again.code, again.out) == (ended.code, ended.out)
    assert "nothing to grade, 2 graded already" in again.err


def test_grading_again(folder: Path, batch: Batch) -> None:
    """What is ungraded by --retry, one student by --only; what was graded before is kept beside it."""
    lines = ["s1,s1.zip", "s4,s4.zip", "s5,s5.zip"]
    batch(roster(folder, *lines))
    evidence(folder / "in" / "s4.zip", ["a", "b"])
    retried = batch("in/roster.csv", "--resume", "--retry")
    assert "2 to grade, 1 graded already" in retried.err
    assert marks(folder) == {"s1": 100, "s4": 100, "s5": 60}
    before = sorted(path.name.partition("-")[0] for path in (folder / "out" / "students" / "s4").iterdir())
    assert before == ["1", "1.before"]
    once = batch("in/roster.csv", "--resume", "--only", "s1")
    assert "[1/1] s1: 100 of 100" in once.err
    assert len(marks(folder)) == 3
    neither = batch("in/roster.csv", "--resume", "--retry", "--only", "s1")
    assert "nothing to grade, 1 graded already" in neither.err


def test_only_some_are_not_yet_all(folder: Path, batch: Batch) -> None:
    """Those who are left are said to be missing in the files, and nobody is absent for it."""
    ended = batch(roster(folder, "s1,s1.zip", "s2,s2.zip", "s3,s3.zip"), "--only", "s1")
    assert ended.code == 8
    assert "2 of the roster, in none of the files" in ended.out
    assert marks(folder) == {"s1": 100}


def test_lateness_and_overrides_are_told(folder: Path, batch: Batch) -> None:
    """Times without a zone are said to be read in one; the files of the instructor arrive."""
    (folder / "late.yaml").write_text("k8sgrade_policy: 1\nlate: {minus: 10%, every: 1d}\n", encoding="utf-8")
    (folder / "set.yaml").write_text(
        "k8sgrade_overrides: 1\noverrides:\n- {student: s2, item: b, points: 40, reason: seen, by: me, "
        "at: 2026-03-02}\n",
        encoding="utf-8",
    )
    head = "student,evidence,submitted,deadline"
    lines = [f"{name},{name}.zip,2026-03-02 12:00,2026-03-02 10:00Z" for name in ("s1", "s2")]
    more = ["--policy", folder / "late.yaml", "--overrides", folder / "set.yaml", "--timezone", "Asia/Seoul"]
    ended = batch(roster(folder, *lines, head=head), *more)
    assert "read as Asia/Seoul" in ended.err
    assert marks(folder) == {"s1": 100, "s2": 100}
    late = batch("in/roster.csv", *more[:4], "--resume")
    assert "read as UTC" in late.err
    assert marks(folder) == {"s1": 90, "s2": 90}


def test_quiet(folder: Path, batch: Batch) -> None:
    """Nothing until the end."""
    ended = batch(roster(folder, "s1,s1.zip"), "--quiet")
    assert ended.err == ""
    assert "1 of 1 passed" in ended.out


WRONG: dict[str, tuple[list[str], str]] = {
    "no lab": (["--rubric", "lab0"], "no lab 'lab0'"),
    "no variable": (["--set", "x=1"], "has no variable 'x'"),
    "retry": (["--retry"], "--retry grades again what is in the folder: give --resume, too"),
    "scheduler": (["--scheduler", "tcp://x:1"], "is for --engine dask"),
    "engine": (["--engine", "dask"], "needs the address of its scheduler"),
    "only": (["--only", "s9"], "--only 's9': the roster has no such student"),
    "allow": (["--allow", "loop"], "allow 'loop': a kubeconfig can be allowed"),
    "zone": (["--timezone", "Seoul"], "no time zone 'Seoul'"),
    "deadline": (["--deadline", "soon"], "--deadline: expected a time"),
    "time": (["--time-limit", "0"], "--time-limit '0': expected a duration above 0"),
    "memory": (["--memory-limit", "lots"], "--memory-limit 'lots': expected a size"),
    "little": (["--memory-limit", "1Mi"], "a worker needs 256Mi at least"),
    "wait": (["--wait", "x"], "--wait 'x'"),
    "jobs": (["--jobs", "0"], "--jobs"),
    "overrides": (["--overrides", "none.yaml"], "the overrides file 'none.yaml' cannot be read"),
    "policy": (["--policy", "none.yaml"], "the policy 'none.yaml' cannot be read"),
    "encoding": (["--encoding", "klingon"], "'klingon' is not one of 'utf-8'"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_use_is_4_and_nothing_is_made(folder: Path, batch: Batch, name: str) -> None:
    """One clean message, before the folder of results is there."""
    arguments, told = WRONG[name]
    ended = batch(roster(folder, "s1,s1.zip"), *arguments)
    assert (ended.code, ended.out) == (4, "")
    assert told in ended.err
    assert ended.err.startswith("k8sgrade: ")
    assert not (folder / "out").exists()


def test_help_names_every_column(capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever has the command has what a roster may say."""
    told = set(call(capsys, "batch", "-h").out.replace(",", " ").replace(";", " ").split())
    assert set(COLUMNS) <= told


def test_dask_is_an_extra(folder: Path, batch: Batch, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it the line to install it is told, and nothing is made."""
    monkeypatch.setitem(sys.modules, "pytest_k8sgrade.batch.distributed", None)
    ended = batch(roster(folder, "s1,s1.zip"), "--engine", "dask", "--scheduler", "tcp://127.0.0.1:1")
    assert (ended.code, ended.out) == (4, "")
    assert "pip install 'pytest-k8sgrade[distributed]'" in ended.err
    assert not (folder / "out").exists()


def test_an_interrupt_ends_with_what_is_known(folder: Path) -> None:
    """The files hold those who are finished; the command that is named grades the others."""
    for number in range(100, 160):
        evidence(folder / "in" / f"s{number}.zip", ["a", "b"])
    given = ["--rubric", "lab.yaml", "--out", "out", "--lang", "en", "--jobs", "1", "--hints", "advanced"]
    with subprocess.Popen(
        [sys.executable, "-m", "pytest_k8sgrade", "batch", "in", *given],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        next(line for line in process.stderr if line.startswith("[ 2/65]"))
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 2
    graded = book(folder)["summary"]["attempts"]
    assert 2 <= graded < 65
    assert f"{65 - graded} of the roster, in none of the files" in out
    told, last = err.splitlines()[-2:]
    assert told.startswith(f"Interrupted: {graded} graded, {65 - graded} not. To go on: ")
    assert last == "k8sgrade: interrupted"
    command = shlex.split(told.partition("To go on: ")[2])
    assert sorted(command) == sorted(["k8sgrade", "batch", "in", *given, "--resume"])
    done = subprocess.run(
        [sys.executable, "-m", "pytest_k8sgrade", *command[1:]], cwd=folder, capture_output=True, check=False
    )
    assert done.returncode == 8
    assert len(marks(folder)) == 65
    assert {marks(folder)[f"s{number}"] for number in range(100, 160)} == {100}

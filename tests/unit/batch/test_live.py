"""A batch while it runs: numbers, the picture on a terminal, the lines of a log."""

from __future__ import annotations

import io
import re
import threading
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from rich.cells import cell_len
from rich.console import Console

from pytest_k8sgrade.batch.display import lines as log
from pytest_k8sgrade.batch.display.lines import Lines
from pytest_k8sgrade.batch.display.live import LiveTable, picture
from pytest_k8sgrade.batch.display.tally import Tally
from pytest_k8sgrade.batch.entry import Entry
from pytest_k8sgrade.grade.model import ScoreRange, Told
from pytest_k8sgrade.gradebook.attempt import Attempt, Student
from pytest_k8sgrade.locale.messages import LANGUAGES, Catalogue, Language

EVIL = "\x1b[2J\u202eStudent\x07\u200b\r\nOne"
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


class Clock:
    """A clock that goes when it is told to."""

    now = 0.0

    def __call__(self) -> float:
        """The seconds."""
        return self.now


def entry(number: int, name: str | None = None) -> Entry:
    """A hand-in."""
    return Entry(student=Student(id=f"s{number:03}", name=name))


def attempt(
    one: Entry, *, passed: bool | None = True, problem: str | None = None, lasted: float = 5
) -> Attempt:
    """What became of it."""
    points = Decimal(80 if passed else 20)
    return Attempt(
        student=one.student,
        number=one.number,
        source="evidence",
        origin="x.zip",
        folder="x",
        rubric_digest="sha256:0",
        finished=datetime(2026, 3, 2, tzinfo=UTC),
        duration_s=lasted,
        problem=Told(id="worker-crashed", params={}, text=problem) if problem else None,
        score=points,
        max_score=Decimal(100),
        ungraded_points=Decimal(0 if passed is not None else 30),
        score_range=ScoreRange(min=points, max=points),
        pass_mark="60%",
        passed=passed,
        exit_code=0,
        items=(),
    )


def test_how_long_yet() -> None:
    """Nobody knows before the first is finished; then the mean, spread over as many as run at a time.

    The time of those that still run counts, too, and none takes longer than it may.
    """
    clock = Clock()
    tally = Tally(total=10, clock=clock)
    entries = [entry(number) for number in range(10)]
    tally.there(attempt(entries[0]))
    for one in entries[1:4]:
        tally.started(one)
    assert tally.standing().left_s is None
    clock.now = 30
    tally.finished(entries[1], attempt(entries[1]))
    tally.started(entries[4])
    standing = tally.standing()
    assert (standing.done, standing.there, standing.elapsed_s) == (2, 1, 30)
    assert standing.left_s == pytest.approx((5 * 90 + 60 + 60 + 90) / 3)
    tally.longest = 50
    assert tally.standing().left_s == pytest.approx((5 * 50 + 20 + 20 + 50) / 3)
    for one in entries[2:]:
        tally.finished(one, attempt(one))
    assert tally.standing().left_s == 0


def test_what_runs_and_what_became_of_the_others() -> None:
    """The longest running first, the slowest finished, a word for each."""
    clock = Clock()
    tally = Tally(total=8, clock=clock)
    for number, (passed, problem) in enumerate([(True, None), (False, None), (None, None), (None, "gone")]):
        tally.started(entry(number))
        tally.finished(entry(number), attempt(entry(number), passed=passed, problem=problem, lasted=number))
    tally.started(entry(5))
    clock.now = 2
    tally.started(entry(6))
    tally.awaits(entry(6), 3, 9, ["hpa-active"])
    standing = tally.standing()
    assert standing.outcomes == {"passed": 1, "failed": 1, "open": 1, "problem": 1}
    assert [(one.entry.student.id, age, one.settled, one.names) for one, age in standing.running] == [
        ("s005", 2, 0, ()),
        ("s006", 0, 3, ("hpa-active",)),
    ]
    assert [done.student for done in standing.slowest] == ["s003", "s002", "s001"]
    assert [done.student for done in standing.latest] == ["s001", "s002", "s003"]


def full(total: int) -> Tally:
    """A batch in which everything is long and hostile."""
    tally = Tally(total=total)
    for number in range(total):
        one = entry(number, EVIL * 20)
        tally.started(one)
        tally.awaits(one, 10, 31, [f"{EVIL}-item-{n}" for n in range(4)])
    for number in range(4):
        one = entry(number, EVIL)
        tally.finished(one, attempt(one, passed=None, problem=EVIL * 30 if number == 3 else None, lasted=100))
    return tally


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("width", "height"), [(80, 24), (120, 50), (40, 15)])
def test_the_picture_fits(width: int, height: int, language: Language) -> None:
    """No line is wider than the terminal, there are no more than it has, and nothing hostile is left."""
    text = io.StringIO()
    screen = Console(file=text, width=width, height=height, force_terminal=True, color_system="truecolor")
    screen.print(picture(full(60).standing(), Catalogue(language), "lab1", width, height))
    shown = ESCAPE.sub("", text.getvalue())
    rows = shown.splitlines()
    assert len(rows) < height
    assert all(cell_len(row) <= width for row in rows)
    assert all(character.isprintable() or character == "\n" for character in shown)
    assert "s004" in shown
    assert "10/31" in shown


def test_the_picture_says_what_matters() -> None:
    """Counts, what each awaits, marks and reasons."""
    text = io.StringIO()
    tally = Tally(total=3)
    for number, problem in enumerate([None, "The cluster is gone."]):
        tally.started(entry(number))
        tally.finished(entry(number), attempt(entry(number), passed=not problem or None, problem=problem))
    tally.started(entry(2, "Student Three"))
    tally.awaits(entry(2), 3, 9, ["hpa-active", "prometheus-targets"])
    Console(file=text, width=80).print(picture(tally.standing(), Catalogue("en"), "lab1", 80, 24))
    lines = [line.split() for line in text.getvalue().splitlines()]
    assert "lab1  2 of 3 graded · 0:00 so far · about" in text.getvalue()
    assert "1 passed · 1 could not be graded" in text.getvalue()
    assert ["s002", "Student", "Three", "0:00", "3/9", "hpa-active,", "prometheus-targets"] in lines
    assert "  s000  80 of 100 points, passed" in text.getvalue()
    assert "  s001  could not be graded: The cluster is gone." in text.getvalue()
    assert "Slowest: s000 0:05, s001 0:05" in text.getvalue()


def test_the_live_table_leaves_nothing() -> None:
    """What it drew is erased when it ends; it draws from whatever thread tells."""
    text = io.StringIO()
    screen = Console(file=text, width=80, height=24, force_terminal=True)
    tally = Tally(total=1)
    with LiveTable(tally, Catalogue("en"), "lab1", screen):
        teller = threading.Thread(target=tally.started, args=(entry(1),))
        teller.start()
        teller.join()
    shown = text.getvalue()
    assert "s001" in shown
    assert shown.rstrip("\n").endswith("\x1b[1A\x1b[2K")


def test_a_log_has_a_line_for_each() -> None:
    """Numbered, with the mark or the reason, plain whatever the names are."""
    said: list[str] = []
    tally = Tally(total=12)
    with Lines(tally, Catalogue("en"), said.append):
        for number, problem in enumerate([None, EVIL]):
            one = entry(number, EVIL)
            tally.started(one)
            tally.finished(one, attempt(one, passed=None, problem=problem, lasted=75))
    assert said[0] == "[ 1/12] s000 Student One: 20 of 100 points, undecided (30 ungraded) (1:15)"
    assert said[1].startswith("[ 2/12] s001 Student One: could not be graded: ")
    assert all(line.isprintable() for line in said)


def test_a_quiet_log_shows_life(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the ones that run longest wait for, while nobody is finished."""
    monkeypatch.setattr(log, "QUIET_S", 0.01)
    told = threading.Event()
    said: list[str] = []
    tally = Tally(total=3, clock=Clock())
    tally.started(entry(1))
    tally.awaits(entry(1), 3, 9, ["hpa-active"])

    def write(line: str) -> None:
        said.append(line)
        told.set()

    with Lines(tally, Catalogue("en"), write):
        assert told.wait(10)
    assert said[0] == "0 of 3 graded · s001 0:00: hpa-active"

"""The laws of marks, on any class: any rubric, outcomes, times, policy and overrides."""

from __future__ import annotations

import csv
import json
import random
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_k8sgrade.grade.arithmetic import CENT
from pytest_k8sgrade.gradebook.attempt import Attempt
from pytest_k8sgrade.gradebook.build import build_class
from pytest_k8sgrade.gradebook.model import AttemptMark, ClassBook, Override, StudentMark
from pytest_k8sgrade.gradebook.write import write_class
from pytest_k8sgrade.locale.messages import LANGUAGES
from pytest_k8sgrade.rubric.load import LoadedRubric
from pytest_k8sgrade.rubric.policy import Policy
from tests.unit.gradebook.classes import attempt, lab, override, policy

law = settings(max_examples=50, deadline=None)
STUDENTS = ("s1", "s2", "s10")
VERDICTS = ("passed", "failed", "blocked", "ungraded", "skipped", "waived")

cents = st.integers(1, 4000).map(lambda value: value / 100)
amounts = st.one_of(st.integers(1, 10_000).map(lambda value: f"{value / 100:.2f}%"), cents)
spans = st.integers(0, 200).map(lambda hours: f"{hours}h")
lateness = st.one_of(st.none(), st.integers(-3000, 20_000).map(lambda minutes: timedelta(minutes=minutes)))


@dataclass(frozen=True)
class Case:
    """A class before it has a book."""

    lab: LoadedRubric
    attempts: tuple[Attempt, ...]
    policy: Policy
    overrides: tuple[Override, ...] = ()

    def book(self, **keys: Any) -> ClassBook:
        """The book."""
        given = {"policy": self.policy, "overrides": self.overrides, **keys}
        return build_class(self.attempts, self.lab, **given)

    def marks(self, **keys: Any) -> Sequence[StudentMark]:
        """The marks of its students."""
        return self.book(**keys).students


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Any policy that may be written."""
    rules: dict[str, Any] = {"attempts": draw(st.sampled_from(["best", "latest"]))}
    late: dict[str, Any] = {}
    if draw(st.booleans()):
        late = {"minus": draw(amounts), "of": draw(st.sampled_from(["earned", "total"]))}
        late |= {"every": f"{draw(st.integers(1, 72))}h"} if draw(st.booleans()) else {}
        late |= {"at_most": draw(amounts)} if draw(st.booleans()) else {}
        late |= {"grace": f"{draw(st.integers(0, 60))}m"} if draw(st.booleans()) else {}
    late |= {"closes": f"{draw(st.integers(1, 300))}h"} if draw(st.booleans()) else {}
    return policy(**rules, **({"late": late} if late else {}))


@st.composite
def labs(draw: st.DrawFn) -> LoadedRubric:
    """Any rubric of a few items that can be passed."""
    items = []
    for index in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from(["plain", "plain", "bonus", "required"])) if index else "plain"
        item: dict[str, Any] = {"id": f"i{index}", "points": draw(cents)}
        items.append(item | ({kind: True} if kind != "plain" else {}))
    return lab(*items, mark=f"{draw(st.integers(1, 100))}%")


@st.composite
def outcomes(draw: st.DrawFn, of: LoadedRubric) -> dict[str, Any]:
    """Any verdict for each item; a partial one as points below the maximum."""
    found: dict[str, Any] = {}
    for item in of.rubric.items:
        if item.points > CENT and draw(st.integers(0, 3)) == 0:
            most = int(item.points * 100) - 1
            found[item.id] = draw(st.integers(0, most)) / 100
        else:
            found[item.id] = draw(st.sampled_from(VERDICTS))
    return found


@st.composite
def classes(draw: st.DrawFn, *, overriding: bool = True) -> Case:
    """Any class."""
    course = draw(labs())
    attempts = [
        attempt(student, number, of=course, late=draw(lateness), found=draw(outcomes(course)))
        for student in STUDENTS
        for number in range(1, draw(st.integers(1, 3)) + 1)
    ]
    made = [draw(overrides(course)) for _ in range(draw(st.integers(0, 3)))] if overriding else []
    return Case(course, tuple(attempts), draw(policies()), tuple(made))


@st.composite
def overrides(draw: st.DrawFn, of: LoadedRubric) -> Override:
    """Any override that a file may hold."""
    item = draw(st.sampled_from([None, *of.rubric.items]))
    most = item.points if item else sum((one.points for one in of.rubric.items if not one.bonus), Decimal(0))
    return override(
        draw(st.sampled_from(STUDENTS)),
        item=item.id if item else None,
        attempt=draw(st.sampled_from([None, 1, 2])),
        points=Decimal(draw(st.integers(0, int(most * 100)))) / 100,
    )


@law
@given(case=classes(), seed=st.randoms(use_true_random=False))
def test_the_order_of_attempts_does_not_matter(case: Case, seed: random.Random) -> None:
    """Not one byte of the book depends on who was graded first."""
    mixed = list(case.attempts)
    seed.shuffle(mixed)
    assert replace(case, attempts=tuple(mixed)).book() == case.book()


@law
@given(case=classes(overriding=False))
def test_lateness_only_takes_away_and_not_below_nothing(case: Case) -> None:
    """At both ends; what was in time keeps every point."""
    for mark in case.marks():
        for one in mark.attempts:
            for before, after in zip(ends(one, "corrected"), ends(one, "score_range"), strict=True):
                assert 0 <= after <= before
                assert after == after.quantize(CENT)
                assert after == before or (one.late_s or 0) > 0


@law
@given(case=classes(overriding=False), longer=st.integers(1, 20_000))
def test_later_is_never_better(case: Case, longer: int) -> None:
    """Whoever hands in later has at most as many points, at both ends."""
    timed = [one for one in case.attempts if one.submitted_by == "roster" and one.submitted is not None]
    for one in timed:
        assert one.submitted is not None
        later = one.model_copy(update={"submitted": one.submitted + timedelta(minutes=longer)})
        first, second = (replace(case, attempts=(each,)).marks()[0].attempts[0] for each in (one, later))
        assert all(
            late <= early
            for early, late in zip(ends(first, "score_range"), ends(second, "score_range"), strict=True)
        )


@law
@given(case=classes())
def test_the_best_is_never_worse_than_the_latest(case: Case) -> None:
    """At both ends of the range, and passed if that is."""
    late = case.policy.late
    best = case.marks(policy=Policy(attempts="best", late=late))
    latest = case.marks(policy=Policy(attempts="latest", late=late))
    for one, other in zip(best, latest, strict=True):
        assert one.score_range.min >= other.score_range.min
        assert one.score_range.max >= other.score_range.max
        assert one.passed is True or other.passed is not True or one.set_by_hand


@law
@given(case=classes(overriding=False))
def test_a_mark_is_that_of_an_attempt(case: Case) -> None:
    """The lower end is that of the one that counts, the upper end that of one that may overtake."""
    for mark in case.marks():
        assert mark.attempt is not None
        assert mark.score == mark.score_range.min == mark.attempt.score_range.min
        contenders = (mark.counted, *mark.may_overtake)
        highest = max(one.score_range.max for one in mark.attempts if one.number in contenders)
        assert mark.score_range.max == highest
        assert mark.final == (mark.percent is not None or not mark.max_score)


@law
@given(case=classes(overriding=False))
def test_what_was_graded_is_what_the_grade_says(case: Case) -> None:
    """The sums are made again from the items and are those of the grade."""
    graded = {(one.student.id, one.number): one for one in case.attempts}
    for mark in case.marks():
        for one in mark.attempts:
            attempt_ = graded[mark.student.id, one.number]
            assert one.graded == one.corrected == attempt_.score_range
            assert one.max_score == attempt_.max_score


@law
@given(case=classes(overriding=False))
def test_setting_what_is_there_changes_nothing(case: Case) -> None:
    """An override with the points that an item has is the identity, but for ungraded ones."""
    same = [
        override(one.student.id, attempt=one.number, item=item.id, points=item.points)
        for one in case.attempts
        for item in one.items
        if item.verdict in ("passed", "failed", "partial")
    ]
    for before, after in zip(case.marks(), case.marks(overrides=same), strict=True):
        assert after.score_range == before.score_range
        assert after.percent == before.percent


@law
@given(case=classes(overriding=False), most=st.integers(0, 100))
def test_a_whole_mark_is_final(case: Case, most: int) -> None:
    """Whatever was graded, however late."""
    total = case.book().max_score
    points = (total * most / 100).quantize(CENT)
    for mark in case.marks(overrides=[override(name, points=points) for name in STUDENTS]):
        assert mark.final
        assert mark.score == points
        assert mark.ungraded_points == 0
        assert (mark.passed is None) == (not mark.max_score)


@law
@given(case=classes())
def test_every_open_point_is_open_in_the_mark(case: Case) -> None:
    """No ungraded item is taken for a lost one: an open attempt that counts leaves the mark open."""
    for mark in case.marks():
        assert mark.attempt is not None
        ends_ = mark.attempt.score_range
        assert mark.set_by_hand or mark.final <= (ends_.min == ends_.max)
        assert mark.final or mark.ungraded_points > 0


@settings(max_examples=25, deadline=None)
@given(case=classes(), language=st.sampled_from(LANGUAGES))
def test_every_file_has_the_same_marks(case: Case, language: Any) -> None:
    """JSON, the tables and the three imports; nowhere a number for a mark that is open."""
    book = case.book(language=language)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_class(book, case.attempts, folder)
        data = json.loads((folder / "class.json").read_text(encoding="utf-8"), parse_float=Decimal)
        wanted = [plain(one["score"]) if final(one) else "" for one in data["students"]]
        assert wanted == [plain(mark.score) if mark.final else "" for mark in book.students]
        title = book.rubric.title
        assert column(folder / "grades.csv", "score") == wanted
        assert column(folder / "nbgrader.csv", "score") == wanted
        total, *scores = column(folder / "canvas.csv", title)
        assert scores == wanted
        assert total == plain(book.max_score)
        assert column(folder / "moodle.csv", f"{title} (Real)") == [score or "-" for score in wanted]
        assert nbgrader_adds_up(folder / "nbgrader.csv")
        assert items_add_up(folder / "items.csv", book)


def ends(mark: AttemptMark, step: str) -> tuple[Decimal, Decimal]:
    """Both ends of a step."""
    found = getattr(mark, step)
    return found.min, found.max


def final(mark: dict[str, Any]) -> bool:
    """Whether nothing is open, as the JSON says it."""
    return bool(mark["score_range"]["min"] == mark["score_range"]["max"])


def plain(value: Decimal | int) -> str:
    """A number as the tables have it."""
    text = f"{Decimal(value):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def column(path: Path, name: str) -> list[str]:
    """One column of a table."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return [row[name] for row in csv.DictReader(stream)]


def nbgrader_adds_up(path: Path) -> bool:
    """Raw score less penalty is the score."""
    names = ("raw_score", "late_submission_penalty", "score")
    rows = zip(*(column(path, name) for name in names), strict=True)
    return all(Decimal(raw) - Decimal(lost) == Decimal(score) for raw, lost, score in rows if score)


def items_add_up(path: Path, book: ClassBook) -> bool:
    """The points of the items of an attempt are what it is worth before lateness, at its lower end."""
    sums: dict[tuple[str, str], Decimal] = {}
    rows = zip(*(column(path, name) for name in ("student", "attempt", "points")), strict=True)
    for student, number, points in rows:
        sums[student, number] = sums.get((student, number), Decimal(0)) + Decimal(points or 0)
    return all(
        min(sums[mark.student.id, str(one.number)], one.max_score) == one.corrected.min
        for mark in book.students
        for one in mark.attempts
    )

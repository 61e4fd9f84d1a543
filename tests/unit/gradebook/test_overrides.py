"""Marks set by hand: what they change, and what an overrides file gets wrong."""

from __future__ import annotations

from datetime import UTC
from decimal import Decimal
from pathlib import Path

import pytest

from pytest_k8sgrade.errors import RubricFault, UsageFault
from pytest_k8sgrade.gradebook.overrides import load_overrides
from tests.unit.gradebook.classes import (
    DAY,
    LAB,
    attempt,
    book,
    lab,
    late,
    only,
    override,
    overrides,
    refused,
    said,
)

REST = "reason: The room was down, by: Instructor, at: 2026-03-02T10:00:00+09:00"
POOR = {"scaled": "failed", "extra": "failed"}


def entry(text: str) -> str:
    """One entry with its reason, name and time."""
    return f"overrides:\n  - {{{text}, {REST}}}\n"


def test_an_item_is_set_before_lateness() -> None:
    """35 points more, of which a tenth is lost as of all others."""
    mark = only(
        attempt(late=DAY, found=POOR),
        policy=late(minus="10%"),
        overrides=overrides(entry("student: s001, item: scaled, points: 35")),
    )
    (one,) = mark.attempts
    assert [one.graded.min, one.corrected.min, one.score_range.min] == [65, 100, 90]
    assert said(mark)[:3] == ["graded", "item-override", "corrected"]
    assert mark.overridden
    assert not mark.set_by_hand


def test_overriding_an_ungraded_item_closes_it() -> None:
    """Its points are no longer open, and the mark is final."""
    mark = only(
        attempt(found={"scaled": "ungraded"}),
        overrides=overrides(entry("student: s001, item: scaled, points: 0")),
    )
    assert [mark.final, mark.score, mark.ungraded_points, mark.ungraded_items] == [True, 75, 0, 0]
    assert [item.verdict for item in mark.attempts[0].items] == ["passed", "failed", "passed", "passed"]
    assert "item-closed" in said(mark)


def test_a_required_item_that_is_set_to_full_points_is_passed() -> None:
    """And one that is not is missing still."""
    lacking = attempt(found={"base": "ungraded"})
    assert only(lacking).passed is None
    assert only(lacking, overrides=[override(item="base", points=40)]).passed is True
    assert only(lacking, overrides=[override(item="base", points=39)]).passed is False


def test_a_whole_mark_stands_as_it_is_written() -> None:
    """Neither lateness nor ungraded items nor a missing required one change it."""
    mark = only(
        refused("s001", late=DAY), policy=late(minus="50%"), overrides=[override(points=Decimal("61.5"))]
    )
    assert (mark.score, mark.final, mark.passed, mark.set_by_hand) == (Decimal("61.5"), True, True, True)
    assert mark.percent == Decimal("61.5")
    assert "mark-override" in said(mark)


def test_a_whole_mark_of_one_attempt_is_its_worth() -> None:
    """The best of the attempts is chosen afterwards."""
    tries = [attempt(number=1, found=POOR), attempt(number=2, found=POOR)]
    mark = only(*tries, overrides=[override(attempt=2, points=70)])
    assert [mark.counted, mark.score] == [2, 70]
    assert mark.attempts[0].score_range.min == 65


def test_an_attempt_that_came_too_late_counts_with_the_mark_set_for_it() -> None:
    """The instructor accepted it after all."""
    tries = [attempt(number=1, found=POOR), attempt(number=2, late=9 * DAY)]
    rules = late(closes="7d")
    assert only(*tries, policy=rules).score == 65
    mark = only(*tries, policy=rules, overrides=[override(attempt=2, points=90)])
    assert [mark.counted, mark.score, mark.passed] == [2, 90, True]


def test_an_item_of_one_attempt_goes_before_that_of_all() -> None:
    """In whatever order the file has them."""
    every = [override(item="scaled", points=10), override(item="scaled", points=20, attempt=2)]
    tries = [attempt(number=1, found=POOR), attempt(number=2, found=POOR)]
    for given in (every, every[::-1]):
        assert [one.score_range.min for one in only(*tries, overrides=given).attempts] == [75, 85]


def test_an_item_that_is_not_in_the_grade_is_not_brought_into_it() -> None:
    """Points of an active item that was not asked for change no total; a line says so."""
    course = lab({"id": "base", "points": 10}, {"id": "load", "points": 5, "active": "load"})
    skipped = attempt(of=course, found={"load": "skipped"})
    mark = only(skipped, of=course, overrides=[override(item="load", points=5)])
    assert [mark.score, mark.max_score, mark.overridden] == [10, 10, False]
    assert "item-idle" in said(mark)


def test_overrides_of_nobody_are_told() -> None:
    """A class that was graded in part has no use for all of them, and loses none silently."""
    made = book(attempt("s002"), overrides=[override("s001", points=1)])
    assert [(note.id, note.params["students"]) for note in made.notes] == [
        ("note-overrides-unused", ["s001"])
    ]


def test_ids_of_digits_need_no_quotes() -> None:
    """`20240001` is a student, not a number."""
    (one,) = overrides(entry("student: 20240001, points: 5"), {"20240001": 1})
    assert (one.student, one.line) == ("20240001", 3)


@pytest.mark.parametrize(
    ("at", "utc"),
    [
        ("2026-03-02", "2026-03-02T00:00:00+00:00"),
        ("2026-03-02T10:00", "2026-03-02T10:00:00+00:00"),
        ("2026-03-02T10:00:00+09:00", "2026-03-02T01:00:00+00:00"),
    ],
)
def test_a_time_without_a_zone_is_utc(at: str, utc: str) -> None:
    """A date is enough."""
    text = entry("student: s001, points: 5").replace("2026-03-02T10:00:00+09:00", at)
    (one,) = overrides(text)
    assert one.at.astimezone(UTC).isoformat() == utc


FAULTS = [
    ("student: s01, points: 5", "override of 's01': the roster has no such student; did you mean 's001'?"),
    ("student: s001, points: 101", "101 points are more than the rubric gives, which is 100"),
    ("student: s001, item: base, points: 41", "41 points are more than item base gives, which is 40"),
    ("student: s001, item: bas, points: 1", "the rubric has no item 'bas'; did you mean 'base'?"),
    ("student: s001, attempt: 3, points: 1", "there is no attempt 3; the roster has 2"),
    ("student: s003, item: base, points: 1", "nothing was handed in; only the whole mark can be set"),
    ("student: s001, points: -1", "expected points between 0 and 100000 with at most two decimals"),
    ("student: s001, points: 1.234", "expected points between 0 and 100000 with at most two decimals"),
    ("student: s001, points: .nan", "expected a number of points, not '.nan'"),
    ("student: s001, points: ten", "expected a number of points"),
    ("student: s001, attempt: 0, points: 1", "input should be greater than or equal to 1"),
    ("student: s001, point: 1", "unknown key 'point'; did you mean 'points'?"),
    ("student: [s001], points: 1", "expected a text"),
]


@pytest.mark.parametrize(("text", "fault"), FAULTS, ids=[text for text, _ in FAULTS])
def test_a_fault_is_told_with_its_line(text: str, fault: str) -> None:
    """Before anything is graded."""
    with pytest.raises(RubricFault, match=r"the overrides file .* has ") as caught:
        overrides(entry(text))
    assert fault in str(caught.value)
    assert "overrides.yaml:3: " in str(caught.value)


def test_all_faults_are_told_at_once() -> None:
    """Also that two entries set the same."""
    lines = ["student: s9, points: 5", "student: s001, points: 5", "student: s001, points: 6"]
    text = "overrides:\n" + "".join(f"  - {{{line}, {REST}}}\n" for line in lines)
    with pytest.raises(RubricFault) as caught:
        overrides(text)
    first, *rest = str(caught.value).splitlines()[1:]
    assert first.strip().startswith("overrides.yaml:3: override of 's9': the roster has no such student")
    assert [line.strip() for line in rest] == [
        "overrides.yaml:5: override of 's001': the same is already set in line 4"
    ]


@pytest.mark.parametrize("at", ["yesterday", "2026-13-01", "1", "2026-03-02 25:00"])
def test_a_time_that_is_none_is_a_fault(at: str) -> None:
    """The file says when something was decided."""
    with pytest.raises(RubricFault, match="expected a date or a time such as 2026-03-02T10:00:00"):
        overrides(entry("student: s001, points: 5").replace("2026-03-02T10:00:00+09:00", f'"{at}"'))


def test_a_waived_item_cannot_be_set() -> None:
    """It counts for nobody."""
    course = lab({"id": "base", "points": 10}, {"id": "off", "points": 5, "waived": "It rained."})
    with pytest.raises(RubricFault, match="item off is waived and counts for nobody"):
        overrides(entry("student: s001, item: off, points: 5"), of=course)
    with pytest.raises(RubricFault, match="11 points are more than the rubric gives, which is 10"):
        overrides(entry("student: s001, points: 11"), of=course)


def test_a_file_that_cannot_be_read_is_a_clean_fault(tmp_path: Path) -> None:
    """Missing, a folder, not YAML, not UTF-8, of another kind."""
    known = {"s001": 1}
    with pytest.raises(UsageFault, match="cannot be read: No such file"):
        load_overrides(tmp_path / "none.yaml", LAB.rubric, known)
    with pytest.raises(UsageFault, match="cannot be read: Is a directory"):
        load_overrides(tmp_path, LAB.rubric, known)
    path = tmp_path / "overrides.yaml"
    for content, fault in (
        (b"a: [", "not YAML"),
        (b"\xb0\xb0", "is not UTF-8"),
        (b"", "the file is empty"),
        (b"k8sgrade: 1", "the key 'k8sgrade_overrides' is missing"),
        (b"k8sgrade_overrides: 1\noverrides: !!python/object:os.system []", "is not allowed"),
    ):
        path.write_bytes(content)
        with pytest.raises(RubricFault, match=fault):
            load_overrides(path, LAB.rubric, known)
    path.write_bytes(b"k8sgrade_overrides: 1\n")
    assert load_overrides(path, LAB.rubric, known) == ()

"""Which of several attempts counts, and what is said while that is open."""

from __future__ import annotations

from datetime import timedelta

from pytest_k8sgrade.gradebook.attempt import Student
from tests.unit.gradebook.classes import DAY, LAB, attempt, book, late, only, override, policy, refused, said

POOR = {"scaled": "failed", "extra": "failed"}
LACKING = {"base": 39.0}
OPEN = {"scaled": "ungraded", "extra": "failed"}


def test_the_best_counts_by_default() -> None:
    """A second try never takes anything away."""
    mark = only(attempt(number=1), attempt(number=2, found=POOR))
    assert [mark.counted, mark.score] == [1, 100]
    assert "best" in said(mark)


def test_the_latest_counts_where_the_rubric_says_so() -> None:
    """By the time of handing in, not by the order of the roster."""
    rules = policy(attempts="latest")
    first = attempt(number=1, late=timedelta(0))
    second = attempt(number=2, late=-DAY, found=POOR)
    assert only(first, second, policy=rules).counted == 1
    assert only(first, attempt(number=2, late=None, found=POOR), policy=rules).counted == 2


def test_an_attempt_that_came_too_late_does_not_replace_an_earlier_one() -> None:
    """It was not accepted."""
    mark = only(
        attempt(number=1, found=POOR),
        attempt(number=2, late=9 * DAY),
        policy=policy(attempts="latest", late={"closes": "7d"}),
    )
    assert [mark.counted, mark.score] == [1, 65]
    assert "too-late" in said(mark)


def test_the_best_is_open_while_another_may_overtake() -> None:
    """60 points are certain; the other attempt may still reach 95."""
    mark = only(
        attempt(number=1, found={**POOR, "synced": 20}), attempt(number=2, found={**OPEN, "base": 35.0})
    )
    assert mark.counted == 1
    assert mark.may_overtake == (2,)
    assert [mark.score_range.min, mark.score_range.max] == [60, 95]
    assert mark.ungraded_points == 35
    assert mark.ungraded_items == 1
    assert "best-open" in said(mark)


def test_the_best_is_final_when_nothing_can_overtake_it() -> None:
    """Points that could not be graded in a worse attempt do not matter."""
    mark = only(attempt(number=1), attempt(number=2, found=OPEN))
    assert mark.final
    assert [mark.score, mark.may_overtake, mark.passed] == [100, (), True]


def test_whoever_has_passed_once_has_passed() -> None:
    """The attempt with the most points lacks a required item, the other does not."""
    most = attempt(number=1, found=LACKING)
    passed = attempt(number=2, found={"scaled": 20, "extra": "failed"})
    mark = only(most, passed)
    assert mark.attempts[0].passed is False
    assert [mark.counted, mark.score, mark.passed] == [1, 100, True]
    assert "passed-by-other" in said(mark)


def test_an_attempt_that_could_not_be_graded_leaves_the_mark_open() -> None:
    """Until the instructor says what it counts."""
    rough = attempt("s001", found=POOR)
    broken = refused("s001", number=2)
    assert not only(rough, broken).final
    closed = only(rough, broken, overrides=[override(attempt=2, points=0)])
    assert [closed.final, closed.score, closed.counted] == [True, 65, 1]


def test_a_required_item_that_is_missing_is_named() -> None:
    """With enough points for the pass mark, nobody would understand the decision without it."""
    mark = only(attempt(found={"base": 39.0}))
    assert (mark.passed, mark.lines[-1].params["items"]) == (False, ["base"])
    assert mark.lines[-1].text == "Not passed (pass mark 60%); required and missing: “Item base”"


def test_who_handed_in_nothing_has_no_mark() -> None:
    """Unless the policy makes it 0, or somebody writes one."""
    away = [Student(id="s009", name="Student Nine")]
    (mark,) = book(absent=away).students
    assert [mark.absent, mark.final, mark.passed, mark.max_score] == [True, False, None, 100]
    (mark,) = book(absent=away, policy=policy(absent="zero")).students
    assert [mark.final, mark.score, mark.passed] == [True, 0, False]
    (mark,) = book(absent=away, overrides=[override("s009", points=70)]).students
    assert [mark.final, mark.score, mark.passed] == [True, 70, True]


def test_a_student_is_called_as_in_the_first_line_of_the_roster() -> None:
    """Whichever attempt was graded first."""
    one, two = (Student(id="s001", name=name) for name in ("First", "Second"))
    tries = [attempt(one, number=1), attempt(two, number=2)]
    for given in (tries, tries[::-1]):
        assert only(*given).student.name == "First"


def test_students_come_in_the_order_of_their_ids() -> None:
    """`s2` before `s10`, whatever the order of grading."""
    names = ["s10", "s2", "s1", "a", "s1²"]
    marks = book(*(attempt(name) for name in names)).students
    assert [mark.student.id for mark in marks] == ["a", "s1", "s1²", "s2", "s10"]


def test_lateness_and_attempts_work_together() -> None:
    """The late full score loses half and is worse than the one in time."""
    mark = only(attempt(number=1, found=POOR), attempt(number=2, late=DAY), policy=late(minus="50%"), of=LAB)
    assert [mark.counted, mark.score, mark.late] == [1, 65, False]

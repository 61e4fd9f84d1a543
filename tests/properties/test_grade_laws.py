"""The laws of a grade, on any rubric and any outcome of a whole run."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from pytest_k8sgrade.grade.model import Grade
from pytest_k8sgrade.outcome import Observation
from tests.properties.courses import DOUBT, LOST, MET, Course, courses, law, observations

CENT = Decimal("0.01")
COUNTED = ("passed", "partial", "failed", "blocked", "ungraded")


def verdicts(grade: Grade) -> dict[str, str]:
    """The verdicts by item."""
    return {item.id: item.verdict for item in grade.items}


def completed(course: Course, draw: st.DataObject) -> Course:
    """The course once everything that could not be told is told, one way or another."""
    doubtful = [name for name in course.ids if not _told(course.found[name])]
    ends: dict[str, Observation] = {
        name: draw.draw(st.sampled_from([MET, LOST]) | observations().filter(_told)) for name in doubtful
    }
    return course.finding(**ends)


def _told(observation: Observation) -> bool:
    """Whether the look has an end of its own; what is early is open unless a part of it is proven."""
    if observation.status == "early":
        return any(part.met for part in observation.parts)
    return observation.status != "cannot-tell"


@law
@given(course=courses())
def test_points_never_exceed(course: Course) -> None:
    """Neither an item's, nor a group's, nor the score; bonus fills up and does nothing else."""
    grade = course.grade()
    assert all(0 <= item.points <= item.max_points for item in grade.items)
    assert 0 <= grade.score <= grade.max_score
    earned = sum(item.points for item in grade.items)
    assert grade.score == min(earned, grade.max_score)
    assert grade.max_score == sum(group.max_points for group in grade.groups)
    for group in grade.groups:
        of = [item for item in grade.items if item.group == group.id]
        assert group.points == sum(item.points for item in of if item.verdict in COUNTED)
        counted = [item for item in of if item.verdict in COUNTED and not item.bonus]
        assert group.max_points == sum(item.max_points for item in counted)


@law
@given(course=courses())
def test_only_what_is_passed_is_full(course: Course) -> None:
    """A partial item lacks at least a hundredth; failed, blocked and ungraded ones have nothing."""
    for item in course.grade().items:
        if item.verdict == "passed":
            assert item.points == item.max_points
        elif item.verdict == "partial" and item.max_points:
            assert 0 <= item.points <= item.max_points - CENT
        else:
            assert item.points == 0


@law
@given(course=courses(), data=st.data())
def test_the_range_holds_every_way_to_end(course: Course, data: st.DataObject) -> None:
    """Whatever the ungraded items turn out to be, the score ends in the range and keeps the decision."""
    before, after = course.grade(), completed(course, data).grade()
    assert before.score_range.min <= after.score <= before.score_range.max
    if before.passed is not None:
        assert after.passed == before.passed


@law
@given(course=courses(), data=st.data())
def test_a_doubt_never_lowers_a_score_silently(course: Course, data: st.DataObject) -> None:
    """What we cannot tell any more may still be earned: the range holds it, and says that it is open."""
    told = course.finding(**{name: MET for name in course.ids if not _told(course.found[name])})
    name = data.draw(st.sampled_from(course.ids))
    before, after = told.grade(), told.finding(**{name: DOUBT}).grade()
    assert after.score_range.min <= before.score <= after.score_range.max
    assert after.ungraded_points >= before.score - after.score
    if before.score != after.score:
        assert after.percent is None
        assert after.exit_code == 8


@law
@given(course=courses())
def test_ungraded_points_are_those_of_the_ungraded_items(course: Course) -> None:
    """None is hidden, none is counted as lost, and a doubt of ours never reads as a fail."""
    grade = course.grade()
    open_items = [item for item in grade.items if item.verdict == "ungraded"]
    assert grade.ungraded_points == sum(item.max_points for item in open_items)
    assert grade.score_range.max <= grade.max_score
    for item in grade.items:
        if course.found[item.id] is DOUBT:
            assert item.verdict in ("ungraded", "blocked", "waived", "skipped")


@law
@given(course=courses())
def test_a_blocked_item_names_a_failed_one(course: Course) -> None:
    """At the root of what was not looked at stands an item that failed, never one that we could not grade."""
    grade = course.grade()
    by_id = {item.id: item for item in grade.items}
    for item in grade.items:
        if item.verdict == "blocked":
            assert item.blocked_by is not None
            assert by_id[item.blocked_by].verdict == "failed"
            assert item.points == 0
        if item.verdict in ("passed", "partial", "failed"):
            ends = {by_id[need].verdict for need in item.needs}
            assert ends <= {"passed", "partial", "waived", "skipped"}


@law
@given(course=courses(), data=st.data())
def test_waiving_takes_an_item_out_of_everything(course: Course, data: st.DataObject) -> None:
    """As if it were not in the rubric: nobody loses by it, nobody gains."""
    plain = course.changed(name := data.draw(st.sampled_from(course.ids)), active=None)
    waived = plain.changed(name, waived="It rained.").grade()
    rest = [item for item in plain.items if item["id"] != name]
    without = [{**item, "needs": [need for need in item.get("needs", ()) if need != name]} for item in rest]
    if not without:
        assert waived.max_score == 0
        assert waived.passed is None
        assert waived.percent is None
        return
    left = Course(tuple(without), plain.found, plain.mark).grade()
    assert (waived.score, waived.max_score, waived.passed) == (left.score, left.max_score, left.passed)
    assert (waived.percent, waived.score_range) == (left.percent, left.score_range)
    assert verdicts(waived) == {**verdicts(left), name: "waived"}


@law
@given(course=courses(), data=st.data())
def test_bonus_changes_no_total(course: Course, data: st.DataObject) -> None:
    """Earned, it never lowers the score; lost, it takes nothing away."""
    name = data.draw(st.sampled_from(course.ids))
    bonus = course.changed(name, bonus=True, required=None, active=None, waived=None, needs=None)
    lost, earned = bonus.finding(**{name: LOST}).grade(), bonus.finding(**{name: MET}).grade()
    if any(name in item.needs for item in earned.items):
        return
    assert lost.max_score == earned.max_score
    assert lost.score <= earned.score <= earned.max_score
    if earned.score < earned.max_score:
        assert earned.score - lost.score == dict(_points(earned))[name]


def _points(grade: Grade) -> list[tuple[str, Decimal]]:
    return [(item.id, item.points) for item in grade.items]


@law
@given(course=courses())
def test_nobody_passes_without_the_required_items(course: Course) -> None:
    """Whatever the score; and who reaches the mark with all of them is passed."""
    grade = course.grade()
    required = [item for item in grade.items if item.required]
    if grade.passed:
        assert all(item.verdict in ("passed", "waived") for item in required)
        assert grade.score >= grade.pass_points
    if any(item.verdict in ("failed", "partial", "blocked") for item in required) and grade.max_score:
        assert grade.passed is False
    if grade.max_score and grade.score >= grade.pass_points and not grade.missing_required:
        assert grade.passed is True


@law
@given(course=courses(), data=st.data())
def test_work_that_is_done_never_costs(course: Course, data: st.DataObject) -> None:
    """An item that becomes right lowers neither the score nor what can still be reached."""
    name = data.draw(st.sampled_from(course.ids))
    before, after = course.finding(**{name: LOST}).grade(), course.finding(**{name: MET}).grade()
    assert before.score <= after.score
    assert before.score_range.max <= after.score_range.max


@law
@given(course=courses(), data=st.data())
def test_the_order_of_the_items_does_not_matter(course: Course, data: st.DataObject) -> None:
    """Not for a verdict, not for a point, not for the decision, though needs stand behind what needs them."""
    order = data.draw(st.permutations(range(len(course.items))))
    one, other = course.grade(), course.ordered(order).grade()
    assert dict(_points(one)) == dict(_points(other))
    assert verdicts(one) == verdicts(other)
    for key in ("score", "max_score", "score_range", "percent", "passed", "pass_points", "bonus_points"):
        assert getattr(one, key) == getattr(other, key)
    roots = [{item.id: item.blocked_by for item in grade.items} for grade in (one, other)]
    assert roots[0] == roots[1]

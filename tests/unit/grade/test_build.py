"""From results to a grade: what each verdict says and counts."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pytest_k8sgrade.grade.build import ItemResult, root_cause
from pytest_k8sgrade.grade.model import Grade, GradedItem
from pytest_k8sgrade.grade.values import json_safe
from pytest_k8sgrade.outcome import Observation, Reason
from tests.unit.grade.grades import TITLES, blocked, failed, grade, partial, rubric, ungraded


def item_of(graded: Grade, name: str) -> GradedItem:
    """One item by its id."""
    return next(item for item in graded.items if item.id == name)


def test_a_perfect_run_passes_with_everything() -> None:
    """All items passed is the full score, nothing open, exit code 0."""
    graded = grade()
    assert [graded.score, graded.max_score, graded.percent] == [30, 30, 100]
    assert (graded.passed, graded.exit_code) == (True, 0)
    assert all(item.reason is None and item.hint is None for item in graded.items)


def test_an_unreachable_cluster_fails_nothing_and_decides_nothing() -> None:
    """All ungraded: the range is everything, no percentage, exit code 8."""
    graded = grade(*(ungraded(name) for name in TITLES))
    assert {item.verdict for item in graded.items} == {"ungraded"}
    assert [graded.score_range.min, graded.score_range.max] == [0, 30]
    assert (graded.percent, graded.passed, graded.exit_code) == (None, None, 8)


def test_a_certain_decision_stands_although_points_are_open() -> None:
    """Four open points cannot undo a pass; the exit code still says that the grade is incomplete."""
    graded = grade(ungraded("rules"))
    assert [graded.passed, graded.exit_code, graded.ungraded_points] == [True, 8, 4]
    assert graded.percent is None


def test_a_failed_item_tells_why_and_what_next() -> None:
    """Reason with parameters and text, seen, wanted, and the hint of the asked level."""
    item = item_of(grade(failed("active"), level="advanced"), "active")
    assert item.reason is not None
    assert item.reason.id == "hpa-not-active"
    assert item.reason.params["reason"] == "FailedGetResourceMetric"
    assert [item.seen, item.wanted, item.points] == ["False", "True", 0]
    assert item.hint is not None
    assert item.hint.startswith("advanced:")
    assert item.timeline[0].reason == item.reason


def test_a_blocked_item_names_the_root_cause_by_its_title() -> None:
    """Two needs down the chain, the item that really failed is told."""
    graded = grade(failed("metrics"), blocked("active", "metrics"), blocked("scaled", "active"))
    item = item_of(graded, "scaled")
    assert item.blocked_by == "metrics"
    assert item.reason is not None
    assert item.reason.params == {"needs": "metrics"}
    assert TITLES["metrics"]["en"] in item.reason.text
    assert item.hint is None


def test_an_item_behind_an_ungraded_one_names_the_root_too() -> None:
    """It is not blocked: nobody failed."""
    results = [ungraded("metrics")]
    for item, need in (("active", "metrics"), ("scaled", "active")):
        observation = Observation("cannot-tell", Reason("need-ungraded", {"needs": need}))
        results.append(ItemResult(item=item, verdict="ungraded", observation=observation))
    scaled = item_of(grade(*results), "scaled")
    assert [scaled.verdict, scaled.blocked_by] == ["ungraded", "metrics"]
    assert scaled.reason is not None
    assert scaled.reason.params == {"needs": "metrics"}


def test_a_rubrics_own_hint_replaces_that_of_the_check() -> None:
    """At its level only, with the item's parameters in place."""
    hints = {"hints": {"beginner": "Look at {name}."}, "with": {"name": "web-app-hpa"}}
    own = rubric(active=hints)
    assert item_of(grade(failed("active"), of=own), "active").hint == "Look at web-app-hpa."
    advanced = item_of(grade(failed("active"), of=own, level="advanced"), "active").hint
    assert advanced is not None
    assert advanced.startswith("advanced:")


@pytest.mark.parametrize(("about", "replaced"), [("hpa-not-active", True), ("object-absent", False)])
def test_a_hint_that_names_its_reasons_stands_for_no_other(about: str, replaced: bool) -> None:
    """With `hints_for` the check's own hint stands for every reason that is not named."""
    own = rubric(active={"hints": {"beginner": "Look here."}, "hints_for": [about]})
    hint = item_of(grade(failed("active"), of=own), "active").hint
    assert (hint == "Look here.") is replaced


def test_a_hint_knows_parameters_that_are_variables() -> None:
    """A parameter named like the variable it is set from shows the variable's value."""
    hints = {"hints": {"beginner": "Look in {monitoring}."}, "with": {"monitoring": "{monitoring}"}}
    own = rubric(active=hints)
    graded = grade(failed("active"), of=own, values={"monitoring": "stack"})
    assert item_of(graded, "active").hint == "Look in stack."


def test_a_rubrics_hint_is_not_for_what_could_not_be_graded() -> None:
    """A hint about the lab would send a student after a fault that is not theirs."""
    own = rubric(active={"hints": {"beginner": "Create the HPA."}})
    hint = item_of(grade(ungraded("active"), of=own), "active").hint
    assert hint is not None
    assert "Create" not in hint


def test_parts_earn_their_share_and_are_told() -> None:
    """One of three equal parts of four points is 1.33."""
    item = item_of(grade(partial("rules", met=1, missing=2)), "rules")
    assert item.points == Decimal("1.33")
    assert [part.met for part in item.parts] == [True, False, False]


def test_waived_and_skipped_items_leave_the_total_and_say_why() -> None:
    """Their points are apart, and their reasons are the rubric's and the run's."""
    of = rubric(rules={"waived": "The chart is broken."}, scaled={"active": "load"})
    graded = grade(
        ItemResult(item="rules", verdict="waived"), ItemResult(item="scaled", verdict="skipped"), of=of
    )
    assert [graded.max_score, graded.waived_points, graded.skipped_points] == [21, 4, 5]
    assert "The chart is broken." in (item_of(graded, "rules").reason or pytest.fail("no reason")).text
    assert (item_of(graded, "scaled").reason or pytest.fail("no reason")).params == {"name": "load"}


def test_sums_of_groups_make_the_score() -> None:
    """Group points add up to the score, group maxima to the total."""
    graded = grade(failed("active"), blocked("scaled", "active"), partial("rules"), ungraded("synced"))
    assert sum(group.points for group in graded.groups) == graded.score
    assert sum(group.max_points for group in graded.groups) == graded.max_score
    assert sum(group.ungraded_points for group in graded.groups) == graded.ungraded_points


def test_items_are_in_the_rubrics_order() -> None:
    """Whatever order the run settled them in."""
    assert [item.id for item in grade(ungraded("synced"), failed("metrics")).items] == list(TITLES)


@pytest.mark.parametrize("results", [[failed("active"), failed("active")], [failed("nobody")]])
def test_a_result_too_many_is_a_fault_of_the_run(results: list[ItemResult]) -> None:
    """No grade is made of results that are not those of the rubric."""
    with pytest.raises((ValueError, KeyError)):
        grade(*results)


def test_a_circle_of_blocked_items_comes_to_an_end() -> None:
    """The search for the root ends even on results that contradict themselves."""
    results = {name: blocked(name, by) for name, by in (("a", "b"), ("b", "a"))}
    assert root_cause("a", results) in ("a", "b")


def test_values_that_json_cannot_hold_become_text() -> None:
    """NaN, sets, foreign objects and lone surrogates are told, not fatal."""
    odd = {"nan": float("nan"), "set": {"b", "a"}, 1: Decimal("1.5"), "text": "\ud800"}
    assert json_safe(odd) == {"nan": "nan", "set": ["a", "b"], "1": "1.5", "text": "?"}


def test_a_broken_checks_traceback_is_kept_for_its_author() -> None:
    """It is in the grade, apart from what the student reads."""
    broken = Observation(
        "cannot-tell", Reason("check-broken", {"check": "hpa.active"}), traceback="Traceback …"
    )
    graded = grade(ItemResult(item="active", verdict="ungraded", observation=broken))
    assert item_of(graded, "active").traceback == "Traceback …"

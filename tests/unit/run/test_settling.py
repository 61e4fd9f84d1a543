"""The rules of waiting, each with the numbers just below and at its limit."""

from __future__ import annotations

import pytest

from pytest_k8sgrade.outcome import Observation, Part, Reason, Status
from pytest_k8sgrade.run.settling import (
    ABSENT_AFTER,
    HOPELESS_AFTER,
    REFUSED_AFTER,
    Moment,
    Patience,
    Streak,
    decide,
)

WHY = Reason("some-reason")


def seen(status: Status, *, reason: str = "some-reason", parts: tuple[Part, ...] = ()) -> Observation:
    """A look with that status."""
    return Observation(status, None if status == "met" else Reason(reason), parts=parts)


@pytest.mark.parametrize(
    ("looked", "history", "verdict"),
    [(9.9, None, None), (10.0, None, "passed"), (0.0, 10.0, "passed"), (0.0, 9.9, None)],
)
def test_hold_is_proven_by_looking_or_by_history(
    looked: float, history: float | None, verdict: str | None
) -> None:
    """A met item passes exactly when one of the two shows the hold time."""
    moment = Moment(now=50 + looked, held_by_history=history)
    assert decide(seen("met"), Streak("met", began=50), moment, Patience(within=300, hold=10)) == verdict


@pytest.mark.parametrize(("now", "verdict"), [(59.9, None), (60.0, "failed")])
def test_unmet_is_tried_until_its_time_is_up(now: float, verdict: str | None) -> None:
    """The deadline counts from the start of the run."""
    assert decide(seen("unmet"), Streak("unmet", began=0), Moment(now), Patience(within=60)) == verdict


def test_unmet_with_a_met_part_is_partial() -> None:
    """Some parts met earn some of the points, once the time is up."""
    observation = seen("unmet", parts=(Part("a", True), Part("b", False, reason=WHY)))
    assert decide(observation, Streak("unmet", began=0), Moment(60), Patience(within=60)) == "partial"


def test_what_is_only_early_is_not_lost() -> None:
    """At the end it is open, or worth what is proven of it; before the end it is looked at again."""
    patience, streak = Patience(within=60), Streak("early", began=0)
    some = (Part("a", True), Part("b", False, reason=WHY, early=True))
    assert decide(seen("early"), streak, Moment(59), patience) is None
    assert decide(seen("early"), streak, Moment(60), patience) == "ungraded"
    assert decide(seen("early", parts=some), streak, Moment(60), patience) == "partial"
    assert decide(seen("early"), streak, Moment(0), Patience(within=60, final=True)) == "ungraded"


@pytest.mark.parametrize(("lasted", "verdict"), [(HOPELESS_AFTER - 0.1, None), (HOPELESS_AFTER, "failed")])
def test_a_terminal_state_ends_the_wait_once_it_lasts(lasted: float, verdict: str | None) -> None:
    """A bad state may pass, so it must last before the item is failed early."""
    moment = Moment(now=lasted)
    assert decide(seen("hopeless"), Streak("hopeless", began=0), moment, Patience(within=300)) == verdict


@pytest.mark.parametrize(
    ("lasted", "still", "verdict"),
    [
        (ABSENT_AFTER, ABSENT_AFTER, "failed"),
        (ABSENT_AFTER, 1.0, None),
        (ABSENT_AFTER - 0.1, ABSENT_AFTER, None),
    ],
)
def test_a_missing_object_is_final_only_when_nothing_moves(
    lasted: float, still: float, verdict: str | None
) -> None:
    """While anything of the lab still changes, an object may yet be made."""
    moment = Moment(now=lasted, still_for=still)
    assert decide(seen("absent"), Streak("absent", began=0), moment, Patience(within=300)) == verdict


@pytest.mark.parametrize("within", [0.0, 300.0])
def test_a_doubt_never_fails_an_item(within: float) -> None:
    """Whatever the time, not being able to tell is ungraded or another look."""
    for reason in ("timeout", "forbidden", "check-broken"):
        for now in (0.0, REFUSED_AFTER, 1000.0):
            verdict = decide(
                seen("cannot-tell", reason=reason),
                Streak("cannot-tell", began=0),
                Moment(now),
                Patience(within),
            )
            assert verdict in (None, "ungraded")


def test_a_refusal_is_not_waited_out() -> None:
    """A 403 does not go away within minutes; a timeout may."""
    patience, moment = Patience(within=300), Moment(REFUSED_AFTER)
    streak = Streak("cannot-tell", began=0)
    assert decide(seen("cannot-tell", reason="forbidden"), streak, moment, patience) == "ungraded"
    assert decide(seen("cannot-tell", reason="timeout"), streak, moment, patience) is None


def test_a_single_look_settles_everything_but_proves_no_hold() -> None:
    """With no further look, met without its hold is a doubt of ours, never a fail or a pass."""
    final = Patience(within=300, hold=5, final=True)
    assert decide(seen("unmet"), Streak("unmet", began=0), Moment(0), final) == "failed"
    assert decide(seen("met"), Streak("met", began=0), Moment(0), final) == "ungraded"
    assert decide(seen("met"), Streak("met", began=0), Moment(0, held_by_history=5), final) == "passed"


def test_waiting_for_a_need_never_settles_an_item() -> None:
    """The need has its own deadline; the item gets its look after it."""
    assert decide(seen("waiting"), Streak("waiting", began=0), Moment(1000), Patience(within=1)) is None

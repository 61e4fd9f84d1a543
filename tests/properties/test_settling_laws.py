"""Waiting ends right: what was seen decides, whatever came before it and however long it took."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pytest_k8sgrade.outcome import Observation, Part, Reason, Status
from pytest_k8sgrade.run.settling import LASTING_DOUBTS, Moment, Patience, Streak, decide, held_for

seconds = st.floats(0, 1000)
statuses: st.SearchStrategy[Status] = st.sampled_from(
    ["met", "unmet", "absent", "hopeless", "early", "cannot-tell", "waiting"]
)
reasons = st.sampled_from(["timeout", "some-reason", *sorted(LASTING_DOUBTS)]).map(Reason)
parts = st.lists(st.builds(Part, id=st.just("part"), met=st.booleans()), max_size=3).map(tuple)
patiences = st.builds(Patience, within=seconds, hold=st.floats(0, 60), final=st.booleans())


@st.composite
def looks(draw: st.DrawFn, status: Status) -> tuple[Observation, Streak, Moment, Patience]:
    """A last look of that status, at any moment of a run."""
    now = draw(seconds)
    bad = status not in ("met", "waiting", "cannot-tell")
    observation = Observation(
        status, None if status in ("met", "waiting") else draw(reasons), parts=draw(parts) if bad else ()
    )
    moment = Moment(now, draw(st.none() | seconds), draw(st.floats(0, now) if now else st.just(0.0)))
    return (
        observation,
        Streak(status, draw(st.floats(0, now) if now else st.just(0.0)), 1),
        moment,
        draw(patiences),
    )


@given(look=looks("met"))
def test_a_met_look_never_ends_failed(look: tuple[Observation, Streak, Moment, Patience]) -> None:
    """It passes once its hold is proven; a single look that cannot prove it is a doubt of ours."""
    observation, streak, moment, patience = look
    verdict = decide(observation, streak, moment, patience)
    assert verdict in ("passed", "ungraded", None)
    assert (verdict == "passed") == (held_for(streak, moment) >= patience.hold)
    if verdict == "ungraded":
        assert patience.final


@given(look=looks("cannot-tell"))
def test_a_doubt_never_ends_failed(look: tuple[Observation, Streak, Moment, Patience]) -> None:
    """Nor partial, nor passed: ungraded, or another look."""
    assert decide(*look) in ("ungraded", None)


@given(look=looks("early"))
def test_what_is_early_never_ends_failed(look: tuple[Observation, Streak, Moment, Patience]) -> None:
    """It is worth what is proven of it, or open; and nothing is decided before the time is up."""
    observation, _, moment, patience = look
    verdict = decide(*look)
    proven = any(part.met for part in observation.parts)
    assert verdict in ("partial" if proven else "ungraded", None)
    assert (verdict is None) == (not patience.final and moment.now < patience.within)


@given(look=looks("waiting"))
def test_an_item_that_waits_for_its_need_is_never_decided(
    look: tuple[Observation, Streak, Moment, Patience],
) -> None:
    """The need's end decides."""
    assert decide(*look) is None


@given(look=statuses.filter(lambda status: status in ("unmet", "absent", "hopeless")).flatmap(looks))
def test_what_is_not_as_asked_never_passes(look: tuple[Observation, Streak, Moment, Patience]) -> None:
    """It is failed, or partial when a part is met; never open, never passed."""
    observation, _, moment, patience = look
    verdict = decide(*look)
    assert verdict in ("partial" if any(part.met for part in observation.parts) else "failed", None)
    if patience.final or moment.now >= patience.within:
        assert verdict is not None


@given(look=statuses.filter(lambda status: status != "waiting").flatmap(looks))
def test_nothing_waits_for_ever(look: tuple[Observation, Streak, Moment, Patience]) -> None:
    """After its time every look but a met one whose hold is running decides."""
    observation, streak, moment, patience = look
    late = Moment(max(moment.now, patience.within), moment.held_by_history, moment.still_for)
    if decide(observation, streak, late, patience) is None:
        assert observation.status == "met"
        assert held_for(streak, late) < patience.hold


@given(first=statuses, second=statuses, began=seconds, later=seconds)
def test_a_streak_begins_anew_with_every_other_status(
    first: Status, second: Status, began: float, later: float
) -> None:
    """Holds and terminal states are counted from their first look without a break."""
    streak = Streak(first, began, 3).after(second, began + later)
    assert (streak.began == began) == (first == second or later == 0 or began + later == began)
    assert streak.looks == (4 if first == second else 1)

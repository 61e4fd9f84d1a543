"""When a look at an item is final: the rules of waiting, as pure functions.

The round loop calls `decide` after each look. Times are seconds on the run's own
monotonic clock, counted from its start; nothing here sleeps or asks the cluster.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from pytest_k8sgrade.outcome import Observation, Status

Verdict: TypeAlias = Literal["passed", "partial", "failed", "ungraded"]

HOPELESS_AFTER = 20.0
"""Seconds for which a terminal state must last: bad states pass too."""

ABSENT_AFTER = 30.0
"""Seconds after which a missing object stays missing, if nothing else of the run is on its way or changes."""

REFUSED_AFTER = 5.0
"""Seconds after which an answer that waiting does not change (401, 403 ...) is final."""

UNREACHABLE_AFTER = 30.0
"""Seconds without a single answer after which the run gives up."""

LASTING_DOUBTS = frozenset(
    {
        "forbidden",
        "unauthorized",
        "credentials-expired",
        "credentials-too-new",
        "no-credentials",
        "clock-skew",
        "tls-error",
        "not-recorded",
        "check-broken",
    }
)
"""Reasons for not telling that another look will not change."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long an item may take, in seconds from the start of the run.

    `hold` is how long the wanted state must last. `final` is for a recorded or a
    single look: what is seen is final, because there will be no other.
    """

    within: float
    hold: float = 0.0
    final: bool = False


@dataclass(frozen=True, slots=True)
class Streak:
    """Since when the looks at an item have had the same status, and what the last one was."""

    status: Status = "waiting"
    began: float = 0.0
    looks: int = 0

    def after(self, status: Status, now: float) -> Streak:
        """The streak with one more look."""
        if status == self.status:
            return replace(self, looks=self.looks + 1)
        return Streak(status=status, began=now, looks=1)


@dataclass(frozen=True, slots=True)
class Moment:
    """What `decide` needs to know of the time of a look, in seconds.

    `now` since the start of the run; `held_by_history` how long the cluster's own
    history shows the state to hold; `still_for` how long nothing any item sees has
    changed, 0 while anything is on its way.
    """

    now: float
    held_by_history: float | None = None
    still_for: float = 0.0


def held_for(streak: Streak, moment: Moment) -> float:
    """Seconds for which the met state is known to hold: by history or by looking."""
    looked = moment.now - streak.began
    return max(looked, moment.held_by_history or 0.0)


def decide(observation: Observation, streak: Streak, moment: Moment, patience: Patience) -> Verdict | None:
    """The final verdict of the look, or None: look again."""
    if observation.status == "waiting":
        return None
    if observation.status == "met":
        return _decide_met(streak, moment, patience)
    over = patience.final or moment.now >= patience.within
    if observation.status == "cannot-tell":
        return "ungraded" if over or _lasts(observation, streak, moment) else None
    if over or _stays_bad(observation, streak, moment):
        return _without(observation)
    return None


def _without(observation: Observation) -> Verdict:
    """The verdict of a state that is not as asked; what is only early is not lost."""
    if any(part.met for part in observation.parts):
        return "partial"
    return "ungraded" if observation.status == "early" else "failed"


def _decide_met(streak: Streak, moment: Moment, patience: Patience) -> Verdict | None:
    if held_for(streak, moment) >= patience.hold:
        return "passed"
    return "ungraded" if patience.final else None


def _lasts(observation: Observation, streak: Streak, moment: Moment) -> bool:
    assert observation.reason is not None
    return observation.reason.id in LASTING_DOUBTS and moment.now - streak.began >= REFUSED_AFTER


def _stays_bad(observation: Observation, streak: Streak, moment: Moment) -> bool:
    lasted = moment.now - streak.began
    if observation.status == "hopeless":
        return lasted >= HOPELESS_AFTER
    if observation.status == "absent":
        return lasted >= ABSENT_AFTER and moment.still_for >= ABSENT_AFTER
    return False

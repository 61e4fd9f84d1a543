"""What the run knows of one item: its looks so far, and whether they are final.

Entries are the only mutable state of the rounds. A grade is built from them once
the rounds have ended.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pytest_k8sgrade.grade.build import Change
from pytest_k8sgrade.outcome import Observation, Reason
from pytest_k8sgrade.run.collect import CheckItem
from pytest_k8sgrade.run.settling import Patience, Streak, Verdict

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import View

TIMELINE_LIMIT = 20
"""Changes kept per item; a flapping state must not fill the report."""


@dataclass(slots=True)
class Entry:
    """One item of the rubric during the run.

    `view` is the one that the verdict rests on, `look` the key of the check with the
    values it had there, `held` and `settled_at` are seconds.
    """

    node: CheckItem
    patience: Patience
    needs: tuple[Entry, ...] = ()
    observation: Observation = field(default_factory=lambda: Observation("waiting"))
    verdict: Verdict | None = None
    blocked_by: Entry | None = None
    streak: Streak = field(default_factory=Streak)
    held: float = 0.0
    settled_at: float = 0.0
    view: View | None = None
    timeline: list[Change] = field(default_factory=list)
    look: str = ""

    @property
    def id(self) -> str:
        """The rubric's item id."""
        return self.node.rubric_item.id

    @property
    def acts(self) -> bool:
        """Whether it belongs to the active phase."""
        return self.node.rubric_item.active is not None

    def held_up(self) -> Observation | None:
        """What to say instead of looking, while an item that this one needs stands in the way.

        A need that failed decides, whatever is still open about the others and in whichever order they
        are written; then one that is awaited, because it may still fail; then one that could not be graded.
        """
        failed = (need for need in self.needs if need.blocked_by is not None or need.verdict == "failed")
        self.blocked_by = next(failed, None)
        if self.blocked_by is not None:
            return Observation("waiting")
        for need in self.needs:
            if need.verdict is None and need.observation.status != "met":
                return Observation("waiting")
        for need in self.needs:
            if need.verdict == "ungraded":
                return Observation("cannot-tell", Reason("need-ungraded", {"needs": need.id}))
        return None

    @property
    def settled(self) -> bool:
        """Whether the item has its final word, as far as the looks so far go."""
        return self.verdict is not None or self.blocked_by is not None

    def see(self, observation: Observation, now: float) -> bool:
        """Take in one look; True when it found something else than the one before."""
        changed = _told(observation) != _told(self.observation)
        self.streak = self.streak.after(observation.status, now)
        self.observation = observation
        if changed and len(self.timeline) < TIMELINE_LIMIT:
            self.timeline.append(Change(now, observation))
        return changed

    def be_final(self) -> None:
        """Take the next look for final: there will be no other."""
        self.patience = replace(self.patience, final=True)


def _told(observation: Observation) -> tuple[object, ...]:
    reason = observation.reason
    return (
        observation.status,
        reason.id if reason else None,
        repr(observation.seen),
        tuple(part.met for part in observation.parts),
    )

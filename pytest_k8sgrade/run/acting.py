"""The active phase: once the passive items have settled, what was asked for is done, one after another.

So passive verdicts are about the cluster as it was found. What will be done is announced
first. Live, each check acts and its outcome is noted; on evidence the noted outcome is told
again, and nothing is done.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from pytest_k8sgrade.errors import UsageFault
from pytest_k8sgrade.kube.duration import parse_duration
from pytest_k8sgrade.locale.messages import fill
from pytest_k8sgrade.outcome import CannotTell, Observation, Reason
from pytest_k8sgrade.rubric.suggest import choices
from pytest_k8sgrade.run.entry import Entry
from pytest_k8sgrade.run.looks import broken
from pytest_k8sgrade.run.outcomes import RecordedOutcome
from pytest_k8sgrade.run.settling import Moment, Patience, decide

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import View
    from pytest_k8sgrade.cluster.acting import Actor
    from pytest_k8sgrade.locale.messages import Catalogue
    from pytest_k8sgrade.rubric.model import Rubric
    from pytest_k8sgrade.run.looks import Looker
    from pytest_k8sgrade.run.rounds import Progress
    from pytest_k8sgrade.run.settings import Settings
    from pytest_k8sgrade.run.sources import GradeSource

LASTS: Final = "10m"
"""The longest that a check may take which does not say."""
LONGEST_S: Final = 1500.0
"""No check may take longer, whatever it says: what it makes must not outlive its own limits."""

_ONCE: Final = Patience(within=0, final=True)


def asked_for(rubric: Rubric, settings: Settings, source: GradeSource) -> tuple[str, ...]:
    """The active checks of the run: those asked for, or on evidence those that were; raises `UsageFault`."""
    known = {item.active for item in rubric.items if item.active is not None}
    for name in settings.active:
        if not settings.may_act:
            raise UsageFault(f"--k8s-grade-active {name!r}: nothing may be changed on this cluster")
        if name not in known:
            told = choices(name, known, "active checks") if known else f"{rubric.id} has no active checks"
            raise UsageFault(f"--k8s-grade-active {name!r}: no such active check; {told}")
    return source.recorded.asked if source.replayed else settings.active


@dataclass
class ActivePhase:
    """The active items of a run; `outcomes` is what they found, by look."""

    entries: Sequence[Entry]
    looker: Looker
    source: GradeSource
    progress: Progress
    catalogue: Catalogue
    outcomes: dict[str, RecordedOutcome] = field(default_factory=dict)
    _began: float = field(default_factory=time.monotonic)

    def run(self, view: View) -> None:
        """Settle every entry; the view is the one on which the passive verdicts rest."""
        if not self.source.replayed:
            self._announce(view)
        for entry in self.entries:
            found = entry.held_up() or self._outcome(entry, view)
            now = time.monotonic() - self._began
            entry.see(found, now)
            entry.settled_at, entry.view = now, view
            if entry.blocked_by is None:
                entry.verdict = decide(found, entry.streak, Moment(now), _ONCE)
        if self.entries:
            self.progress.round(self.entries, time.monotonic() - self._began)

    def _announce(self, view: View) -> None:
        """Say what will be done, where, and how long it may take."""
        due = [entry for entry in self.entries if entry.held_up() is None or _needs_active(entry)]
        lines = [line for entry in due if (line := self._plan(entry, view))]
        for line in [self.catalogue.label("act-announced"), *lines] if lines else ():
            self.progress.say(line)

    def _plan(self, entry: Entry, view: View) -> str:
        """What a check will do, in its own label or, for those of others, in the words of its title."""
        try:
            values = self._parameters(entry, self.looker.resolve(entry, view))
        except CannotTell:
            return ""
        labels, check = self.catalogue.labels(), entry.node.check
        plan = fill(labels.get(f"act-{check.name}", check.title), values)
        lasts = values["lasts"]
        return "  " + self.catalogue.label("act-announcement", item=entry.id, plan=plan, lasts=lasts)

    def _parameters(self, entry: Entry, given: Mapping[str, Any]) -> dict[str, Any]:
        known = entry.node.check.parameters.values()
        defaults = {one.name: one.default for one in known if not one.required}
        return {"lasts": LASTS, **defaults, **given}

    def _outcome(self, entry: Entry, view: View) -> Observation:
        """What the check finds, or found when the evidence was recorded."""
        try:
            values = self.looker.resolve(entry, view)
        except CannotTell as doubt:
            return doubt.observation()
        if self.source.replayed:
            known = self.source.recorded.outcomes.get(entry.look)
            return known.observation() if known else Observation("cannot-tell", Reason("act-not-recorded"))
        if entry.look not in self.outcomes:
            self.outcomes[entry.look] = RecordedOutcome.of(self._act(entry, values, view))
        return self.outcomes[entry.look].observation()

    def _act(self, entry: Entry, values: Mapping[str, Any], view: View) -> Observation:
        try:
            lasts = parse_duration(self._parameters(entry, values)["lasts"])
            actor = self.source.actor(min(lasts, LONGEST_S), self._tell)
        except CannotTell as doubt:
            return doubt.observation()
        except ValueError as error:
            return broken(entry.node.check.name, error)
        with actor:
            found = self.looker.act(entry, values, view, actor)
        self._tell_left(actor)
        return found

    def _tell(self) -> None:
        self.progress.round(self.entries, time.monotonic() - self._began)

    def _tell_left(self, actor: Actor) -> None:
        for act in actor.not_undone:
            self.progress.say(self.catalogue.label("act-not-undone", method=act.method, path=act.path))


def _needs_active(entry: Entry) -> bool:
    """Whether it waits for another active item, of which nothing is known yet."""
    return any(need.acts for need in entry.needs)

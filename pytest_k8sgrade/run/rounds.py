"""The round loop: look at what is not settled, on one fresh view per round, until all is.

Deadlines count from the start of the run, so the wait is that of the slowest item.
When the items settled on different views, one closing round looks at all of them
again on a single view: what the grade says was true at one moment, and evidence of
that view gives the same grade. The loop knows nothing of reports.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from pytest_k8sgrade.outcome import CannotTell, Observation
from pytest_k8sgrade.run.entry import Entry
from pytest_k8sgrade.run.settling import UNREACHABLE_AFTER, Moment, decide, held_for

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import View

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 2.0
"""Seconds between the starts of two rounds: short at first, because most waits are."""

CLOSING_ROUNDS = 5
"""Closing rounds until a flapping or vanishing cluster is graded as far as it was seen."""

Look = Callable[[Entry, "View"], Observation]


class Source(Protocol):
    """Where views come from: a cluster, or recorded evidence."""

    def view(self) -> View:
        """A fresh view; on evidence always the recorded one."""


class Progress(Protocol):
    """Told after every round what is still awaited."""

    def round(self, entries: Sequence[Entry], elapsed: float) -> None:
        """Show the state of the run."""

    def say(self, line: str) -> None:
        """Show a line that stays."""


@dataclass
class Rounds:
    """One run over all items. `run` returns when every entry has its final word; `view` is the last one."""

    entries: Sequence[Entry]
    source: Source
    look: Look
    progress: Progress
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    _started: float = field(init=False, default=0.0)
    _number: int = field(init=False, default=0)
    view: View = field(init=False)
    _changed_at: float = field(init=False, default=0.0)
    _answered_at: float = field(init=False, default=0.0)
    _closings: int = field(init=False, default=0)

    def run(self) -> None:
        """Look, settle, wait; then look once more at everything on one view."""
        self._started = self.clock()
        closing = False
        while True:
            began = self._now()
            self._round([entry for entry in self.entries if closing or not entry.settled])
            self.progress.round(self.entries, self._now())
            unsettled = any(not entry.settled for entry in self.entries)
            if not unsettled and self._on_one_view():
                return
            if unsettled or closing:
                self._pause(began)
            if not unsettled and self._closings >= CLOSING_ROUNDS:
                return
            closing = not unsettled
            self._closings += closing

    def _on_one_view(self) -> bool:
        return all(entry.view is self.view for entry in self.entries)

    def _now(self) -> float:
        return self.clock() - self._started

    def _round(self, entries: Sequence[Entry]) -> None:
        self._number += 1
        view = self.view = self.source.view()
        for entry in entries:
            if self._closings >= CLOSING_ROUNDS or self._gave_up():
                entry.be_final()
            self._settle(entry, entry.held_up() or self.look(entry, view), view)
        if any(entry.view is view and _told(entry) for entry in entries) or _answered(view):
            self._answered_at = self._now()

    def _gave_up(self) -> bool:
        return self._now() - self._answered_at >= UNREACHABLE_AFTER

    def _settle(self, entry: Entry, observation: Observation, view: View) -> None:
        now = self._now()
        if observation.status == "cannot-tell" and entry.verdict not in (None, "ungraded"):
            return  # what was told before stands; a later closing round may confirm it
        if entry.see(observation, now):
            self._changed_at = now
        moment = Moment(
            now=now,
            held_by_history=_history(observation, view),
            still_for=0.0 if self._moving() else now - self._changed_at,
        )
        entry.held = held_for(entry.streak, moment) if observation.status == "met" else 0.0
        before = entry.verdict
        entry.verdict = (
            None if entry.blocked_by else decide(observation, entry.streak, moment, entry.patience)
        )
        if entry.verdict is None or entry.verdict != before:
            entry.settled_at = now  # a closing round that only confirms costs the item nothing
        entry.view = view

    def _moving(self) -> bool:
        """Whether anything may still become right by itself: a long image pull shows no change."""
        return any(
            not entry.settled and entry.observation.status in ("unmet", "early", "met")
            for entry in self.entries
        )

    def _pause(self, began: float) -> None:
        wanted = min(LONGEST_PAUSE, FIRST_PAUSE * (1 + self._number / 5))
        self.sleep(max(0.0, wanted - (self._now() - began)))


def _told(entry: Entry) -> bool:
    return entry.observation.status not in ("cannot-tell", "waiting")


def _answered(view: View) -> bool:
    return any(not isinstance(exchange.result, CannotTell) for exchange in view.exchanges())


def _history(observation: Observation, view: View) -> float | None:
    if observation.since is None:
        return None
    return max(0.0, (view.now - observation.since).total_seconds())

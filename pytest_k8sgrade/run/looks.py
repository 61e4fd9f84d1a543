"""One look at one item: resolve its parameters, run the check, say what it found.

The check runs through pytest's own protocol, unlogged, so that fixtures, capture
and other plugins work as in any run; what it raised becomes an observation.
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, cast

import pytest
from _pytest.runner import runtestprotocol  # the one private name: pytest has no unlogged protocol

from pytest_k8sgrade.cluster import Cluster, View
from pytest_k8sgrade.outcome import CannotTell, Finding, JsonValue, Observation, Reason, cannot_tell
from pytest_k8sgrade.rubric.variables import needed_variables, substitute
from pytest_k8sgrade.run.entry import Entry
from pytest_k8sgrade.run.search import Search
from pytest_k8sgrade.theory.drawing import Draw
from pytest_k8sgrade.theory.question import Answer

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster.acting import Actor
    from pytest_k8sgrade.run.collect import CheckItem
    from pytest_k8sgrade.theory.sheet import Sheet

FOUND = pytest.StashKey[Observation]()
"""What the look at an item found; written by the makereport hook."""


@dataclass
class Looker:
    """Looks at items on views; the `cluster` fixture reads the current facade from here."""

    search: Search
    holds: Mapping[str, float] = field(default_factory=dict)
    values: dict[str, JsonValue] = field(default_factory=dict)
    sheet: Sheet | None = None
    _cluster: Cluster | None = None
    _actor: Actor | None = None

    def current(self) -> Cluster:
        """The facade of the look that is going on."""
        if self._cluster is None:
            raise RuntimeError("the cluster fixture works only in items that --k8s-grade collects")
        return self._cluster

    def answer(self, question: str) -> Answer:
        """What was answered to a question; without a sheet nothing can be told of it."""
        if self.sheet is None:
            cannot_tell("theory-no-answers", question=question)
        if question not in self.sheet.answers:
            cannot_tell("theory-not-asked", question=question, version=self.sheet.version)
        draw = Draw(self.sheet.rubric, self.sheet.version, self.sheet.student, question)
        return Answer(draw, self.sheet.answers.get(question))

    def acting(self) -> Actor:
        """The actor of the active check that is going on."""
        if self._actor is None:
            raise RuntimeError("the actor fixture works only in active items that were asked for")
        return self._actor

    def look(self, entry: Entry, view: View) -> Observation:
        """Evaluate the item's check on the view."""
        try:
            values = self.resolve(entry, view)
        except CannotTell as doubt:
            return doubt.observation()
        return self._held(entry.look, self._evaluate(entry.node, values, Cluster(view)), view)

    def resolve(self, entry: Entry, view: View) -> dict[str, JsonValue]:
        """The parameters of the item on the view; may raise `CannotTell`."""
        item = entry.node.rubric_item
        known = self.search.values(needed_variables(item), view)
        self.values.update(known)
        values = substitute(item.with_, known)
        entry.look = look_key(item.check, values)
        return values

    def act(self, entry: Entry, values: Mapping[str, JsonValue], view: View, actor: Actor) -> Observation:
        """Let the item's check act; the view is the one on which the passive verdicts rest."""
        self._actor = actor
        try:
            found = self._evaluate(entry.node, values, Cluster(view))
        finally:
            self._actor = None
        return replace(found, seen=actor.seen) if found.status == "met" else found

    def _held(self, look: str, found: Observation, view: View) -> Observation:
        """What a recording run saw to hold by looking again is part of the evidence."""
        if found.status != "met" or look not in self.holds:
            return found
        recorded = view.now - timedelta(seconds=self.holds[look])
        return replace(found, since=min(found.since or recorded, recorded))

    def _evaluate(self, node: CheckItem, values: Mapping[str, JsonValue], cluster: Cluster) -> Observation:
        node.bind(dict(values))
        node.stash[FOUND] = Observation("met")
        self._cluster = cluster
        try:
            # The session for the next item: its fixtures stay, those of module and function end.
            runtestprotocol(node, log=False, nextitem=cast("pytest.Item", node.session))
        finally:
            self._cluster = None
        found = node.stash[FOUND]
        if found.status == "met" and cluster.since is not None:
            return Observation("met", since=cluster.since)
        return found


def look_key(check: str, values: Mapping[str, JsonValue]) -> str:
    """By what evidence knows a look: the check and its parameters, not the item's id."""
    return f"{check} {json.dumps(values, sort_keys=True, ensure_ascii=False)}"


def observe(node: CheckItem, call: pytest.CallInfo[None]) -> None:
    """Keep what a phase of the look raised; the first thing raised is what counts."""
    if call.excinfo is None or node.stash[FOUND].status != "met":
        return
    error = call.excinfo.value
    if isinstance(error, Finding):
        node.stash[FOUND] = error.observation()
    else:
        node.stash[FOUND] = broken(node.rubric_item.check, error)


def broken(check: str, error: BaseException) -> Observation:
    """A check that broke: a doubt of ours, with the traceback for its author."""
    told = "".join(traceback.format_exception(error))
    return Observation(
        "cannot-tell", Reason("check-broken", {"check": check, "error": type(error).__name__}), traceback=told
    )

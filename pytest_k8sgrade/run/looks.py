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
from pytest_k8sgrade.outcome import CannotTell, Finding, JsonValue, Observation, Reason
from pytest_k8sgrade.rubric.variables import needed_variables, substitute
from pytest_k8sgrade.run.entry import Entry
from pytest_k8sgrade.run.search import Search

if TYPE_CHECKING:
    from pytest_k8sgrade.run.collect import CheckItem

FOUND = pytest.StashKey[Observation]()
"""What the look at an item found; written by the makereport hook."""


@dataclass
class Looker:
    """Looks at items on views; the `cluster` fixture reads the current facade from here."""

    search: Search
    holds: Mapping[str, float] = field(default_factory=dict)
    values: dict[str, JsonValue] = field(default_factory=dict)
    _cluster: Cluster | None = None

    def current(self) -> Cluster:
        """The facade of the look that is going on."""
        if self._cluster is None:
            raise RuntimeError("the cluster fixture works only in items that --k8s-grade collects")
        return self._cluster

    def look(self, entry: Entry, view: View) -> Observation:
        """Evaluate the item's check on the view."""
        item = entry.node.rubric_item
        cluster = Cluster(view)
        try:
            known = self.search.values(needed_variables(item), view)
        except CannotTell as doubt:
            return doubt.observation()
        self.values.update(known)
        values = substitute(item.with_, known)
        entry.look = look_key(item.check, values)
        return self._held(entry.look, self._evaluate(entry.node, values, cluster), view)

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

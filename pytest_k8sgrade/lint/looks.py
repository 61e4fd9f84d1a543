"""Looks at items outside of a run: a check is called on a cluster that lint has made up or recorded.

Every item is looked at for itself, whatever it needs: what an item passes on must not
be hidden by the items before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pytest_k8sgrade.cluster import Cluster, View
from pytest_k8sgrade.cluster.reader import Reader
from pytest_k8sgrade.lint.subject import Subject
from pytest_k8sgrade.outcome import Finding, JsonValue, Observation
from pytest_k8sgrade.rubric.kinds import known_kinds
from pytest_k8sgrade.rubric.model import Item
from pytest_k8sgrade.rubric.signature import Check
from pytest_k8sgrade.rubric.variables import fixed_values, needed_variables, searches, substitute
from pytest_k8sgrade.run.looks import broken
from pytest_k8sgrade.run.search import Search
from pytest_k8sgrade.theory.drawing import Draw
from pytest_k8sgrade.theory.question import Answer

_NOW = datetime(2026, 1, 2, tzinfo=UTC)
"""The time of clusters that are made up: a day after all they hold was made."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a check found, the keys of the requests that it made, and of those that its variables needed."""

    item: Item
    observation: Observation
    own: frozenset[str]
    searched: frozenset[str] = frozenset()

    @property
    def asked(self) -> frozenset[str]:
        """The keys of all requests."""
        return self.own | self.searched


@dataclass(frozen=True)
class Scene:
    """A cluster to look at. `now` is its clock."""

    reader: Reader
    now: datetime = _NOW

    def looks(self, subject: Subject) -> Iterator[Look]:
        """One look at each graded item, each on a view of its own."""
        looked_up = searches(subject.rubric, {})
        if any(one.kind.lower() not in known_kinds() for one in looked_up.values()):
            return  # a variable that no run can look up, which is a finding of its own
        search = Search(fixed_values(subject.rubric, {}), looked_up)
        for item, check in subject.graded:
            if runs_alone(check):
                yield self._look(item, check, search)

    def _look(self, item: Item, check: Check, search: Search) -> Look:
        place, view = View(self.reader, now=self.now), View(self.reader, now=self.now)
        try:
            values = substitute(item.with_, search.values(needed_variables(item), place))
            observation = _observe(item, check, values, view)
        except Finding as finding:
            observation = finding.observation()
        return Look(item, observation, _keys(view), _keys(place))


def _keys(view: View) -> frozenset[str]:
    return frozenset(exchange.key for exchange in view.exchanges())


def runs_alone(check: Check) -> bool:
    """Whether a check needs nothing of pytest."""
    return not check.takes("request")


def _observe(item: Item, check: Check, values: Mapping[str, JsonValue], view: View) -> Observation:
    """What the check finds on the view, or in a sheet on which nothing is answered."""
    given: dict[str, Any] = {"cluster": Cluster(view)} if check.takes("cluster") else {}
    if check.takes("answer"):
        given["answer"] = Answer(Draw("lint", "1", "nobody", item.id))
    try:
        check.function(**given, **values)
    except Finding as finding:
        return finding.observation()
    except Exception as error:  # whatever the code of an author raises is a finding
        return broken(check.name, error)
    return Observation("met")

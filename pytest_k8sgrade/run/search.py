"""The rubric's variables that are looked up in the cluster, once per view.

A course lets students choose between namespaces; the one that holds the object is
graded. Where none holds it, the first that exists is, so that what is missing is
named where the student works.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pytest_k8sgrade.cluster import Cluster, View
from pytest_k8sgrade.outcome import JsonValue
from pytest_k8sgrade.rubric.kinds import known_kinds
from pytest_k8sgrade.rubric.model import FirstThatExists, Scalar


@dataclass
class Search:
    """`fixed` are the values known without a cluster; `searches` those to look up."""

    fixed: Mapping[str, Scalar]
    searches: Mapping[str, FirstThatExists]
    _view: View | None = field(default=None, init=False)
    _found: dict[str, str] = field(default_factory=dict, init=False)

    def values(self, names: Iterable[str], view: View) -> dict[str, JsonValue]:
        """The values of these variables on a view; may raise `CannotTell`."""
        if view is not self._view:
            self._view, self._found = view, {}
        return {name: self._value(name, Cluster(view)) for name in names}

    def _value(self, name: str, cluster: Cluster) -> JsonValue:
        if name in self.fixed:
            return self.fixed[name]
        if name not in self._found:
            self._found[name] = first_that_exists(self.searches[name], cluster)
        return self._found[name]


def first_that_exists(search: FirstThatExists, cluster: Cluster) -> str:
    """The first namespace that holds the object, else the first that exists, else the first."""
    api_version, kind = known_kinds()[search.kind.lower()]
    for namespace in search.first_that_exists:
        if cluster.find(api_version, kind, search.name, namespace) is not None:
            return namespace
    for namespace in search.first_that_exists:
        if cluster.find("v1", "Namespace", namespace) is not None:
            return namespace
    return search.first_that_exists[0]

"""What a rubric needs to be allowed, item by item.

First the code of its checks is read (`reading`), which tells also what is asked in states of a
cluster that nobody has recorded. Then the checks are looked at, on lint's clusters and on the
recorded ones of the rubric's proofs: what is asked there and was not found in the code, as may
happen to the checks of somebody else's pack, is needed as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

from pytest_k8sgrade.cluster.resources import KNOWN
from pytest_k8sgrade.errors import UsageFault
from pytest_k8sgrade.lint.clusters.fresh import FreshCluster
from pytest_k8sgrade.lint.clusters.hollow import HollowCluster
from pytest_k8sgrade.lint.looks import Scene
from pytest_k8sgrade.lint.recordings import recordings_of
from pytest_k8sgrade.lint.subject import Subject
from pytest_k8sgrade.outcome import JsonValue
from pytest_k8sgrade.rights.constants import Values, distinct, frozen
from pytest_k8sgrade.rights.permission import Permission, covered, of_key, without_contained
from pytest_k8sgrade.rights.reading import reading
from pytest_k8sgrade.rubric.document import Document
from pytest_k8sgrade.rubric.kinds import known_kinds
from pytest_k8sgrade.rubric.load import LoadedRubric
from pytest_k8sgrade.rubric.model import Item
from pytest_k8sgrade.rubric.suggest import choices
from pytest_k8sgrade.rubric.variables import (
    fixed_values,
    needed_variables,
    parse_overrides,
    searches,
    substitute,
)

CLUSTER: Final = Permission("", "namespaces", "get")
"""The cluster's own identity is the UID of kube-system."""


@dataclass(frozen=True)
class Needs:
    """Permissions, each with the ids of the items that need it; without any it is for the run itself.

    `unclear` are places in the code where the cluster decides what is asked, with their items;
    `namespaces` are those that the items name, and those in which Secrets or services were asked.
    """

    permissions: Mapping[Permission, tuple[str, ...]]
    unclear: Mapping[str, tuple[str, ...]]
    items: tuple[str, ...]
    namespaces: tuple[str, ...] = ()


def needs_of(lab: LoadedRubric, overrides: Sequence[str] = (), active: Sequence[str] = ()) -> Needs:
    """What grading with a rubric needs; `active` names the active checks that are asked for.

    Raises `UsageFault` for an override or an active check that the rubric does not have.
    """
    _require_known(lab, active)
    settings = [*_settings(lab, overrides)]
    items = [item for item in lab.rubric.items if item.active is None or item.active in active]
    found = _Found(tuple(item.id for item in items))
    found.namespaces = {name for item in items for name in _namespaces(item, settings)}
    found.add(CLUSTER, None)
    looked_up = searches(lab.rubric, parse_overrides(lab.rubric, overrides))
    for item in items:
        for variable in needed_variables(item) & looked_up.keys():
            found.add(_deciding(*known_kinds()[looked_up[variable].kind.lower()]), item.id)
        read = reading(lab.checks[item.check], _given(item, lab, settings))
        for permission in read.permissions:
            found.add(permission, item.id)
        for place in read.unclear:
            found.unclear.setdefault(place, set()).add(item.id)
    for item_id, permission in _seen(lab):
        if item_id not in found.items:
            continue
        if permission.is_sensitive and permission.namespace:
            found.namespaces.add(permission.namespace)
        if not covered(permission, found.permissions):
            found.add(permission, item_id)
    return found.needs()


class _Found:
    def __init__(self, items: tuple[str, ...]) -> None:
        self.items = items
        self.permissions: dict[Permission, set[str]] = {}
        self.unclear: dict[str, set[str]] = {}
        self.namespaces: set[str] = set()

    def add(self, permission: Permission, item: str | None) -> None:
        self.permissions.setdefault(permission, set()).update({item} if item else ())

    def needs(self) -> Needs:
        """Without what is contained in something else; the items come in the rubric's order."""
        kept = without_contained(self.permissions)
        items = {one: set(self.permissions[one]) for one in kept}
        for one in self.permissions.keys() - kept:
            for other in kept:
                if covered(one, {other}):
                    items[other] |= self.permissions[one]
        return Needs(
            {one: self._ordered(items[one]) for one in sorted(kept)},
            {place: self._ordered(found) for place, found in sorted(self.unclear.items())},
            self.items,
            tuple(sorted(self.namespaces)),
        )

    def _ordered(self, items: set[str]) -> tuple[str, ...]:
        return tuple(one for one in self.items if one in items)


def _require_known(lab: LoadedRubric, active: Sequence[str]) -> None:
    known = {item.active for item in lab.rubric.items if item.active is not None}
    for name in active:
        if name not in known:
            told = choices(name, known, "active checks") if known else f"{lab.rubric.id} has no active checks"
            raise UsageFault(f"--active {name!r}: no such active check; {told}")


def _settings(lab: LoadedRubric, overrides: Sequence[str]) -> Iterator[Mapping[str, JsonValue]]:
    """The values that variables may have, in every combination."""
    chosen = parse_overrides(lab.rubric, overrides)
    looked_up = searches(lab.rubric, chosen)
    for found in product(*(search.first_that_exists for search in looked_up.values())):
        yield {**fixed_values(lab.rubric, chosen), **dict(zip(looked_up, found, strict=True))}


def _given(item: Item, lab: LoadedRubric, settings: Sequence[Mapping[str, JsonValue]]) -> dict[str, Values]:
    """The values that a check's parameters may have for an item."""
    substituted = [substitute(item.with_, values) for values in settings]
    return {
        name: distinct(frozen(values.get(name, parameter.default)) for values in substituted)
        for name, parameter in lab.checks[item.check].parameters.items()
    }


def _namespaces(item: Item, settings: Sequence[Mapping[str, JsonValue]]) -> Iterator[str]:
    """The namespaces that an item names in its parameters, whatever its variables are."""
    for values in settings:
        for name, value in substitute(item.with_, values).items():
            if name.endswith(("namespace", "namespaces")):
                given = value if isinstance(value, (list, tuple)) else [value]
                yield from (one for one in given if isinstance(one, str) and one)


def _deciding(api_version: str, kind: str) -> Permission:
    """What it takes to look a variable up; the namespaces themselves are read by every run."""
    resource = KNOWN[api_version, kind]
    return Permission(api_version.rpartition("/")[0], resource.plural, "get")


def _seen(lab: LoadedRubric) -> Iterator[tuple[str, Permission]]:
    """What items ask on the clusters that there are without a network."""
    subject = Subject(lab.pack, Document(), lab.rubric, lab.checks, {})
    recorded, _ = recordings_of(subject)
    for scene in (Scene(FreshCluster()), Scene(HollowCluster()), *recorded.scenes()):
        for look in scene.looks(subject):
            for key in look.asked:
                permission = of_key(key)
                if permission is not None:
                    yield look.item.id, permission

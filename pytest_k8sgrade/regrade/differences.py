"""What a new rubric says otherwise than the old one, key by key.

`regrade.run` shows it beside the marks: a mark that changed while nothing here did is
the checks' doing. Pure: two rubrics in, a list out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pytest_k8sgrade.grade.model import plain_number
from pytest_k8sgrade.regrade.model import RubricChange
from pytest_k8sgrade.rubric.model import Item, Rubric

_OF_ITEMS = frozenset({"groups", "k8sgrade", "policy", "reads"})
"""Keys of a rubric that are told item by item, or that change no verdict."""

_NESTED = ("with", "vars", "hints")
"""Keys whose values are told one by one."""


def rubric_changes(old: Rubric, new: Rubric) -> tuple[RubricChange, ...]:
    """The rubric's own keys first, then the items in the new order, removed ones last."""
    return (*_changes(None, _own(old), _own(new)), *_item_changes(old, new))


def changed_keys(changes: tuple[RubricChange, ...], item: str) -> tuple[str, ...]:
    """The keys of an item that the new rubric changed."""
    return tuple(change.key for change in changes if change.item == item)


def _item_changes(old: Rubric, new: Rubric) -> Iterator[RubricChange]:
    groups_of_old, groups_of_new = _groups(old), _groups(new)
    for item in new.items:
        if item.id not in old.by_id:
            yield RubricChange(item=item.id, key="item", old=None, new=item.check)
            continue
        before = {**_told(old.by_id[item.id]), "group": groups_of_old[item.id]}
        yield from _changes(item.id, before, {**_told(item), "group": groups_of_new[item.id]})
    for item in old.items:
        if item.id not in new.by_id:
            yield RubricChange(item=item.id, key="item", old=item.check, new=None)


def _groups(rubric: Rubric) -> dict[str, str]:
    return {item.id: group.id for group in rubric.groups for item in group.items}


def _own(rubric: Rubric) -> dict[str, Any]:
    flat = _told(rubric)
    return {key: value for key, value in flat.items() if key not in _OF_ITEMS}


def _told(part: Item | Rubric) -> dict[str, Any]:
    points = None if part.points is None else plain_number(part.points)
    return {**_flat(part.model_dump(mode="json", by_alias=True)), "points": points}


def _flat(data: Mapping[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in data.items():
        if key in _NESTED and isinstance(value, Mapping):
            flat.update({f"{key}.{name}": part for name, part in value.items()})
        else:
            flat[key] = value
    return flat


def _changes(item: str | None, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[RubricChange]:
    for key in [*new, *(key for key in old if key not in new)]:
        if old.get(key) != new.get(key):
            yield RubricChange(item=item, key=key, old=old.get(key), new=new.get(key))

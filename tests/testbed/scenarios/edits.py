"""Changes that edit or remove one object and put the very object back that was there before.

Used by the modules of `changes/` where a merge patch would not do: entries of lists, keys with
dots, objects that a chart made. What was there is kept in this process until it is put back.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tests.testbed.layers import look

from .change import Change, Seen, Target, register, replace

if TYPE_CHECKING:
    from tests.testbed.layers.base import Document
    from tests.testbed.node import Bed

Edit = Callable[[dict[str, Any]], None]

OWN = ("resourceVersion", "uid", "creationTimestamp", "generation", "managedFields", "selfLink")
"""Metadata that the API server gives."""

_KEPT: dict[tuple[str, str], Document] = {}


def edited(
    name: str,
    title: str,
    target: Target,
    edit: Edit,
    *,
    effect: Seen,
    restored: Seen,
    timeout: float = 120,
) -> Change:
    """A change of one object by a function that alters a copy of it; registered under its name."""

    def apply(bed: Bed) -> None:
        before = keep(bed, name, target)
        after = copy.deepcopy(before)
        edit(after)
        replace(bed, after)

    def undo(bed: Bed) -> None:
        put_back(bed, name)
        look.until(f"{name} undone", lambda: restored(bed), timeout)

    return _registered(name, title, apply, undo, effect, timeout)


def removed(
    name: str, title: str, target: Target, *, effect: Seen, restored: Seen, timeout: float = 120
) -> Change:
    """A change that deletes one object; registered under its name."""

    def apply(bed: Bed) -> None:
        keep(bed, name, target)
        target.delete(bed)

    def undo(bed: Bed) -> None:
        create(bed, _KEPT.pop((bed.name, name)))
        look.until(f"{name} undone", lambda: restored(bed), timeout)

    return _registered(name, title, apply, undo, effect, timeout)


def keep(bed: Bed, name: str, target: Target) -> Document:
    """The object as it is now, kept for the undoing of a change."""
    found = target.read(bed)
    if found is None:
        raise LookupError(f"{target.kind} {target.namespace}/{target.name} is not there")
    _KEPT[bed.name, name] = bare(found)
    return _KEPT[bed.name, name]


def put_back(bed: Bed, name: str) -> None:
    """Make a kept object what it was."""
    replace(bed, _KEPT.pop((bed.name, name)))


def create(bed: Bed, *found: Document) -> None:
    """Make objects that are not there."""
    bed.kubectl(
        "create", "-f", "-", input=json.dumps({"apiVersion": "v1", "kind": "List", "items": list(found)})
    )


def bare(found: Document) -> Document:
    """An object as its author would have written it."""
    metadata = {key: value for key, value in found["metadata"].items() if key not in OWN}
    return {**{key: value for key, value in found.items() if key != "status"}, "metadata": metadata}


def _registered(
    name: str,
    title: str,
    apply: Callable[[Bed], None],
    undo: Callable[[Bed], None],
    effect: Seen,
    timeout: float,
) -> Change:
    def settle(bed: Bed) -> None:
        look.until(f"{name} in effect", lambda: effect(bed), timeout)

    return register(Change(name=name, title=title, apply=apply, settle=settle, undo=undo))

"""Small changes to a scenario as objects of their own: apply, see them take effect, undo.

A `Change` is what a test adds to a cluster that is otherwise right, to see that exactly the items
concerned lose their points. Modules in `changes/` make them and `register` puts them into the
table under their name; `applied` is the form tests use on a shared bed, because it always undoes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.testbed.layers import look

if TYPE_CHECKING:
    from tests.testbed.layers.base import Document
    from tests.testbed.node import Bed

Step = Callable[["Bed"], None]
Seen = Callable[["Bed"], str | None]

CHANGES: dict[str, Change] = {}
HOLDER = "example.com/held"
"""The finalizer that keeps an object which is being deleted."""


@dataclass(frozen=True)
class Change:
    """A named change: `apply` returns at once, `settle` when it shows, `undo` when all is as before."""

    name: str
    title: str
    apply: Step
    settle: Step
    undo: Step


def register(change: Change) -> Change:
    """Put a change into the table."""
    if change.name in CHANGES:
        raise ValueError(f"two changes are called {change.name!r}")
    CHANGES[change.name] = change
    return change


def change(name: str) -> Change:
    """A change by name."""
    if name not in CHANGES:
        raise ValueError(f"no change {name!r}: there are {', '.join(sorted(CHANGES))}")
    return CHANGES[name]


@contextmanager
def applied(bed: Bed, *changes: Change) -> Iterator[None]:
    """Apply changes, wait until they have taken effect, and undo them in the end whatever happens."""
    done: list[Change] = []
    try:
        for wanted in changes:
            done.append(wanted)
            wanted.apply(bed)
        for wanted in changes:
            wanted.settle(bed)
        yield
    finally:
        for wanted in reversed(done):
            wanted.undo(bed)


@dataclass(frozen=True)
class Target:
    """An object that is patched: kind as kubectl calls it, namespace, name."""

    kind: str
    namespace: str
    name: str

    def patch(self, bed: Bed, body: Any, *, how: str = "merge", status: bool = False) -> None:
        """Apply a patch: a JSON merge patch unless told otherwise (`strategic` merges containers by name)."""
        part = ["--subresource=status"] if status else []
        text = json.dumps(body)
        bed.kubectl("patch", self.kind, self.name, "-n", self.namespace, f"--type={how}", "-p", text, *part)

    def delete(self, bed: Bed, *options: str) -> None:
        """Delete it and return at once; nothing happens when it is not there."""
        named = [self.kind, self.name, "-n", self.namespace]
        bed.kubectl("delete", *named, "--ignore-not-found", "--wait=false", *options)

    def hold_and_delete(self, bed: Bed, *options: str) -> None:
        """Delete it while a finalizer keeps it: it is being deleted until `let_go`."""
        self.patch(bed, {"metadata": {"finalizers": [HOLDER]}})
        self.delete(bed, *options)

    def let_go(self, bed: Bed) -> None:
        """Take the finalizer away and wait until the object is gone."""
        if self.read(bed) is not None:
            self.patch(bed, {"metadata": {"finalizers": None}})
        look.until(f"{self.kind} {self.name} gone", lambda: None if self.read(bed) is None else "still there")

    def read(self, bed: Bed) -> dict[str, Any] | None:
        """The object as it is now, None when it is not there."""
        text = bed.kubectl(
            "get", self.kind, self.name, "-n", self.namespace, "--ignore-not-found", "-o", "json"
        )
        found: dict[str, Any] | None = json.loads(text) if text.strip() else None
        return found


def replace(bed: Bed, *found: Document) -> None:
    """Make objects exactly what these documents say: what a change has added to them is gone."""
    bed.kubectl(
        "replace", "-f", "-", input=json.dumps({"apiVersion": "v1", "kind": "List", "items": list(found)})
    )


def watched(name: str, title: str, apply_: Step, *, effect: Seen, undo: Step, restored: Seen) -> Change:
    """A change in the table: two steps, and what tells that the one shows and the other is over."""

    def taken_back(bed: Bed) -> None:
        undo(bed)
        look.until(f"{name} undone", lambda: restored(bed))

    return register(
        Change(
            name=name,
            title=title,
            apply=apply_,
            settle=lambda bed: look.until(f"{name} in effect", lambda: effect(bed)),
            undo=taken_back,
        )
    )


def patched(
    name: str,
    title: str,
    target: Target,
    *,
    to: dict[str, Any],
    back: dict[str, Any],
    effect: Seen,
    restored: Seen,
    timeout: float = 120,
) -> Change:
    """A change that is one merge patch, with the patch that takes it back and a probe for either state."""

    def undo(bed: Bed) -> None:
        target.patch(bed, back)
        look.until(f"{name} undone", lambda: restored(bed), timeout)

    return Change(
        name=name,
        title=title,
        apply=lambda bed: target.patch(bed, to),
        settle=lambda bed: look.until(f"{name} in effect", lambda: effect(bed), timeout),
        undo=undo,
    )

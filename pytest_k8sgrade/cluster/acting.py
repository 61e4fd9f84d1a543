"""What an active check gets as its fixture `actor`: a cluster to change for a while, and to watch.

Everything it does is announced, allowed (`acting_rules`), promised to the guard before it
is done (`acting_guard`), and taken back when the check ends, however it ends. Every look
is at a fresh view: it is the course of things that counts here, not one moment.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Final, Protocol, TypeVar

from pytest_k8sgrade.cluster import acting_leftovers
from pytest_k8sgrade.cluster.acting_rules import PREFIX, Act, create, delete, owned
from pytest_k8sgrade.cluster.exchange import Response
from pytest_k8sgrade.cluster.facade import Cluster
from pytest_k8sgrade.outcome import CannotTell, JsonValue

PAUSE_S: Final = 2.0
_MARGIN: Final = timedelta(minutes=2)
"""What we make may outlast the check by this much, should nobody be there to clean up."""

T = TypeVar("T")


class Sender(Protocol):
    """Sends acts; `acting_sending.ActingTransport` is one."""

    def perform(self, act: Act) -> Response:
        """Do it, or CannotTell."""

    def take_back(self, act: Act) -> bool:
        """Undo something; True when there was something to undo."""


class Promises(Protocol):
    """Who undoes what we cannot any more; `acting_guard.Guard` is one."""

    def promise(self, undo: Act) -> int:
        """How to undo what is about to be done."""

    def kept(self, number: int) -> None:
        """It has been undone."""

    def close(self) -> None:
        """There is nothing more to come."""


@dataclass(frozen=True, slots=True)
class Done:
    """Something that was done, and how it is undone; `number` is that of its promise."""

    undo: Act
    number: int


@dataclass
class Actor:
    """Changes a cluster for one active check, at most for `lasts` seconds; a context manager.

    `seen` is what a check that passes has to tell. `told` is called at every look.
    """

    sender: Sender
    guard: Promises
    look: Callable[[], Cluster]
    lasts: float
    told: Callable[[], None] = lambda: None
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    run: str = field(default_factory=lambda: secrets.token_hex(4))
    seen: JsonValue = None
    not_undone: list[Act] = field(default_factory=list)
    _done: list[Done] = field(default_factory=list)
    _swept: set[str] = field(default_factory=set)
    _began: float = 0.0

    def __enter__(self) -> Actor:
        self._began = self.clock()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            while self._done:
                self.take_back(self._done[-1])
        finally:
            self.guard.close()

    @property
    def left(self) -> float:
        """Seconds until the check must be over."""
        return self.lasts - (self.clock() - self._began)

    @property
    def expires(self) -> datetime:
        """Until when, by the cluster's clock, what is made now may be there."""
        return self.look().now + timedelta(seconds=max(0.0, self.left)) + _MARGIN

    def name(self, purpose: str) -> str:
        """The name of an object of this run."""
        return f"{PREFIX}{purpose}-{self.run}"

    def manifest(self, kind: str, purpose: str, namespace: str) -> dict[str, Any]:
        """The head of an object of this run, with its labels and the time until which it may be there."""
        return owned(kind, self.name(purpose), namespace, self.run, self.expires)

    def create(self, manifest: dict[str, Any]) -> Done:
        """Make an object; it is deleted when the check ends."""
        metadata = manifest["metadata"]
        return self.do(create(manifest), delete(manifest["kind"], metadata["namespace"], metadata["name"]))

    def do(self, act: Act, undo: Act) -> Done:
        """Change something; what an earlier run has left behind in that namespace goes first."""
        if act.namespace not in self._swept:
            self._swept.add(act.namespace)
            acting_leftovers.clear(self.look(), act.namespace, self.sender)
        done = Done(undo, self.guard.promise(undo))
        self._done.append(done)
        self.sender.perform(act)
        return done

    def adjust(self, act: Act) -> None:
        """Change something that what was done before undoes as well."""
        self.sender.perform(act)

    def take_back(self, done: Done) -> None:
        """Undo something now; what fails is left to the guard and told."""
        self._done.remove(done)
        try:
            self.sender.take_back(done.undo)
        except CannotTell:
            self.not_undone.append(done.undo)
        else:
            self.guard.kept(done.number)

    def until(self, seconds: float, probe: Callable[[Cluster], T | None], pause: float = PAUSE_S) -> T | None:
        """What the probe finds on a fresh view, None when it found nothing in time.

        A probe that cannot tell is asked again; when it cannot at the end either, neither can we.
        """
        ends = self.clock() + min(seconds, self.left)
        while True:
            self.told()
            doubt: CannotTell | None = None
            try:
                found = probe(self.look())
            except CannotTell as error:
                found, doubt = None, error
            if found is not None:
                return found
            if self.clock() + pause > ends:
                if doubt is not None:
                    raise doubt
                return None
            self.sleep(pause)

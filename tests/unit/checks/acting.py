"""A cluster in memory that something can be done to, and a clock that stands still while nobody waits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from pytest_k8sgrade.cluster.acting import Actor
from pytest_k8sgrade.cluster.acting_rules import Act, is_allowed
from pytest_k8sgrade.cluster.exchange import Response
from pytest_k8sgrade.outcome import Finding, Observation
from tests.unit.checks.api import MemoryApi, require_readable

React = Callable[[Act], int]


class World:
    """Sender and guard of an actor.

    `react` changes the api when something is done, and gives the status; `tick` is called with the
    seconds that have passed since the check began.
    """

    def __init__(self, api: MemoryApi, react: React, tick: Callable[[float], None] = lambda _: None) -> None:
        self.api = api
        self.react = react
        self.tick = tick
        self.now = 0.0
        self.done: list[Act] = []
        self.undone: list[Act] = []
        self.promised: dict[int, Act] = {}

    def actor(self, lasts: float = 700.0) -> Actor:
        """Somebody who acts here."""
        return Actor(
            self, self, self.api.cluster, lasts, clock=lambda: self.now, sleep=self.sleep, run="0badcafe"
        )

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds
        self.api.now += timedelta(seconds=seconds)
        self.tick(self.now)

    def perform(self, act: Act) -> Response:
        """Do it, if it is allowed and was promised to be undone."""
        assert is_allowed(act), act
        assert self.promised, "nobody knows how to undo it"
        self.done.append(act)
        status = self.react(act)
        assert status < 300, (status, act)
        return Response(status, {}, b"{}")

    def take_back(self, act: Act) -> bool:
        """Undo it."""
        assert is_allowed(act), act
        self.undone.append(act)
        return self.react(act) < 300

    def promise(self, undo: Act) -> int:
        """Keep in mind how to undo something."""
        self.promised[len(self.promised) + 1] = undo
        return len(self.promised)

    def kept(self, number: int) -> None:
        """It was undone."""
        assert self.promised[number] in self.undone

    def close(self) -> None:
        """All that was done has been undone."""
        assert all(undo in self.undone for undo in self.promised.values())


def act(check: Callable[..., None], world: World, lasts: float = 700.0, **params: Any) -> Observation:
    """What an active check finds in a world; all that it did is undone."""
    with world.actor(lasts) as actor:
        try:
            check(actor, **params)
        except Finding as finding:
            found = finding.observation()
            for told in [found.reason, *(part.reason for part in found.parts)]:
                require_readable(told)
            return found
    return Observation("met", seen=actor.seen)

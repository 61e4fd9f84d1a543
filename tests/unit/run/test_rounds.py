"""The round loop over scripted looks, on a clock that only sleeping moves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from pytest_k8sgrade.outcome import Observation, Reason, Status
from pytest_k8sgrade.run.entry import Entry
from pytest_k8sgrade.run.progress import NoProgress
from pytest_k8sgrade.run.rounds import Rounds
from pytest_k8sgrade.run.settling import ABSENT_AFTER, UNREACHABLE_AFTER, Patience

START = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
Script = Callable[[float], Status]


@dataclass
class Bench:
    """A run whose looks follow scripts: seconds since the start -> what is seen."""

    scripts: dict[str, Script]
    entries: dict[str, Entry] = field(default_factory=dict)
    time: float = 0.0
    looks: list[tuple[str, float]] = field(default_factory=list)

    def add(self, name: str, *, within: float = 60, hold: float = 0, needs: Sequence[str] = ()) -> None:
        """Add an item; items are added in the order of their needs."""
        node = cast("Any", SimpleNamespace(rubric_item=SimpleNamespace(id=name)))
        needed = tuple(self.entries[need] for need in needs)
        self.entries[name] = Entry(node, Patience(within=within, hold=hold), needed)

    def sleep(self, seconds: float) -> None:
        """Sleeping takes at least a tick, so that a loop without pauses would hang the test."""
        self.time += max(seconds, 0.01)

    def view(self) -> Any:
        """A view that has only a clock."""
        return SimpleNamespace(now=START + timedelta(seconds=self.time), exchanges=list)

    def look(self, entry: Entry, view: Any) -> Observation:
        """What the script says for this moment."""
        self.looks.append((entry.id, self.time))
        status = self.scripts[entry.id](self.time)
        return Observation(
            status, None if status == "met" else Reason("timeout" if status == "cannot-tell" else "r")
        )

    def run(self) -> dict[str, str]:
        """Run to the end and tell every item's word."""
        Rounds(
            list(self.entries.values()),
            self,
            self.look,
            NoProgress(),
            clock=lambda: self.time,
            sleep=self.sleep,
        ).run()
        return {
            name: "blocked" if entry.blocked_by else str(entry.verdict)
            for name, entry in self.entries.items()
        }


def from_time(seconds: float) -> Script:
    """Unmet before, met from that moment on."""
    return lambda now: "met" if now >= seconds else "unmet"


def test_a_converged_cluster_is_looked_at_once() -> None:
    """When everything is met on the first view there is nothing to wait for."""
    bench = Bench({"a": from_time(0), "b": from_time(0)})
    bench.add("a")
    bench.add("b", needs=["a"])
    assert bench.run() == {"a": "passed", "b": "passed"}
    assert bench.looks == [("a", 0.0), ("b", 0.0)]


def test_the_wait_is_that_of_the_slowest_item() -> None:
    """Waits run side by side, and a closing look judges all on one view."""
    bench = Bench({"a": from_time(20), "b": from_time(25), "c": from_time(0)})
    for name in "abc":
        bench.add(name)
    assert set(bench.run().values()) == {"passed"}
    assert 25 <= bench.time < 30
    assert [name for name, _ in bench.looks[-3:]] == ["a", "b", "c"]
    waited = {name: entry.settled_at for name, entry in bench.entries.items()}
    assert waited["c"] == 0
    assert 20 <= waited["a"] < 25 <= waited["b"]


def test_a_dependent_is_blocked_not_failed() -> None:
    """Nothing is looked at behind a need that failed, however long the chain."""
    bench = Bench({"a": from_time(1000), "b": from_time(0), "c": from_time(0)})
    bench.add("a", within=10)
    bench.add("b", needs=["a"])
    bench.add("c", needs=["b"])
    assert bench.run() == {"a": "failed", "b": "blocked", "c": "blocked"}
    assert {name for name, _ in bench.looks} == {"a"}


def test_a_dependent_of_a_doubt_is_a_doubt() -> None:
    """An item behind one that could not be graded is ungraded, never blocked."""
    bench = Bench({"a": lambda _: "cannot-tell", "b": from_time(0), "other": from_time(0)})
    bench.add("a", within=10)
    bench.add("b", needs=["a"])
    bench.add("other")
    assert bench.run() == {"a": "ungraded", "b": "ungraded", "other": "passed"}


def test_an_item_that_stops_being_met_is_reopened() -> None:
    """A pass that does not stand at the closing look is not a pass while time remains."""
    bench = Bench({"blink": lambda now: "met" if now < 1 or now > 30 else "unmet", "slow": from_time(10)})
    bench.add("blink")
    bench.add("slow")
    assert bench.run() == {"blink": "passed", "slow": "passed"}
    assert bench.time > 30


def test_an_item_that_stays_lost_fails() -> None:
    """Met at first, but not at the end of its time: failed."""
    bench = Bench({"lost": lambda now: "met" if now < 1 else "unmet", "slow": from_time(10)})
    bench.add("lost", within=40)
    bench.add("slow")
    assert bench.run() == {"lost": "failed", "slow": "passed"}


def test_a_cluster_that_never_answers_costs_a_bounded_time() -> None:
    """Everything is ungraded, long before the items' own deadlines."""
    bench = Bench({"a": lambda _: "cannot-tell", "b": lambda _: "cannot-tell"})
    bench.add("a", within=600)
    bench.add("b", within=600)
    assert set(bench.run().values()) == {"ungraded"}
    assert UNREACHABLE_AFTER <= bench.time < UNREACHABLE_AFTER + 10


def test_an_outage_that_ends_is_waited_out() -> None:
    """The run recovers and grades as if nothing had been."""
    bench = Bench({"a": lambda now: "cannot-tell" if now < 20 else "met"})
    bench.add("a")
    assert bench.run() == {"a": "passed"}


def test_a_cluster_that_vanishes_late_does_not_take_what_was_seen() -> None:
    """A verdict told before the connection was lost stands; the rest is ungraded."""
    bench = Bench(
        {
            "a": lambda now: "met" if now < 5 else "cannot-tell",
            "b": lambda now: "unmet" if now < 5 else "cannot-tell",
        }
    )
    bench.add("a", within=600)
    bench.add("b", within=600)
    assert bench.run() == {"a": "passed", "b": "ungraded"}


def test_missing_objects_of_an_idle_cluster_end_the_run_early() -> None:
    """Nothing moves and nothing is there: no need to wait for the deadline."""
    bench = Bench({"a": lambda _: "absent"})
    bench.add("a", within=600)
    assert bench.run() == {"a": "failed"}
    assert ABSENT_AFTER <= bench.time < ABSENT_AFTER + 10


def test_missing_objects_are_waited_for_while_others_move() -> None:
    """An install that is still going on may yet make the object."""

    def comes_late(now: float) -> Status:
        return "met" if now >= 55 else "absent"

    bench = Bench({"late": comes_late, "moving": from_time(28)})
    bench.add("late", within=600)
    bench.add("moving", within=600)
    assert bench.run() == {"late": "passed", "moving": "passed"}


def test_missing_objects_are_waited_for_while_anything_is_on_its_way() -> None:
    """A long image pull shows no change; what is made after it is not yet lost."""
    bench = Bench({"late": lambda now: "met" if now >= 95 else "absent", "pulling": from_time(90)})
    bench.add("late", within=120)
    bench.add("pulling", within=240)
    assert bench.run() == {"late": "passed", "pulling": "passed"}


def test_hold_is_looked_at_again_and_again() -> None:
    """Without history the state must be seen to last; a flicker starts it anew."""
    bench = Bench({"a": lambda now: "unmet" if 4 <= now < 6 else "met"})
    bench.add("a", hold=10)
    assert bench.run() == {"a": "passed"}
    assert bench.time >= 15


@pytest.mark.parametrize("order", [("open", "lost"), ("lost", "open")])
@pytest.mark.parametrize("lost_until", [0, 10])
def test_a_failed_need_decides_in_whichever_order_needs_are_written(
    order: tuple[str, str], lost_until: int
) -> None:
    """A need that is ungraded keeps nothing open where another one has failed, or still may."""
    bench = Bench({"open": lambda now: "cannot-tell", "lost": lambda now: "unmet"})
    bench.add("open", within=5)
    bench.add("lost", within=lost_until)
    bench.add("needy", needs=order)
    assert bench.run() == {"open": "ungraded", "lost": "failed", "needy": "blocked"}
    assert not [look for look in bench.looks if look[0] == "needy"]

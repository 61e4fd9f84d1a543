"""What is known of a running batch: who is being graded, what became of the others, how long it lasts.

The engines tell it (it is a `Watcher`), `live` and `lines` show it. It keeps numbers and the last
and slowest few, no grades, so it is as large for a thousand students as for ten.
"""

from __future__ import annotations

import math
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final, Literal, TypeAlias

from pytest_k8sgrade.batch.entry import Entry
from pytest_k8sgrade.gradebook.attempt import Attempt

Outcome: TypeAlias = Literal["passed", "failed", "open", "problem"]
"""Of a hand-in: `open` is undecided while items are ungraded, a `problem` let nothing be graded."""

OUTCOMES: Final[tuple[Outcome, ...]] = ("passed", "failed", "open", "problem")
SLOWEST: Final = 3
LATEST: Final = 3


@dataclass(frozen=True, slots=True)
class Running:
    """A hand-in that a worker has; `since` is a moment of the tally's clock."""

    entry: Entry
    since: float
    settled: int = 0
    total: int = 0
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Done:
    """What is shown of a finished hand-in."""

    student: str
    name: str | None
    number: int
    outcome: Outcome
    score: Decimal
    max_score: Decimal
    ungraded: Decimal
    duration_s: float
    problem: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A tally at one moment. `there` of the `done` were graded before; `left_s` is a guess, None for none."""

    total: int
    done: int
    there: int
    elapsed_s: float
    left_s: float | None
    outcomes: dict[Outcome, int]
    running: tuple[tuple[Running, float], ...]
    slowest: tuple[Done, ...]
    latest: tuple[Done, ...]


@dataclass
class Tally:
    """Counts as it is told; a `Watcher`. `tell` hears what is done, and how many are.

    `longest` are the seconds that a hand-in may take.
    """

    total: int
    longest: float = math.inf
    clock: Callable[[], float] = time.monotonic
    tell: Callable[[Done, int], None] = lambda done, number: None
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)
    _running: dict[tuple[str, int], Running] = field(default_factory=dict, init=False)
    _outcomes: Counter[Outcome] = field(default_factory=Counter, init=False)
    _slowest: list[Done] = field(default_factory=list, init=False)
    _latest: deque[Done] = field(default_factory=lambda: deque(maxlen=LATEST), init=False)
    _done: int = field(default=0, init=False)
    _there: int = field(default=0, init=False)
    _lasted: float = field(default=0.0, init=False)
    _most: int = field(default=1, init=False)
    _began: float = field(init=False)

    def __post_init__(self) -> None:
        self._began = self.clock()

    def started(self, entry: Entry) -> None:
        """Note who is being graded."""
        with self._lock:
            self._running[_key(entry)] = Running(entry, self.clock())
            self._most = max(self._most, len(self._running))

    def awaits(self, entry: Entry, settled: int, total: int, names: Sequence[str]) -> None:
        """Note how far it is."""
        with self._lock:
            known = self._running.get(_key(entry)) or Running(entry, self.clock())
            self._running[_key(entry)] = replace(known, settled=settled, total=total, names=tuple(names))

    def there(self, attempt: Attempt) -> None:
        """Count one that was graded before this batch began."""
        with self._lock:
            self._outcomes[outcome_of(attempt)] += 1
            self._done += 1
            self._there += 1

    def finished(self, entry: Entry, attempt: Attempt) -> None:
        """Note what became of it."""
        done = _done(attempt)
        with self._lock:
            self._outcomes[done.outcome] += 1
            self._done += 1
            now = self.clock()
            running = self._running.pop(_key(entry), None)
            self._lasted += now - (running.since if running else now)
            self._latest.append(done)
            self._slowest = sorted([*self._slowest, done], key=lambda one: -one.duration_s)[:SLOWEST]
            self.tell(done, self._done)

    def standing(self) -> Standing:
        """How it stands now, the longest running first."""
        with self._lock:
            now = self.clock()
            running = tuple((one, now - one.since) for one in self._running.values())
            return Standing(
                total=self.total,
                done=self._done,
                there=self._there,
                elapsed_s=now - self._began,
                left_s=self._left([age for _, age in running]),
                outcomes={outcome: self._outcomes[outcome] for outcome in OUTCOMES},
                running=tuple(sorted(running, key=lambda one: -one[1])),
                slowest=tuple(self._slowest),
                latest=tuple(self._latest),
            )

    def _left(self, ages: Sequence[float]) -> float | None:
        """The mean time of a hand-in for all that is left, spread over as many as there were at a time.

        The quick ones are finished first: the time of those that still run counts for the mean, too.
        """
        graded = self._done - self._there
        if not graded:
            return None
        each = min((self._lasted + sum(ages)) / graded, self.longest)
        waiting = self.total - self._done - len(ages)
        rests = [max(0.0, each - age) for age in ages]
        workers = max(1, min(self._most, waiting + len(ages)))
        return max((waiting * each + sum(rests)) / workers, *rests, 0.0)


def outcome_of(attempt: Attempt) -> Outcome:
    """What a hand-in came to."""
    if attempt.problem is not None:
        return "problem"
    if attempt.passed is None:
        return "open"
    return "passed" if attempt.passed else "failed"


def _done(attempt: Attempt) -> Done:
    return Done(
        student=attempt.student.id,
        name=attempt.student.name,
        number=attempt.number,
        outcome=outcome_of(attempt),
        score=attempt.score,
        max_score=attempt.max_score,
        ungraded=attempt.ungraded_points,
        duration_s=attempt.duration_s,
        problem=attempt.problem.text if attempt.problem else None,
    )


def _key(entry: Entry) -> tuple[str, int]:
    return entry.student.id, entry.number

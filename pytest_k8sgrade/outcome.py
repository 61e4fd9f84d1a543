"""What one look of a check at the cluster found, in types rather than in strings.

A check returns when the wanted state is met. Otherwise it calls one of the
functions below, which raise: the state is not met yet, the object is not there,
the state can never be met, or nothing can be said. Any other exception is a bug
of the check and is graded as such. This module imports nothing but the standard
library, so that a plain pytest start does not pay for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal, NoReturn, TypeAlias

JsonValue: TypeAlias = Any
"""None, bool, int, float, str, or lists and string-keyed dicts of these."""

Status: TypeAlias = Literal["met", "unmet", "early", "absent", "hopeless", "cannot-tell", "waiting"]


@dataclass(frozen=True, slots=True)
class Reason:
    """A message id of the catalogue with the parameters its text needs."""

    id: str
    params: Mapping[str, JsonValue] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Part:
    """One weighted part of a check; `reason` says what is missing when it is not met.

    `early` says that it is on its way and that the cluster's own times still allow it.
    """

    id: str
    met: bool
    weight: float = 1.0
    reason: Reason | None = None
    seen: JsonValue = None
    wanted: JsonValue = None
    early: bool = False


@dataclass(frozen=True, slots=True)
class Observation:
    """What one look found.

    `since` is the moment from which the cluster's own history shows the state to
    hold. `traceback` is set only when a check broke: it is for the author.
    """

    status: Status
    reason: Reason | None = None
    seen: JsonValue = None
    wanted: JsonValue = None
    parts: tuple[Part, ...] = ()
    since: datetime | None = None
    traceback: str | None = None


class Finding(Exception):
    """Base of what a check may raise: a reason, what was seen, what was wanted."""

    status: Status = "unmet"

    def __init__(
        self,
        reason: Reason,
        *,
        seen: JsonValue = None,
        wanted: JsonValue = None,
        parts: tuple[Part, ...] = (),
    ) -> None:
        super().__init__(reason.id, dict(reason.params))
        self.reason = reason
        self.seen = seen
        self.wanted = wanted
        self.parts = parts

    def observation(self, since: datetime | None = None) -> Observation:
        """The look's result as data."""
        return Observation(
            status=self.status,
            reason=self.reason,
            seen=self.seen,
            wanted=self.wanted,
            parts=self.parts,
            since=since,
        )


class Unmet(Finding):
    """Not as asked, but it may still become so: look again."""


class TooEarly(Unmet):
    """On its way, within a bound that the cluster's own times show: nobody's fault yet."""

    status: Status = "early"


class Absent(Unmet):
    """The object that is asked for does not exist."""

    status: Status = "absent"


class Hopeless(Unmet):
    """A terminal state: it will not become as asked without somebody's hand."""

    status: Status = "hopeless"


class CannotTell(Finding):
    """Nothing can be said about the cluster: never a reason to take points."""

    status: Status = "cannot-tell"


def unmet(reason: str, *, seen: JsonValue = None, wanted: JsonValue = None, **params: JsonValue) -> NoReturn:
    """Say that the state is not as asked; the run looks again until the item's time is up."""
    raise Unmet(Reason(reason, params), seen=seen, wanted=wanted)


def too_early(
    reason: str, *, seen: JsonValue = None, wanted: JsonValue = None, **params: JsonValue
) -> NoReturn:
    """Say that the state is on its way and that the time it may take is not over.

    Only with a bound that the cluster shows, such as a progress deadline, a scrape interval or
    a rate window: what is still early when the run ends is not lost, it is `ungraded`.
    """
    raise TooEarly(Reason(reason, params), seen=seen, wanted=wanted)


def absent(reason: str, *, seen: JsonValue = None, wanted: JsonValue = None, **params: JsonValue) -> NoReturn:
    """Say that what is asked for does not exist (yet)."""
    raise Absent(Reason(reason, params), seen=seen, wanted=wanted)


def hopeless(
    reason: str, *, seen: JsonValue = None, wanted: JsonValue = None, **params: JsonValue
) -> NoReturn:
    """Say that the state is terminal; the run stops waiting once that has held for a while."""
    raise Hopeless(Reason(reason, params), seen=seen, wanted=wanted)


def cannot_tell(
    reason: str, *, seen: JsonValue = None, wanted: JsonValue = None, **params: JsonValue
) -> NoReturn:
    """Say that nothing can be said: the item becomes `ungraded`, never failed."""
    raise CannotTell(Reason(reason, params), seen=seen, wanted=wanted)


class Findings:
    """Collects the weighted parts of one check, then tells them all at once.

    `close` must be called last. It raises when a part is not met, and `ValueError`
    when nothing was required at all: a check that looked at nothing proves nothing.
    """

    def __init__(self) -> None:
        self._parts: list[Part] = []
        self._kind: type[Unmet] = Unmet

    def require(
        self,
        met: bool,
        reason: str,
        *,
        part: str | None = None,
        seen: JsonValue = None,
        wanted: JsonValue = None,
        weight: float = 1.0,
        terminal: bool = False,
        early: bool = False,
        **params: JsonValue,
    ) -> bool:
        """Record one part and return whether it is met, so that callers can go on from it.

        A part that is not met may be `terminal` (it stays so without somebody's hand) or
        `early` (see `too_early`).
        """
        self._parts.append(
            Part(
                id=part or reason,
                met=met,
                weight=weight,
                reason=None if met else Reason(reason, params),
                seen=seen,
                wanted=wanted,
                early=early and not met,
            )
        )
        if terminal and not met:
            self._kind = Hopeless
        return met

    def close(self) -> None:
        """Raise what is missing, naming the first part that is lost, else the first that is early."""
        if not self._parts:
            raise ValueError("a check required nothing")
        missing = [part for part in self._parts if not part.met]
        if not missing:
            return
        first = min(missing, key=lambda part: part.early)
        kind = TooEarly if first.early else self._kind
        assert first.reason is not None
        raise kind(first.reason, seen=first.seen, wanted=first.wanted, parts=tuple(self._parts))

"""What an active check found, as evidence holds it, and back.

No view shows what went on while a check acted, and nothing is done twice: so the
observation itself is evidence, in the same way as a hold that was proven by looking. It
is told to the grade only after it has gone through this form, live as well as replayed.
"""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from pytest_k8sgrade.grade.values import json_safe
from pytest_k8sgrade.outcome import Observation, Part, Reason, Status

_Id: TypeAlias = Annotated[str, Field(max_length=200)]


class _Noted(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class RecordedReason(_Noted):
    """A message id with its parameters."""

    id: _Id
    params: dict[str, JsonValue] = Field(default_factory=dict)


class RecordedPart(_Noted):
    """One part of what was asked."""

    id: _Id
    met: bool
    weight: Annotated[float, Field(ge=0, le=1_000_000)] = 1.0
    reason: RecordedReason | None = None
    seen: JsonValue = None
    wanted: JsonValue = None


class RecordedOutcome(_Noted):
    """An observation of an active check."""

    status: Status
    reason: RecordedReason | None = None
    seen: JsonValue = None
    wanted: JsonValue = None
    parts: tuple[RecordedPart, ...] = ()
    traceback: str | None = None

    @classmethod
    def of(cls, found: Observation) -> RecordedOutcome:
        """What was found, to be recorded."""
        return cls(
            status=found.status,
            reason=_reason(found.reason),
            seen=json_safe(found.seen),
            wanted=json_safe(found.wanted),
            parts=tuple(_part(part) for part in found.parts),
            traceback=found.traceback,
        )

    def observation(self) -> Observation:
        """What was found, as a grade takes it; `cannot-tell` where the record tells no reason."""
        if self.status != "met" and self.reason is None:
            return Observation("cannot-tell", Reason("act-not-recorded"))
        return Observation(
            status=self.status,
            reason=_told(self.reason),
            seen=self.seen,
            wanted=self.wanted,
            parts=tuple(
                Part(one.id, one.met, one.weight, _told(one.reason), one.seen, one.wanted)
                for one in self.parts
            ),
            traceback=self.traceback,
        )


def _reason(reason: Reason | None) -> RecordedReason | None:
    return RecordedReason(id=reason.id, params=json_safe(reason.params)) if reason else None


def _part(part: Part) -> RecordedPart:
    told: dict[str, Any] = {"seen": json_safe(part.seen), "wanted": json_safe(part.wanted)}
    return RecordedPart(id=part.id, met=part.met, weight=part.weight, reason=_reason(part.reason), **told)


def _told(reason: RecordedReason | None) -> Reason | None:
    return Reason(reason.id, reason.params) if reason else None

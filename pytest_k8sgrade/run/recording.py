"""What a run notes of itself in the evidence, and reading that back.

The file may come from anybody: what does not have the shape that a recording gives it
is an `EvidenceFault`. `sources` writes and reads it, `regrade` shows it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, ValidationError

from pytest_k8sgrade.cluster.faults import evidence_fault
from pytest_k8sgrade.errors import EvidenceFault, UsageFault
from pytest_k8sgrade.grade.model import Grade, Points, Verdict
from pytest_k8sgrade.kube.times import format_time, parse_time
from pytest_k8sgrade.rubric.model import Rubric, Scalar
from pytest_k8sgrade.rubric.variables import parse_overrides
from pytest_k8sgrade.run.outcomes import RecordedOutcome
from pytest_k8sgrade.theory.sheet import Sheet


def _moment(value: object) -> datetime | None:
    if value is None or isinstance(value, datetime):
        return value
    if not isinstance(value, str):
        raise ValueError("not a time")
    return parse_time(value)


_Time: TypeAlias = Annotated[
    datetime | None,
    BeforeValidator(_moment),
    PlainSerializer(lambda time: format_time(time.replace(microsecond=0)) if time else None),
]
_Seconds: TypeAlias = Annotated[float, Field(ge=0, lt=1e9)]
_Points: TypeAlias = Annotated[Points, Field(ge=0, le=1_000_000)]
_Line: TypeAlias = Annotated[str, Field(max_length=1000)]


class _Noted(BaseModel):
    """Immutable; keys of later versions are passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class RecordedRubric(_Noted):
    """The rubric that the recording run graded with."""

    id: _Line = ""
    version: _Line = ""
    digest: _Line = ""


class RecordedItem(_Noted):
    """The final word on an item then."""

    verdict: Verdict
    points: _Points


class RecordedMark(_Noted):
    """The mark that the recording run told."""

    score: _Points
    max_score: _Points
    items: dict[str, RecordedItem] = Field(default_factory=dict)


class RecordedRun(_Noted):
    """A recording run: `holds` are seconds for which looks were seen to hold, by look.

    `set` are the rubric's variables that were set by hand, as they were written, `answers` what was
    handed in to its questions. `asked` are the active checks that were asked for, `outcomes` what each
    of them found, by look.
    """

    rubric: RecordedRubric = RecordedRubric()
    started: _Time = None
    recorded: _Time = None
    holds: dict[str, _Seconds] = Field(default_factory=dict)
    set: dict[str, _Line] = Field(default_factory=dict)
    asked: tuple[_Line, ...] = ()
    outcomes: dict[str, RecordedOutcome] = Field(default_factory=dict)
    mark: RecordedMark | None = None
    answers: Sheet | None = None

    def told(self) -> dict[str, Any]:
        """As evidence holds it."""
        return self.model_dump(mode="json")


NOTHING = RecordedRun()
"""What is recorded of a cluster."""


def read_run(run: Mapping[str, Any], file: Path) -> RecordedRun:
    """What a recording run noted; raises `EvidenceFault` that names the file and the key."""
    try:
        return RecordedRun.model_validate(run)
    except ValidationError as error:
        parts = (
            ascii(part)[1:-1] if isinstance(part, str) else str(part) for part in error.errors()[0]["loc"]
        )
        evidence_fault("run-not-as-recorded", file, key=".".join(parts)[:80])


def mark_of(grade: Grade) -> RecordedMark:
    """The mark of a grade, to be recorded."""
    items = {item.id: RecordedItem(verdict=item.verdict, points=item.points) for item in grade.items}
    return RecordedMark(score=grade.score, max_score=grade.max_score, items=items)


def split_settings(settings: Iterable[str]) -> dict[str, str]:
    """KEY=VALUE settings by key; the last of a key counts."""
    return {name: text for name, _, text in (setting.partition("=") for setting in settings)}


def recorded_values(rubric: Rubric, run: RecordedRun, given: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """What was set when the evidence was recorded and is not given anew.

    Variables that the rubric does not have are passed over: it may be another one.
    Raises `EvidenceFault` for a value that does not fit the rubric's variable.
    """
    found: dict[str, Scalar] = {}
    for name, text in run.set.items():
        if name not in rubric.vars or name in given:
            continue
        try:
            found |= parse_overrides(rubric, [f"{name}={text}"])
        except UsageFault as fault:
            raise EvidenceFault(
                f"the evidence was recorded with {name}={text[:80]!r}: {fault}; set it anew"
            ) from None
    return found

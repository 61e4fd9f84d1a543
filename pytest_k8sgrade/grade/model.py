"""The grade: one immutable object from which every report is rendered.

`grade.build` makes it; nothing else computes points, so that no two reports can
disagree. Its JSON form is a public contract (`reports/grade.schema.json`): keys may
be added, none may change its meaning within one schema version.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, JsonValue, PlainSerializer, WithJsonSchema

from pytest_k8sgrade.outcome import Status
from pytest_k8sgrade.rubric.model import Level, Visibility

Verdict: TypeAlias = Literal["passed", "partial", "failed", "blocked", "ungraded", "skipped", "waived"]


def plain_number(value: Decimal) -> int | float:
    """A decimal as JSON shows it: `10`, not `10.00`; `2.5`, not `"2.50"`."""
    return int(value) if value == value.to_integral_value() else float(value)


Points: TypeAlias = Annotated[
    Decimal,
    PlainSerializer(plain_number, when_used="json"),
    WithJsonSchema({"type": "number"}),
]
"""Points or per cent, with at most two decimals; a number in JSON."""


class _Frozen(BaseModel):
    """Immutable; keys of later versions are passed over when a grade is read back."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False, populate_by_name=True)


class Told(_Frozen):
    """A reason: the message id, its parameters, and the text in the language of the grade."""

    id: str
    params: dict[str, JsonValue] = Field(default_factory=dict)
    text: str


class GradedPart(_Frozen):
    """One weighted part of an item; `reason` says what is missing when it is not met."""

    id: str
    met: bool
    weight: float
    reason: Told | None = None
    seen: JsonValue = None
    wanted: JsonValue = None


class TimelinePoint(_Frozen):
    """A look that found something else than the look before, `at_s` seconds after the start."""

    at_s: float
    status: Status
    reason: Told | None = None
    seen: JsonValue = None


class GradedItem(_Frozen):
    """One item of the rubric with its final word.

    `blocked_by` is the id of the item at the root: the one whose failure, or whose not
    being graded, kept this one from being looked at. `hint` is the
    next thing to look at, in the language and at the level of the run. `waited_s`
    counts from the start of the run until the item was settled, `held_s` is how long
    the wanted state is known to have lasted. `traceback` is for the author of a check
    that broke.
    """

    id: str
    check: str
    group: str
    title: str
    level: Level
    verdict: Verdict
    points: Points
    max_points: Points
    bonus: bool = False
    required: bool = False
    active: str | None = None
    visibility: Visibility = "visible"
    reason: Told | None = None
    hint: str | None = None
    seen: JsonValue = None
    wanted: JsonValue = None
    parts: tuple[GradedPart, ...] = ()
    needs: tuple[str, ...] = ()
    blocked_by: str | None = None
    timeline: tuple[TimelinePoint, ...] = ()
    waited_s: float = 0.0
    held_s: float = 0.0
    traceback: str | None = None


class GradedGroup(_Frozen):
    """The sums of one group. `max_points` counts neither bonus nor what is skipped or waived."""

    id: str
    title: str
    points: Points
    max_points: Points
    ungraded_points: Points


class RubricRef(_Frozen):
    """Which rubric was graded; `digest` is that of its content, whatever its layout."""

    id: str
    version: str
    digest: str
    title: str


class Subject(_Frozen):
    """Whose cluster was graded, and which."""

    student: str | None = None
    cluster_uid: str | None = None
    context: str | None = None
    server_version: str | None = None


class ScoreRange(_Frozen):
    """The least and the most the score may end in once the ungraded items are graded."""

    min: Points
    max: Points


class Grade(_Frozen):
    """The result of a run.

    `score` counts ungraded items as nothing yet: read it with `ungraded_points` and
    `score_range`. `percent` is null as long as the range is open, so that no reader
    takes ungraded points for lost ones. `pass_points` is the score from which on the
    rubric is passed. `passed` is null when the ungraded items decide it, or when
    nothing counted at all.
    """

    schema_id: Literal["k8sgrade/grade/v1"] = Field(default="k8sgrade/grade/v1", alias="schema")
    tool_version: str
    language: str
    rubric: RubricRef
    subject: Subject
    started: datetime | None = None
    finished: datetime | None = None
    score: Points
    max_score: Points
    ungraded_points: Points
    score_range: ScoreRange
    percent: Points | None
    bonus_points: Points
    skipped_points: Points
    waived_points: Points
    pass_mark: str
    pass_points: Points
    passed: bool | None
    missing_required: tuple[str, ...] = ()
    groups: tuple[GradedGroup, ...]
    items: tuple[GradedItem, ...]

    @property
    def exit_code(self) -> int:
        """0 passed, 1 not passed, 8 when anything could not be graded, or nothing was decided.

        A caller that looks at nothing else must not take an incomplete grade for a whole
        one; whether the open points could still change the decision is what `passed` says.
        """
        incomplete = any(item.verdict == "ungraded" for item in self.items)
        return 8 if incomplete or self.passed is None else int(not self.passed)

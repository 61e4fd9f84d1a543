"""What regrading found, as immutable objects and as JSON (`regrade.schema.json`).

`regrade.run` makes it, `regrade.text` and the JSON are renderings. Points are those of
the grades: nothing is computed here but differences.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from pytest_k8sgrade.grade.model import Points, ScoreRange, Told, Verdict
from pytest_k8sgrade.run.recording import RecordedMark, RecordedRubric

Cause: TypeAlias = Literal["added", "removed", "verdict", "points", "reason"]
Direction: TypeAlias = Literal["same", "higher", "lower", "undecided"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, allow_inf_nan=False, populate_by_name=True)


class RubricSide(_Frozen):
    """One of the two rubrics; `source` is how the person named it."""

    source: str
    id: str
    version: str
    digest: str


class RubricChange(_Frozen):
    """A value that the new rubric has otherwise; `item` is null for the rubric's own keys.

    `key` is a path such as `points` or `with.name`; a missing side is null.
    """

    item: str | None
    key: str
    old: JsonValue
    new: JsonValue


class ItemMark(_Frozen):
    """One item in one of the two grades."""

    verdict: Verdict
    points: Points
    max_points: Points
    reason: Told | None = None


class ItemChange(_Frozen):
    """An item that the two grades judge differently, or that only one of them has.

    `causes` are what differs, `rubric` the keys of the item that the new rubric changed.
    """

    id: str
    title: str
    causes: tuple[Cause, ...]
    rubric: tuple[str, ...] = ()
    old: ItemMark | None
    new: ItemMark | None


class MissingRead(_Frozen):
    """A read that the new rubric needs and the evidence does not have: the item is ungraded."""

    item: str
    title: str
    path: str


class Mark(_Frozen):
    """One of the two marks. `passed` is null while ungraded items decide it."""

    score: Points
    max_score: Points
    score_range: ScoreRange
    percent: Points | None
    ungraded_points: Points
    ungraded_items: int
    passed: bool | None


class Note(_Frozen):
    """Something to know about a row, as an id and as a sentence."""

    id: str
    text: str


class Recorded(_Frozen):
    """What the evidence says of its recording; it may come from anybody."""

    at: datetime | None = None
    tool_version: str = ""
    rubric: RecordedRubric = RecordedRubric()
    variables: dict[str, str] = Field(default_factory=dict)
    mark: RecordedMark | None = None


class Row(_Frozen):
    """One evidence file. `error` says why a file could not be graded; then there is no `new`.

    `old` is null where no rubric for the old mark is known; `notes` say so.
    """

    file: str
    error: str | None = None
    recorded: Recorded | None = None
    old_rubric: RubricSide | None = None
    old: Mark | None = None
    new: Mark | None = None
    direction: Direction = "undecided"
    changes: tuple[ItemChange, ...] = ()
    missing: tuple[MissingRead, ...] = ()
    notes: tuple[Note, ...] = ()


class Summary(_Frozen):
    """Numbers of files: each readable one is same, higher, lower or undecided.

    `incomplete` files have ungraded items under the new rubric.
    """

    files: int
    same: int
    higher: int
    lower: int
    undecided: int
    unreadable: int
    incomplete: int


class Regrade(_Frozen):
    """The whole of it; `rubric_changes` compares with the old rubric where all files share one."""

    schema_id: Literal["k8sgrade/regrade/v1"] = Field(default="k8sgrade/regrade/v1", alias="schema")
    tool_version: str
    language: str
    new_rubric: RubricSide
    rubric_changes: tuple[RubricChange, ...] = ()
    files: tuple[Row, ...]
    summary: Summary

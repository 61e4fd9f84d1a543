"""One hand-in of one student with what it was graded: all that a class's reports need of it.

`attempt.json` beside a student's grade holds it. It is made from a grade once, so a
class of a thousand is read without its thousand grades.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from pytest_k8sgrade.grade.model import Grade, GradedItem, Points, ScoreRange, Told, Verdict
from pytest_k8sgrade.grade.values import clean

Source: TypeAlias = Literal["cluster", "evidence", "answers"]

Writable: TypeAlias = Annotated[str, AfterValidator(clean)]
"""A text of a roster or a student's file, as UTF-8 can write it."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, populate_by_name=True)


class Student(_Frozen):
    """A line of the roster about a person. `id` is what files and reports call them by.

    The other ids are those of the systems that marks are imported into, as their own exports
    name them: Canvas (`canvas_id`, `sis_user_id`, `sis_login_id`, `section`), Moodle (`username`).
    """

    id: str
    name: Writable | None = None
    first_name: Writable | None = None
    last_name: Writable | None = None
    email: Writable | None = None
    group: Writable | None = None
    section: Writable | None = None
    canvas_id: Writable | None = None
    sis_user_id: Writable | None = None
    sis_login_id: Writable | None = None
    username: Writable | None = None


class AttemptItem(_Frozen):
    """One item of the rubric with its word and its points."""

    id: str
    group: str
    title: str
    verdict: Verdict
    points: Points
    max_points: Points
    bonus: bool = False
    required: bool = False
    visibility: Literal["visible", "hidden"] = "visible"
    reason: Told | None = None
    waited_s: float = 0.0


class Attempt(_Frozen):
    """One hand-in, graded. Times are UTC; `peak_bytes` is the worker's memory at its highest.

    `problem` says why nothing could be graded (a kubeconfig that is refused, a time limit, a
    crash): then every item is ungraded. `warnings` change no mark. `submitted` is the roster's
    time, else the one that the evidence tells of itself (`submitted_by` says which), else that of
    the grading. `folder` is where the student's files are, relative to the results.
    """

    schema_id: Literal["k8sgrade/attempt/v1"] = Field(default="k8sgrade/attempt/v1", alias="schema")
    student: Student
    number: int = Field(ge=1)
    source: Source
    origin: Writable
    folder: str
    rubric_digest: str
    submitted: datetime | None = None
    submitted_by: Literal["roster", "evidence", "grading"] = "grading"
    deadline: datetime | None = None
    extended_to: datetime | None = None
    started: datetime | None = None
    finished: datetime | None = None
    duration_s: float = 0.0
    peak_bytes: int | None = None
    cluster_uid: Writable | None = None
    context: Writable | None = None
    server_version: Writable | None = None
    evidence_digest: str | None = None
    problem: Told | None = None
    warnings: tuple[Told, ...] = ()
    score: Points
    max_score: Points
    ungraded_points: Points
    score_range: ScoreRange
    pass_mark: str
    passed: bool | None
    exit_code: int
    items: tuple[AttemptItem, ...]


def attempt_item(item: GradedItem) -> AttemptItem:
    """What a class's reports need of a graded item."""
    return AttemptItem(
        id=item.id,
        group=item.group,
        title=item.title,
        verdict=item.verdict,
        points=item.points,
        max_points=item.max_points,
        bonus=item.bonus,
        required=item.required,
        visibility=item.visibility,
        reason=item.reason,
        waited_s=item.waited_s,
    )


def of_grade(grade: Grade) -> dict[str, object]:
    """The fields of an `Attempt` that a grade tells."""
    return {
        "rubric_digest": grade.rubric.digest,
        "started": grade.started,
        "finished": grade.finished,
        "cluster_uid": grade.subject.cluster_uid,
        "context": grade.subject.context,
        "server_version": grade.subject.server_version,
        "score": grade.score,
        "max_score": grade.max_score,
        "ungraded_points": grade.ungraded_points,
        "score_range": grade.score_range,
        "pass_mark": grade.pass_mark,
        "passed": grade.passed,
        "exit_code": grade.exit_code,
        "items": tuple(attempt_item(item) for item in grade.items),
    }


__all__ = ["Attempt", "AttemptItem", "Source", "Student", "attempt_item", "of_grade"]

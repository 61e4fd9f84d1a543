"""The class book: what every form of a class's marks is rendered from.

`gradebook.build` makes it from attempts; nothing else computes marks, so that no two files
can disagree. Its JSON form is a public contract (`class.schema.json`): keys may be added,
none may change its meaning within one schema version.
"""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.dataclasses import dataclass

from pytest_k8sgrade.grade.model import Points, RubricRef, ScoreRange, Told, Verdict
from pytest_k8sgrade.gradebook.attempt import Source, Student
from pytest_k8sgrade.rubric.policy import Policy


class _Frozen(BaseModel):
    """Immutable; keys of later versions are passed over when a book is read back."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False, populate_by_name=True)


@dataclass(frozen=True, slots=True)
class ItemMark:
    """An item in one attempt, after the overrides; `overridden` when the instructor set its points.

    `reason` is the id of the grade's reason; `waited_s` counts from the start of the run.
    """

    id: str
    verdict: Verdict
    points: Points
    reason: str | None = None
    waited_s: float = 0.0
    overridden: bool = False


class Override(_Frozen):
    """What an instructor set by hand: an item's points, or a whole mark where `item` is null.

    Without `attempt` it holds for every attempt of the student. `line` is where the file says it.
    """

    student: str
    attempt: int | None = None
    item: str | None = None
    points: Points
    reason: str
    by: str
    at: datetime
    line: int = 0


class AttemptMark(_Frozen):
    """One hand-in with what it is worth.

    `graded` is the score as the items gave it, `corrected` the same after overrides of items,
    `score_range` what is left after lateness, or the whole mark that was set by hand; a range is
    open while items are ungraded. `due` is the deadline with the extension; `late_s` are the
    seconds after it, null where there is none or nobody knows when it was handed in. A `closed`
    one came too late to count; of one that is `set_by_hand` the instructor wrote the whole mark.
    `lines` tell the arithmetic from the score to the mark.
    """

    number: int
    source: Source
    origin: str
    folder: str
    submitted: datetime | None = None
    submitted_by: Literal["roster", "evidence", "grading"] = "grading"
    due: datetime | None = None
    late_s: float | None = None
    closed: bool = False
    set_by_hand: bool = False
    graded: ScoreRange
    corrected: ScoreRange
    score_range: ScoreRange
    max_score: Points
    ungraded_points: Points
    passed: bool | None
    missing_required: tuple[str, ...] = ()
    lines: tuple[Told, ...] = ()
    problem: Told | None = None
    warnings: tuple[Told, ...] = ()
    finished: datetime | None = None
    duration_s: float = 0.0
    peak_bytes: int | None = None
    cluster_uid: str | None = None
    context: str | None = None
    server_version: str | None = None
    evidence_digest: str | None = None
    items: tuple[ItemMark, ...] = ()


class StudentMark(_Frozen):
    """The mark of one student. `score` is the lower end of `score_range`.

    `counted` is the number of the attempt that counts; while the best is open it is the one that
    is ahead, and `may_overtake` are those that may still be better. `percent` is null, and the mark
    not final, as long as the range is open; what is ungraded is that of the attempt that counts, or
    of one that may overtake it. `overridden` says that the instructor changed anything about it,
    `set_by_hand` that the whole mark was written by hand. `lines` tell how the mark came out of
    the attempts, `flags` what an instructor should look at. Whoever handed in nothing is `absent`:
    no attempt, and an open mark unless the policy or an override says otherwise.
    """

    student: Student
    absent: bool = False
    counted: int | None
    may_overtake: tuple[int, ...] = ()
    score: Points
    max_score: Points
    score_range: ScoreRange
    percent: Points | None
    ungraded_points: Points
    ungraded_items: int
    passed: bool | None
    late: bool = False
    overridden: bool = False
    set_by_hand: bool = False
    lines: tuple[Told, ...] = ()
    flags: tuple[Told, ...] = ()
    attempts: tuple[AttemptMark, ...] = ()

    @property
    def final(self) -> bool:
        """Whether nothing is open any more."""
        return self.score_range.min == self.score_range.max

    @property
    def attempt(self) -> AttemptMark | None:
        """The attempt that counts."""
        return next((attempt for attempt in self.attempts if attempt.number == self.counted), None)


class ReasonCount(_Frozen):
    """A reason with the number of students that it holds for; `text` is that of one of them."""

    id: str
    text: str
    students: int


class GroupTitle(_Frozen):
    """A group of the rubric."""

    id: str
    title: str


class ItemStatistics(_Frozen):
    """How a class did on one item, in the attempts that count.

    `share` is the mean part of its points that was earned where it was graded, null where it
    nowhere was. `verdicts` are numbers of students; `ungraded` counts only those with whom anything
    could be graded at all. `doubtful`: that is so many that the fault is probably not the students'.
    """

    id: str
    group: str
    title: str
    max_points: Points
    bonus: bool = False
    required: bool = False
    visibility: Literal["visible", "hidden"] = "visible"
    verdicts: dict[Verdict, int]
    share: float | None
    ungraded: int
    doubtful: bool = False
    reasons: tuple[ReasonCount, ...] = ()
    median_wait_s: float = 0.0


class Bin(_Frozen):
    """Students whose final mark is from `low` per cent up to but not `high`; the last holds 100."""

    low: int
    high: int
    students: int


class Shared(_Frozen):
    """The same cluster (kube-system's UID) or the same evidence, byte by byte, of several students.

    `same_group` when all of them are of one group of the roster.
    """

    kind: Literal["cluster", "evidence"]
    key: str
    students: tuple[str, ...]
    same_group: bool


class Slow(_Frozen):
    """One of the attempts that took longest; `item` is the one that was waited for longest."""

    student: str
    attempt: int
    duration_s: float
    item: str | None
    waited_s: float


class Problem(_Frozen):
    """A reason why hand-ins could not be graded at all, with those it holds for."""

    id: str
    text: str
    students: tuple[str, ...]


class Summary(_Frozen):
    """Numbers of students, and of attempts. A student is passed, failed, undecided or `absent`.

    `final` and `open` marks (ungraded points, best of open attempts) are those of students who
    are not absent. The statistics are of final marks, in points; null where there is none.
    """

    students: int
    attempts: int
    absent: int
    passed: int
    failed: int
    undecided: int
    final: int
    open: int
    late: int
    overridden: int
    mean: Points | None = None
    median: Points | None = None
    lowest: Points | None = None
    highest: Points | None = None


class ClassBook(_Frozen):
    """The marks of a class, students in the order of their ids.

    All texts (`Told.text`, titles) are in `language`. `notes` are about the whole class.
    """

    schema_id: Literal["k8sgrade/class/v1"] = Field(default="k8sgrade/class/v1", alias="schema")
    tool_version: str
    language: str
    rubric: RubricRef
    pass_mark: str
    policy: Policy
    policy_lines: tuple[Told, ...] = ()
    made: datetime | None = None
    max_score: Points
    summary: Summary
    distribution: tuple[Bin, ...] = ()
    groups: tuple[GroupTitle, ...] = ()
    items: tuple[ItemStatistics, ...]
    shared: tuple[Shared, ...] = ()
    slowest: tuple[Slow, ...] = ()
    problems: tuple[Problem, ...] = ()
    notes: tuple[Told, ...] = ()
    overrides: tuple[Override, ...] = ()
    students: tuple[StudentMark, ...]

    @cached_property
    def by_item(self) -> dict[str, ItemStatistics]:
        """The items by their id, in the rubric's order."""
        return {item.id: item for item in self.items}


__all__ = [
    "AttemptMark",
    "Bin",
    "ClassBook",
    "GroupTitle",
    "ItemMark",
    "ItemStatistics",
    "Override",
    "Problem",
    "ReasonCount",
    "Shared",
    "Slow",
    "StudentMark",
    "Summary",
]

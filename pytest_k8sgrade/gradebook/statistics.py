"""What a class's marks say together: items, distribution, sharing, time, problems.

Item statistics are of the attempts that count. Of texts that differ between students
one is kept, always the same one whatever the order of the attempts.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from statistics import median
from typing import Literal, TypeAlias

from pytest_k8sgrade.grade import arithmetic as grades
from pytest_k8sgrade.gradebook.attempt import Attempt, Student
from pytest_k8sgrade.gradebook.model import (
    AttemptMark,
    Bin,
    ItemMark,
    ItemStatistics,
    Problem,
    ReasonCount,
    Shared,
    Slow,
    StudentMark,
    Summary,
)
from pytest_k8sgrade.rubric.model import Item, Rubric

Kind: TypeAlias = Literal["cluster", "evidence"]

_BIN = 10
_SLOWEST = 10
_REASONS = 5
_MANY = 10
"""An item is doubtful when it is ungraded for one student in so many, and for two at least."""


class Texts:
    """Titles and reasons as the grades have them, bounded by the rubric and not by the class."""

    def __init__(self) -> None:
        self._titles: dict[str, Counter[str]] = defaultdict(Counter)
        self._reasons: dict[tuple[str, str], str] = {}

    def note(self, attempt: Attempt) -> None:
        """Keep what the attempt says that others did not."""
        for item in attempt.items:
            self._titles[item.id][item.title] += 1
            if item.reason is not None:
                key = (item.id, item.reason.id)
                self._reasons[key] = min(self._reasons.get(key, item.reason.text), item.reason.text)

    def title(self, item: str) -> str:
        """The title that most students' grades have; it may name what a cluster has."""
        titles = self._titles.get(item)
        return min(titles, key=lambda title: (-titles[title], title)) if titles else item

    def reason(self, item: str, reason: str) -> str:
        """One student's text of a reason."""
        return self._reasons.get((item, reason), reason)


def item_statistics(rubric: Rubric, marks: Sequence[StudentMark], texts: Texts) -> Iterator[ItemStatistics]:
    """Every item of the rubric, in its order."""
    found: dict[str, list[ItemMark]] = defaultdict(list)
    graded: dict[str, list[ItemMark]] = defaultdict(list)
    for mark in marks:
        for one in mark.attempt.items if mark.attempt is not None else ():
            found[one.id].append(one)
            if mark.attempt is not None and mark.attempt.problem is None:
                graded[one.id].append(one)
    for group in rubric.groups:
        for item in group.items:
            yield _item(item, group.id, found[item.id], graded[item.id], texts)


def _item(
    item: Item, group: str, found: Sequence[ItemMark], graded: Sequence[ItemMark], texts: Texts
) -> ItemStatistics:
    ungraded = sum(one.verdict == "ungraded" for one in graded)
    reasons = Counter(one.reason for one in graded if one.reason is not None and one.verdict != "passed")
    most = sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0]))[:_REASONS]
    return ItemStatistics(
        id=item.id,
        group=group,
        title=texts.title(item.id),
        max_points=item.points,
        bonus=item.bonus,
        required=item.required,
        visibility=item.visibility,
        verdicts=dict(sorted(Counter(one.verdict for one in found).items())),
        share=_share(item.points, found),
        ungraded=ungraded,
        doubtful=ungraded >= max(2, len(graded) / _MANY),
        reasons=tuple(
            ReasonCount(id=reason, text=texts.reason(item.id, reason), students=count)
            for reason, count in most
        ),
        median_wait_s=round(median([one.waited_s for one in graded]), 1) if graded else 0.0,
    )


def _share(most: Decimal, found: Sequence[ItemMark]) -> float | None:
    """The mean part of the points that was earned by those who could be graded."""
    earned = [one.points for one in found if one.verdict not in (*grades.OUT_OF_TOTAL, "ungraded")]
    if not earned or not most:
        return None
    return round(float(sum(earned, grades.ZERO) / most / len(earned)), 4)


def summary(marks: Sequence[StudentMark]) -> Summary:
    """Numbers of students, and statistics of the final marks of those who handed something in."""
    there = [mark for mark in marks if not mark.absent]
    final = sorted(mark.score for mark in there if mark.final)
    mean = grades.rounded(sum(final, grades.ZERO) / len(final)) if final else None
    return Summary(
        students=len(marks),
        attempts=sum(len(mark.attempts) for mark in marks),
        absent=len(marks) - len(there),
        passed=sum(mark.passed is True for mark in there),
        failed=sum(mark.passed is False for mark in there),
        undecided=sum(mark.passed is None for mark in there),
        final=len(final),
        open=len(there) - len(final),
        late=sum(mark.late for mark in there),
        overridden=sum(mark.overridden for mark in marks),
        mean=mean,
        median=grades.rounded(median(final)) if final else None,
        lowest=final[0] if final else None,
        highest=final[-1] if final else None,
    )


def distribution(marks: Iterable[StudentMark]) -> tuple[Bin, ...]:
    """Final marks of students who handed something in, in steps of ten per cent."""
    last = 100 // _BIN - 1
    counts = Counter(
        min(int(mark.percent) // _BIN, last) for mark in marks if not mark.absent and mark.percent is not None
    )
    return tuple(
        Bin(low=index * _BIN, high=(index + 1) * _BIN, students=counts[index]) for index in range(last + 1)
    )


def shared(attempts: Iterable[tuple[Student, AttemptMark]]) -> Iterator[Shared]:
    """Clusters and evidence that more than one student handed in."""
    owners: dict[tuple[Kind, str], dict[str, Student]] = defaultdict(dict)
    for student, attempt in attempts:
        if attempt.cluster_uid:
            owners["cluster", attempt.cluster_uid][student.id] = student
        if attempt.source != "cluster" and attempt.evidence_digest:
            owners["evidence", attempt.evidence_digest][student.id] = student
    for (kind, key), students in sorted(owners.items()):
        if len(students) > 1:
            groups = {student.group for student in students.values()}
            yield Shared(
                kind=kind,
                key=key,
                students=tuple(sorted(students)),
                same_group=len(groups) == 1 and None not in groups,
            )


def slowest(marks: Sequence[StudentMark]) -> tuple[Slow, ...]:
    """The attempts that took longest, with the item that was waited for longest."""
    every = ((mark.student.id, attempt) for mark in marks for attempt in mark.attempts)
    first = sorted(every, key=lambda pair: (-pair[1].duration_s, pair[0], pair[1].number))[:_SLOWEST]
    return tuple(_slow(student, attempt) for student, attempt in first)


def _slow(student: str, attempt: AttemptMark) -> Slow:
    item = max(attempt.items, key=lambda item: (item.waited_s, item.id), default=None)
    return Slow(
        student=student,
        attempt=attempt.number,
        duration_s=attempt.duration_s,
        item=item.id if item is not None else None,
        waited_s=item.waited_s if item is not None else 0.0,
    )


def problems(marks: Iterable[StudentMark]) -> Iterator[Problem]:
    """Why hand-ins could not be graded at all, the most frequent first.

    Faults of hand-ins are told apart by what they are, not by the file's name in them.
    """
    students: dict[tuple[str, str], set[str]] = defaultdict(set)
    texts: dict[tuple[str, str], set[str]] = defaultdict(set)
    for mark in marks:
        for problem in (attempt.problem for attempt in mark.attempts if attempt.problem is not None):
            key = problem.id, _without_names(problem.text) if "fault" in problem.params else ""
            students[key].add(mark.student.id)
            texts[key].add(problem.text)
    for key in sorted(students, key=lambda key: (-len(students[key]), key)):
        text = min(texts[key]) if len(texts[key]) == 1 or not key[1] else key[1]
        yield Problem(id=key[0], text=text, students=tuple(sorted(students[key])))


def _without_names(fault: str) -> str:
    """A fault without what differs from hand-in to hand-in."""
    return re.sub(r"'[^']*'|(?<=\bkubeconfig )[^\s:,]+", "…", fault)

"""From the attempts of a class to its book.

Attempts are read once, as a stream in any order; what is kept of each is small.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from importlib.metadata import version

from pytest_k8sgrade.grade.model import RubricRef, Told
from pytest_k8sgrade.gradebook import statistics
from pytest_k8sgrade.gradebook.attempt import Attempt, Student
from pytest_k8sgrade.gradebook.lines import Teller
from pytest_k8sgrade.gradebook.marking import Marked, Marking
from pytest_k8sgrade.gradebook.model import AttemptMark, ClassBook, GroupTitle, Override, Shared, StudentMark
from pytest_k8sgrade.gradebook.overrides import usual_total
from pytest_k8sgrade.gradebook.students import StudentMarking
from pytest_k8sgrade.locale.messages import Language
from pytest_k8sgrade.reports.text import number
from pytest_k8sgrade.rubric.load import LoadedRubric
from pytest_k8sgrade.rubric.policy import Policy

_SHOWN = 5
"""Students whom a flag names: where a whole class shares one cluster, `shared` has them all."""


def build_class(
    attempts: Iterable[Attempt],
    lab: LoadedRubric,
    *,
    policy: Policy | None = None,
    overrides: Sequence[Override] = (),
    absent: Iterable[Student] = (),
    language: Language = "en",
    zone: tzinfo = UTC,
    made: datetime | None = None,
) -> ClassBook:
    """The book of a class.

    `policy` stands in place of the rubric's own. `absent` are students of the roster who handed
    in nothing. Times are told in `zone`; `made` is when this is done.
    """
    teller = Teller(language, zone)
    rules = lab.rubric.policy if policy is None else policy
    gathered = _Gathered(lab, rules, overrides, teller)
    for attempt in attempts:
        gathered.take(attempt)
    handed_around = tuple(statistics.shared(gathered.pairs()))
    marks = tuple(gathered.marks(handed_around, absent))
    rubric = lab.rubric
    return ClassBook(
        tool_version=version("pytest-k8sgrade"),
        language=language,
        rubric=RubricRef(
            id=rubric.id, version=rubric.version, digest=lab.digest, title=rubric.title.of(language)
        ),
        pass_mark=str(rubric.pass_mark),
        policy=rules,
        policy_lines=tuple(teller.policy(rules)),
        made=made,
        max_score=gathered.max_score,
        summary=statistics.summary(marks),
        distribution=statistics.distribution(marks),
        groups=tuple(GroupTitle(id=group.id, title=group.title.of(language)) for group in rubric.groups),
        items=tuple(statistics.item_statistics(rubric, marks, gathered.texts)),
        shared=handed_around,
        slowest=statistics.slowest(marks),
        problems=tuple(statistics.problems(marks)),
        notes=tuple(gathered.notes(marks)),
        overrides=tuple(overrides),
        students=marks,
    )


class _Gathered:
    """The attempts that were read, small."""

    def __init__(
        self, lab: LoadedRubric, policy: Policy, overrides: Sequence[Override], teller: Teller
    ) -> None:
        self.texts = statistics.Texts()
        self._lab = lab
        self._policy = policy
        self._tell = teller
        self._marking = Marking(lab.rubric.pass_mark, policy, teller)
        self._overrides: dict[str, list[Override]] = defaultdict(list)
        for override in overrides:
            self._overrides[override.student].append(override)
        self._students: dict[str, tuple[Student, list[Marked]]] = {}
        self._other_rubrics = 0

    def take(self, attempt: Attempt) -> None:
        """Keep what the book needs of an attempt."""
        marked = self._marking.mark(attempt, self._overrides.get(attempt.student.id, ()))
        self.texts.note(attempt)
        self._other_rubrics += attempt.rubric_digest != self._lab.digest
        student, attempts = self._students.get(attempt.student.id, (attempt.student, []))
        if attempts and attempt.number < min(one.mark.number for one in attempts):
            student = attempt.student
        self._students[attempt.student.id] = student, [*attempts, marked]

    def pairs(self) -> Iterator[tuple[Student, AttemptMark]]:
        """Every attempt with its student."""
        for student, attempts in self._students.values():
            yield from ((student, one.mark) for one in attempts)

    @property
    def max_score(self) -> Decimal:
        """The total that most attempts have; that of the rubric where there is none."""
        totals = Counter(attempt.max_score for _, attempt in self.pairs())
        if not totals:
            return usual_total(self._lab.rubric)
        return max(totals, key=lambda total: (totals[total], total))

    def marks(self, handed_around: Iterable[Shared], absent: Iterable[Student]) -> Iterator[StudentMark]:
        """The mark of every student, by id."""
        marking = StudentMarking(self._lab.rubric.pass_mark, self._policy, self._tell, self.max_score)
        flags = self._flags(handed_around)
        away = {student.id: student for student in absent if student.id not in self._students}
        for name in sorted({*self._students, *away}, key=_natural):
            overrides = self._overrides.get(name, [])
            if name in away:
                yield marking.absent(away[name], overrides)
            else:
                student, attempts = self._students[name]
                yield marking.present(student, attempts, overrides, flags[name])

    def _flags(self, handed_around: Iterable[Shared]) -> dict[str, list[Told]]:
        flags: dict[str, list[Told]] = defaultdict(list)
        for one in handed_around:
            for student in one.students:
                others = tuple(other for other in one.students[: _SHOWN + 1] if other != student)
                more = ("…",) if len(one.students) > _SHOWN + 1 else ()
                flags[student].append(self._tell(f"same-{one.kind}", others=(*others[:_SHOWN], *more)))
        return flags

    def notes(self, marks: Sequence[StudentMark]) -> Iterator[Told]:
        """What somebody who reads the marks should know about all of them."""
        pairs = [attempt for _, attempt in self.pairs()]
        unknown = sum(attempt.due is not None and attempt.late_s is None for attempt in pairs)
        if unknown and self._policy.late is not None:
            yield self._tell("note-late-unknown", count=unknown)
        totals = sorted({attempt.max_score for attempt in pairs})
        if len(totals) > 1:
            yield self._tell("note-totals", totals=tuple(number(total) for total in totals))
        if self._other_rubrics:
            yield self._tell("note-rubrics", count=self._other_rubrics)
        unused = sorted(self._overrides.keys() - {mark.student.id for mark in marks}, key=_natural)
        if unused:
            yield self._tell("note-overrides-unused", students=tuple(unused))


def _natural(name: str) -> tuple[list[tuple[bool, int, str]], str]:
    """`s2` before `s10`."""
    parts = re.findall(r"([0-9]{1,18})|([^0-9]+)", name)
    return [(bool(digits), int(digits or 0), text) for digits, text in parts], name

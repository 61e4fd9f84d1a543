"""The overrides file of an instructor: marks set by hand, each with a reason and a name.

    k8sgrade_overrides: 1
    overrides:
      - student: s001
        item: hpa-active      # without it, the whole mark
        attempt: 2            # without it, every attempt
        points: 7
        reason: Metrics were down in the whole room
        by: Instructor
        at: 2026-03-02T10:00:00+09:00

Points of an item replace those of the grade, before lateness; a whole mark stands as it is
written. Everything is checked against roster and rubric before anything is graded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from pytest_k8sgrade.gradebook.files import parse_file, read_file
from pytest_k8sgrade.gradebook.model import Override
from pytest_k8sgrade.rubric.document import Document
from pytest_k8sgrade.rubric.faults import Faults, quoted
from pytest_k8sgrade.rubric.fields import Frozen, Points, Slug
from pytest_k8sgrade.rubric.model import Rubric, sum_of
from pytest_k8sgrade.rubric.suggest import choices

WHAT = "overrides file"


def _written_id(value: object) -> object:
    """An id of digits needs no quotes in the file."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _moment(value: object) -> datetime:
    """A date, or a time; without a zone it is UTC."""
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        message = "expected a date or a time such as 2026-03-02T10:00:00+09:00"
        raise PydanticCustomError("rubric_value", "{message}", {"message": message}) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


ShortText = Annotated[str, Field(min_length=1, max_length=500)]


class _Entry(Frozen):
    student: Annotated[ShortText, BeforeValidator(_written_id)]
    attempt: Annotated[int, Field(ge=1)] | None = None
    item: Slug | None = None
    points: Points
    reason: ShortText
    by: ShortText
    at: Annotated[datetime, BeforeValidator(_moment)]


class _File(Frozen):
    k8sgrade_overrides: Literal[1]
    overrides: tuple[_Entry, ...] = ()


def load_overrides(path: Path, rubric: Rubric, students: Mapping[str, int]) -> tuple[Override, ...]:
    """The overrides of a file; `students` are the ids of the roster with their numbers of attempts.

    Raises `UsageFault` with every fault and its line.
    """
    return parse_overrides(read_file(path, WHAT), str(path), rubric, students)


def parse_overrides(
    content: bytes, source: str, rubric: Rubric, students: Mapping[str, int]
) -> tuple[Override, ...]:
    """The overrides of a file's bytes; `source` is how messages name it."""
    faults = Faults(source, WHAT)
    file, document = parse_file(_File, content, faults)
    found = tuple(_override(entry, document, index) for index, entry in enumerate(file.overrides))
    for line, message in _Judge(rubric, students).faults(found):
        faults.add(line, message)
    faults.raise_any()
    return found


def _override(entry: _Entry, document: Document, index: int) -> Override:
    values: dict[str, Any] = entry.model_dump() | {"points": entry.points, "at": entry.at}
    return Override(**values, line=document.line(("overrides", index)))


@dataclass(frozen=True, slots=True)
class _Judge:
    """What the file says that roster and rubric know nothing of."""

    rubric: Rubric
    students: Mapping[str, int]

    def faults(self, overrides: Iterable[Override]) -> Iterator[tuple[int, str]]:
        seen: dict[tuple[str, int | None, str | None], int] = {}
        for one in overrides:
            for message in (*self._student(one), *self._points(one)):
                yield one.line, f"override of {quoted(one.student)}: {message}"
            key = (one.student, one.attempt, one.item)
            if key in seen:
                yield (
                    one.line,
                    f"override of {quoted(one.student)}: the same is already set in line {seen[key]}",
                )
            seen.setdefault(key, one.line)

    def _student(self, one: Override) -> Iterator[str]:
        attempts = self.students.get(one.student)
        if attempts is None:
            yield f"the roster has no such student; {choices(one.student, self.students, 'students')}"
        elif one.attempt is not None and one.attempt > attempts:
            yield f"there is no attempt {one.attempt}; the roster has {attempts}"
        elif not attempts and one.item is not None:
            yield "nothing was handed in; only the whole mark can be set (without item)"

    def _points(self, one: Override) -> Iterator[str]:
        if one.item is None:
            yield from _more_than(one, usual_total(self.rubric), "the rubric gives")
            return
        item = self.rubric.by_id.get(one.item)
        if item is None:
            yield f"the rubric has no item {one.item!r}; {choices(one.item, self.rubric.by_id, 'items')}"
        elif item.waived:
            yield f"item {item.id} is waived and counts for nobody"
        else:
            yield from _more_than(one, item.points, f"item {item.id} gives")


def _more_than(one: Override, most: Decimal, who: str) -> Iterator[str]:
    if one.points > most:
        yield f"{one.points:f} points are more than {who}, which is {most:f}"


def usual_total(rubric: Rubric) -> Decimal:
    """The total of a grade in which no active item was asked for."""
    return sum_of(tuple(item for item in rubric.items if not item.waived and not item.active))


def of_attempt(overrides: Iterable[Override], number: int) -> tuple[dict[str, Override], Override | None]:
    """What holds for one attempt: the items' overrides by item, and that of its whole mark.

    What names the attempt goes before what holds for all; a whole mark for all attempts
    is the student's own mark, see `of_student`.
    """
    ordered = sorted(overrides, key=lambda one: one.attempt is not None)
    meant = [one for one in ordered if one.attempt in (None, number)]
    items = {one.item: one for one in meant if one.item is not None}
    whole = next((one for one in meant if one.item is None and one.attempt is not None), None)
    return items, whole


def of_student(overrides: Iterable[Override]) -> Override | None:
    """The whole mark that was set for a student, whatever the attempts."""
    return next((one for one in overrides if one.item is None and one.attempt is None), None)


__all__ = ["load_overrides", "of_attempt", "of_student", "parse_overrides", "usual_total"]

"""Schedules as cron writes them: minute, hour, day of the month, month, day of the week.

As robfig/cron reads them, which the controllers use: five fields, names of months and days,
lists, ranges and steps; where both kinds of day are restricted, either of them will do.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

_BOUNDS: Final = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6))
_MONTHS: Final = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_DAYS: Final = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
_NAMES: Final = {
    3: {name: number for number, name in enumerate(_MONTHS, 1)},
    4: {name: number for number, name in enumerate(_DAYS)},
}
_LONGEST: Final = timedelta(days=3660)


@dataclass(frozen=True, slots=True)
class Schedule:
    """The minutes at which something is due, without a time zone."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    any_day: bool

    @classmethod
    def parse(cls, text: str) -> Schedule | None:
        """A schedule of five fields, None for anything else."""
        fields = text.split()
        if len(fields) != len(_BOUNDS):
            return None
        try:
            sets = [_values(field, at) for at, field in enumerate(fields)]
        except ValueError:
            return None
        stars = any(_is_star(part) for at in (2, 4) for part in fields[at].split(","))
        return cls(sets[0], sets[1], sets[2], sets[3], sets[4], any_day=stars)

    def comes_due(self, after: datetime, before: datetime) -> bool:
        """Whether it is due at a minute between two moments, neither of them included."""
        after = max(after, before - _LONGEST)
        day = before.date()
        while day >= after.date():
            if self._is_on(day) and any(
                after < datetime.combine(day, time(hour, minute)) < before
                for hour in self.hours
                for minute in self.minutes
            ):
                return True
            day -= timedelta(days=1)
        return False

    def _is_on(self, day: date) -> bool:
        if day.month not in self.months:
            return False
        of_month, of_week = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return (of_month and of_week) if self.any_day else (of_month or of_week)


def _is_star(part: str) -> bool:
    span, _, step = part.partition("/")
    return span in ("*", "?") and step in ("", "1")


def _values(field: str, at: int) -> frozenset[int]:
    return frozenset(value for part in field.split(",") for value in _part(part, at))


def _part(part: str, at: int) -> range:
    """The numbers of one part; ValueError for what is no such part."""
    low, high = _BOUNDS[at]
    span, slash, written = part.partition("/")
    step = _number(written, -1) if slash else 1
    if span in ("*", "?"):
        first, last = low, high
    else:
        start, dash, end = span.partition("-")
        first = _number(start, at)
        last = _number(end, at) if dash else (high if slash else first)
    if not (low <= first <= last <= high and step > 0):
        raise ValueError(part)
    return range(first, last + 1, step)


def _number(text: str, at: int) -> int:
    named = _NAMES.get(at, {}).get(text.lower())
    if named is None and not (text.isascii() and text.isdigit()):
        raise ValueError(text)
    return named if named is not None else int(text)

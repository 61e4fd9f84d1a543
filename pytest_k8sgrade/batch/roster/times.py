"""Points in time as a roster writes them, and extensions: a time or a duration.

A time without a zone is read in the zone that the caller names. What is not one clear
moment (a day without a time of day, an hour that a change of clocks repeats or skips)
is a fault: it decides marks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pytest_k8sgrade.errors import UsageFault
from pytest_k8sgrade.kube.duration import parse_duration
from pytest_k8sgrade.rubric.faults import quoted
from pytest_k8sgrade.rubric.suggest import choices

EXPECTED = "a time such as 2026-03-02T18:00+09:00 or 2026-03-02 18:00"
_MAX_EXTENSION = timedelta(days=3660)
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?\s?(Z|[+-]\d\d(:?\d\d)?)?", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def zone_of(name: str) -> tzinfo:
    """The time zone of a name such as `Asia/Seoul`; raises `UsageFault`."""
    if name.upper() == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        there_is = choices(name, available_timezones() or ["UTC"], "time zones")
        raise UsageFault(f"no time zone {quoted(name)}; {there_is}") from None


@dataclass(slots=True)
class Clock:
    """Reads times; `zone` is that of the ones without, and `read_naive` whether there were any."""

    zone: tzinfo = UTC
    read_naive: bool = field(default=False, init=False)

    def time(self, text: str, expected: str = EXPECTED) -> datetime:
        """The moment in UTC; raises ValueError with what was expected."""
        written = text.strip().upper()
        wrong = f"expected {expected}, not {quoted(text)}"
        if _DAY.fullmatch(written):
            raise ValueError(f"{wrong}: give a time of day too")
        if not _TIME.fullmatch(written):
            raise ValueError(wrong)
        try:
            moment = datetime.fromisoformat(written.replace(" ", "T", 1).replace(" ", ""))
        except ValueError:
            raise ValueError(wrong) from None
        try:
            return (moment if moment.tzinfo else self._in_zone(moment, text)).astimezone(UTC)
        except OverflowError:
            raise ValueError(wrong) from None

    def _in_zone(self, moment: datetime, text: str) -> datetime:
        self.read_naive = True
        first, second = (moment.replace(tzinfo=self.zone, fold=fold) for fold in (0, 1))
        if first.utcoffset() != second.utcoffset():
            changed = f"a change of clocks in {self.zone}"
            raise ValueError(f"{quoted(text)} is not one moment ({changed}): write it with its offset")
        return first

    def extended(self, deadline: datetime | None, text: str) -> datetime:
        """Until when an extension lasts: a time after the deadline, or a duration from it.

        Raises ValueError with what was expected.
        """
        try:
            seconds = parse_duration(text)
        except ValueError:
            until = self.time(text, f"a duration such as 2d or 12h, or {EXPECTED}")
        else:
            until = _later(deadline, seconds, text)
        if deadline is not None and until < deadline:
            raise ValueError(f"the extension {quoted(text)} ends before the deadline")
        return until


def _later(deadline: datetime | None, seconds: float, text: str) -> datetime:
    if text.strip().replace(".", "", 1).isdecimal():
        raise ValueError(f"the extension {quoted(text)} has no unit: write 2d, 12h or 90m")
    if deadline is None:
        raise ValueError(f"the extension {quoted(text)} needs a deadline to begin at")
    if seconds > _MAX_EXTENSION.total_seconds():
        raise ValueError(f"the extension {quoted(text)} is longer than ten years")
    try:
        return deadline + timedelta(seconds=seconds)
    except OverflowError:
        raise ValueError(f"the extension {quoted(text)} ends after the year 9999") from None

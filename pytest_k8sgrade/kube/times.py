"""Times as the API, Prometheus and Argo CD write them, as aware datetimes in UTC.

Go writes nanoseconds where Python knows microseconds, and year 1 for "never": both
are read here so that nobody compares texts.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

_FRACTION = re.compile(r"\.(\d{1,9})(?=Z|[+-]\d\d:?\d\d$|$)")
_GO = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d) (?P<time>\d\d:\d\d:\d\d)(?P<fraction>\.\d{1,9})? (?P<zone>[+-]\d{4})"
    r"(?: \S+)?(?: m=\S+)?"
)
_NEVER = 1971
"""Go's zero time is year 1, Unix's is 1970: both mean that it did not happen."""


def parse_time(text: str | None) -> datetime | None:
    """An RFC 3339 time; None for no time, a zero time or a text that is none."""
    if not text:
        return None
    written = _FRACTION.sub(lambda match: "." + match[1][:6].ljust(6, "0"), text.strip())
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        return None
    if moment.year < _NEVER:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def format_time(moment: datetime) -> str:
    """RFC 3339 in UTC with seconds, microseconds only where there are some."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def parse_go_time(text: str | None) -> datetime | None:
    """A time as Go prints it: `2026-03-02 10:00:52.869 +0000 UTC`; None for anything else."""
    found = _GO.fullmatch((text or "").strip())
    if found is None:
        return None
    zone = f"{found['zone'][:3]}:{found['zone'][3:]}"
    return parse_time(f"{found['day']}T{found['time']}{found['fraction'] or ''}{zone}")

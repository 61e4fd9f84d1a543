"""A roster: whose hand-ins are graded, where they are, until when they were due.

A CSV or YAML file, or a folder of evidence. A roster with a fault is not graded at all: it is
told with all its faults and their lines, for a line that is skipped is a student without a mark.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Final

from pytest_k8sgrade.batch.entry import Entry
from pytest_k8sgrade.batch.roster.csv_rows import read_csv
from pytest_k8sgrade.batch.roster.entries import Reading, entries_of
from pytest_k8sgrade.batch.roster.folder_rows import read_folder
from pytest_k8sgrade.batch.roster.ids import id_of
from pytest_k8sgrade.batch.roster.rows import Row
from pytest_k8sgrade.batch.roster.times import Clock
from pytest_k8sgrade.batch.roster.yaml_rows import read_yaml
from pytest_k8sgrade.errors import UsageFault
from pytest_k8sgrade.gradebook.attempt import Student
from pytest_k8sgrade.rubric.faults import Faults
from pytest_k8sgrade.rubric.suggest import choices

MAX_BYTES: Final = 64 * 1024 * 1024
"""Of a roster: a thousand kubeconfigs that are written out have some ten millions."""

_YAML: Final = (".yaml", ".yml")
_CSV: Final = (".csv", ".tsv", ".txt")


@dataclass(frozen=True, slots=True)
class RosterOptions:
    """What the person says about a roster beside it.

    `zone` is that of times without one, `deadline` and `allow` are for lines that say none (allow:
    beside what they say), `encoding` is a CSV's unless it is UTF-8.
    """

    zone: tzinfo = UTC
    deadline: str | None = None
    allow: frozenset[str] = frozenset()
    encoding: str | None = None


@dataclass(frozen=True, slots=True)
class Roster:
    """A roster that was read.

    `absent` handed nothing in; `left_out` are names of a folder that are no hand-ins; `naive_times`
    says that a time without a zone was read in that of the options.
    """

    source: Path
    entries: tuple[Entry, ...]
    absent: tuple[Student, ...] = ()
    left_out: tuple[str, ...] = ()
    naive_times: bool = False

    def only(self, ids: Iterable[str]) -> Roster:
        """The hand-ins of these students; raises `UsageFault` for one who is not there."""
        wanted = {id_of(written) for written in ids}
        known = {entry.student.id for entry in self.entries} | {student.id for student in self.absent}
        for wrong in sorted(wanted - known):
            raise UsageFault(f"--only {wrong!r}: the roster has no such student; {choices(wrong, known)}")
        return replace(
            self,
            entries=tuple(entry for entry in self.entries if entry.student.id in wanted),
            absent=tuple(student for student in self.absent if student.id in wanted),
        )


def load_roster(path: Path, options: RosterOptions | None = None) -> Roster:
    """The roster of a file or folder; raises `UsageFault` with all its faults."""
    chosen = options or RosterOptions()
    faults = Faults(str(path), "roster")
    clock = Clock(chosen.zone)
    rows, left_out = _rows(path, chosen, faults)
    reading = Reading(
        folder=(path if path.is_dir() else path.parent).absolute(),
        faults=faults,
        clock=clock,
        deadline=_deadline(chosen.deadline, clock),
        allow=chosen.allow,
    )
    entries, absent = entries_of(rows, reading)
    if not rows and not faults:
        faults.add(1, "the roster names no student")
    faults.raise_any()
    return Roster(path, tuple(entries), tuple(absent), tuple(left_out), clock.read_naive)


def _rows(path: Path, options: RosterOptions, faults: Faults) -> tuple[list[Row], list[str]]:
    try:
        if path.is_dir():
            return read_folder(path, faults)
        content = _content(path)
    except OSError as error:
        raise UsageFault(
            f"the roster {str(path)!r} cannot be read: {error.strerror}; give a CSV or YAML file, "
            "or a folder of evidence"
        ) from error
    if path.suffix.lower() in _YAML:
        return read_yaml(content, faults, max_bytes=MAX_BYTES), []
    if path.suffix.lower() in _CSV:
        return read_csv(content, options.encoding, faults), []
    raise UsageFault(
        f"the roster {str(path)!r} is neither a folder nor a file that ends in {', '.join(_CSV + _YAML)}; "
        "a spreadsheet writes one as 'CSV UTF-8'"
    )


def _content(path: Path) -> bytes:
    with path.open("rb") as stream:
        content = stream.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise UsageFault(f"the roster {str(path)!r} has more than {MAX_BYTES} bytes; split it")
    return content


def _deadline(text: str | None, clock: Clock) -> datetime | None:
    if text is None:
        return None
    try:
        return clock.time(text)
    except ValueError as error:
        raise UsageFault(f"--deadline: {error}") from None

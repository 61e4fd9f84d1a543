"""The files of one hand-in: its grade as every report has it, its evidence, and the attempt."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from pytest_k8sgrade.batch.entry import Entry
from pytest_k8sgrade.batch.options import Graded, WorkOptions
from pytest_k8sgrade.batch.places import place_of
from pytest_k8sgrade.batch.problems import told
from pytest_k8sgrade.batch.workers.limits import peak_bytes
from pytest_k8sgrade.gradebook.attempt import Attempt, of_grade
from pytest_k8sgrade.reports.write import FORMATS

ATTEMPT: Final = "attempt.json"
EVIDENCE: Final = "evidence.zip"
REPORTS: Final[Mapping[str, str]] = {"json": "grade.json", "junit": "grade.xml", "html": "grade.html"}
"""The file of each report format that every student gets."""


def write_attempt(
    folder: Path, entry: Entry, options: WorkOptions, graded: Graded, started: datetime, lasted: float
) -> None:
    """Write the reports and the attempt; raises `OSError`. `lasted` are the seconds it took."""
    for name, render in FORMATS.items():
        if name in REPORTS:
            (folder / REPORTS[name]).write_text(render(graded.grade), encoding="utf-8")
    attempt = attempt_of(entry, options, graded, started, lasted)
    (folder / ATTEMPT).write_text(attempt.model_dump_json(by_alias=True) + "\n", encoding="utf-8")


def attempt_of(
    entry: Entry, options: WorkOptions, graded: Graded, started: datetime, lasted: float
) -> Attempt:
    """What a class's reports need of a graded hand-in."""
    fields: dict[str, object] = {
        **of_grade(graded.grade),
        "submitted": started,
        "number": entry.number,
        "source": entry.source,
        "origin": _origin(entry),
        "folder": str(place_of(entry)),
        "duration_s": round(lasted, 3),
        "peak_bytes": peak_bytes(),
        "evidence_digest": graded.evidence_digest,
        "problem": told(graded.problem, options.catalogue) if graded.problem else None,
        "warnings": tuple(told(warning, options.catalogue) for warning in graded.warnings),
    }
    if entry.evidence is not None and graded.recorded is not None:
        fields |= {"submitted": _utc(graded.recorded), "submitted_by": "evidence"}
    return Attempt.model_validate(fields | roster_facts(entry))


def read_attempt(folder: Path) -> Attempt:
    """The attempt of a finished folder; raises `OSError` or `ValueError` when it is not whole."""
    return Attempt.model_validate_json((folder / ATTEMPT).read_bytes())


def roster_facts(entry: Entry) -> dict[str, object]:
    """The fields of an attempt that are the roster's to say, also after it was graded."""
    facts: dict[str, object] = {
        "student": entry.student,
        "deadline": _utc(entry.deadline),
        "extended_to": _utc(entry.extended_to),
    }
    if entry.submitted is not None:
        facts |= {"submitted": _utc(entry.submitted), "submitted_by": "roster"}
    return facts


def _origin(entry: Entry) -> str:
    """What was handed in, as the roster names it; never where it lies on this machine."""
    file = entry.evidence or entry.answers or entry.kubeconfig
    return file.name if file is not None else "kubeconfig"


def _utc(moment: datetime | None) -> datetime | None:
    return moment.astimezone(UTC) if moment is not None else None

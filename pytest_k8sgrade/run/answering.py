"""Grading a sheet of answers: which one it is, and a source for rubrics that ask no cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

from pytest_k8sgrade.cluster import Facts, Request, Response, View, evidence_of
from pytest_k8sgrade.cluster.reader import Login
from pytest_k8sgrade.errors import UsageFault
from pytest_k8sgrade.grade.model import Subject
from pytest_k8sgrade.outcome import cannot_tell
from pytest_k8sgrade.reports.write import write_atomically
from pytest_k8sgrade.rubric.signature import ACTOR
from pytest_k8sgrade.run.recording import NOTHING, RecordedRun
from pytest_k8sgrade.theory.sheet import Sheet, read_sheet, student_id

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster.acting import Actor
    from pytest_k8sgrade.locale.messages import Catalogue
    from pytest_k8sgrade.rubric.load import LoadedRubric
    from pytest_k8sgrade.run.settings import Settings

FIXTURE: Final = "answer"


def sheet_of(settings: Settings, lab: LoadedRubric) -> Sheet | None:
    """The answers that the options name, before anything is reached; raises `UsageFault`.

    A rubric that asks nothing but questions cannot be graded without them.
    """
    if settings.answers is not None:
        if not _asks(lab, FIXTURE):
            raise UsageFault(f"the rubric {lab.rubric.id} asks no questions; leave --k8s-grade-answers out")
        return _complete(read_sheet(settings.answers, lab.rubric, settings.student), lab)
    if settings.student is not None and settings.evidence is None:
        raise UsageFault("--k8s-grade-student names whose answers are graded; give --k8s-grade-answers, too")
    if settings.evidence is None and not needs_cluster(lab):
        raise UsageFault(
            f"the rubric {lab.rubric.id} asks questions: `k8sgrade theory {lab.pack.name} --student ID "
            "--out FILE` writes them; fill them in, then grade them with --k8s-grade-answers FILE"
        )
    return None


def _complete(sheet: Sheet, lab: LoadedRubric) -> Sheet:
    """The sheet with every question that was asked: what is left out is not answered.

    A question that a later rubric asks is not in the evidence then, which is another thing.
    """
    asked = [item.id for item in lab.rubric.items if lab.checks[item.check].takes(FIXTURE)]
    return sheet.model_copy(update={"answers": {**dict.fromkeys(asked), **sheet.answers}})


def recorded_sheet(settings: Settings, recorded: RecordedRun) -> Sheet | None:
    """The answers that evidence holds; raises `UsageFault` when they are not the student's."""
    sheet, student = recorded.answers, settings.student
    if student is not None and (sheet is None or sheet.student != student_id(student)):
        whose = f"answers of {sheet.student!r}, not of {student!r}" if sheet else "no answers"
        raise UsageFault(f"the evidence holds {whose}; leave --k8s-grade-student out to grade it as it is")
    return sheet


def needs_cluster(lab: LoadedRubric) -> bool:
    """Whether any item looks at a cluster."""
    return _asks(lab, "cluster") or _asks(lab, ACTOR) or not _asks(lab, FIXTURE)


def _asks(lab: LoadedRubric, fixture: str) -> bool:
    return any(check.takes(fixture) for check in lab.checks.values())


def write_evidence(path: Path, content: bytes) -> None:
    """Write an evidence file; raises `UsageFault` when it cannot be written."""
    try:
        write_atomically(path, content)
    except OSError as error:
        raise UsageFault(
            f"the evidence cannot be written to {str(path)!r}: {error.strerror}; "
            "give a file in a folder that can be written to"
        ) from error


class NoCluster:
    """A source for what is graded from answers alone: nothing is read, nothing is reached."""

    replayed = True
    recorded = NOTHING

    def __init__(self) -> None:
        self._view = View(_Nothing(), now=datetime.now(UTC).replace(microsecond=0))

    def view(self) -> View:
        """Always the same: there is nothing that could change."""
        return self._view

    def expect(self, paths: Sequence[str]) -> None:
        """There is nothing to read ahead."""

    def header(self, catalogue: Catalogue) -> list[str]:
        """No cluster to be named."""
        return []

    def subject(self) -> Subject:
        """No cluster to be named."""
        return Subject()

    def record(self, path: Path, run: RecordedRun, older: Iterable[View]) -> None:
        """Write the evidence, which holds the answers; raises `UsageFault` when it cannot be written."""
        nobody = Facts(context="", server="", identity="")
        write_evidence(path, evidence_of(self._view, nobody, run.told(), version("pytest-k8sgrade")))

    def actor(self, lasts: float, told: Callable[[], None]) -> Actor:
        """There is nothing that could be changed."""
        cannot_tell("act-not-recorded")

    def close(self) -> None:
        """Nothing is held open."""


class _Nothing:
    """A reader without a cluster behind it."""

    def read(self, request: Request, seconds: float) -> Response:
        """Nobody answers."""
        _nobody(request.path)

    def login(self, login: Login, seconds: float) -> Response:
        """Nobody answers."""
        _nobody(login.path)


def _nobody(path: str) -> NoReturn:
    cannot_tell("not-recorded", path=path)

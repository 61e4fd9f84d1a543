"""One hand-in graded into a folder: the work of a worker.

Whatever the hand-in does, the folder holds a grade at the end: that of the cluster, or one in
which every item is ungraded and says why.
"""

from __future__ import annotations

import contextlib
import time
import traceback
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pytest_k8sgrade.batch.entry import Entry
from pytest_k8sgrade.batch.handed_in import digest_of, read_handed_in
from pytest_k8sgrade.batch.options import Graded, WorkOptions
from pytest_k8sgrade.batch.problems import Problem, problem_grade, refusal, too_large, too_long, with_limits
from pytest_k8sgrade.batch.workers.interrupt import interruptible
from pytest_k8sgrade.batch.writing import EVIDENCE, write_attempt
from pytest_k8sgrade.cluster import Inline, foreign
from pytest_k8sgrade.cluster.evidence import MAX_FILE_BYTES as MAX_EVIDENCE_BYTES
from pytest_k8sgrade.cluster.self_review import may_write
from pytest_k8sgrade.engine import Ended, run_session
from pytest_k8sgrade.errors import EvidenceFault, UsageFault
from pytest_k8sgrade.outcome import Reason
from pytest_k8sgrade.run.answering import needs_cluster
from pytest_k8sgrade.run.session import GradeSession
from pytest_k8sgrade.run.settings import Settings
from pytest_k8sgrade.theory.sheet import MAX_BYTES as MAX_ANSWERS_BYTES
from pytest_k8sgrade.theory.sheet import student_id

if TYPE_CHECKING:
    from pytest_k8sgrade.run.rounds import Progress


ANSWERS: Final = "answers.yaml"
"""The copy of a sheet of answers while it is read; the evidence holds what was in it."""


def grade_entry(entry: Entry, options: WorkOptions, folder: Path, progress: Progress | None = None) -> None:
    """Grade a hand-in into an existing empty folder; raises nothing for what the hand-in does.

    Writes the files of `batch.writing`. Raises `OSError` when the folder cannot be written to.
    """
    began, started = time.monotonic(), datetime.now(UTC)
    digest = None
    try:
        with interruptible():
            digest = _take_in(entry, folder)
            graded = _grade(entry, options, folder, progress)
    except KeyboardInterrupt:
        graded = ungraded(entry, options, Problem(too_long(options)))
    except MemoryError:
        graded = ungraded(entry, options, Problem(too_large(options)))
    except UsageFault as fault:
        graded = ungraded(entry, options, refusal(entry, fault, folder))
    except Exception as error:
        broken = Problem(Reason("worker-broken", {"error": type(error).__name__}), traceback.format_exc())
        graded = ungraded(entry, options, broken)
    graded = replace(graded, evidence_digest=digest)
    (folder / ANSWERS).unlink(missing_ok=True)
    if graded.problem is not None:
        (folder / EVIDENCE).unlink(missing_ok=True)
    write_attempt(folder, entry, options, graded, started, time.monotonic() - began)


def grade_problem(entry: Entry, options: WorkOptions, folder: Path, problem: Problem, lasted: float) -> None:
    """Write into an empty folder that a hand-in could not be graded, and why."""
    write_attempt(folder, entry, options, ungraded(entry, options, problem), datetime.now(UTC), lasted)


def ungraded(entry: Entry, options: WorkOptions, problem: Problem) -> Graded:
    """A hand-in of which nothing could be graded."""
    grade = problem_grade(entry, options, problem)
    return Graded(grade=grade, problem=problem.reason)


def _grade(entry: Entry, options: WorkOptions, folder: Path, progress: Progress | None) -> Graded:
    settings = _settings(entry, options, folder)
    session = GradeSession.prepare(settings, options.lab)
    _refuse_other_answers(entry, session)
    ended = run_session(session, progress)
    grade = ended.grade.model_copy(
        update={"subject": ended.grade.subject.model_copy(update={"student": entry.student.id})}
    )
    return Graded(
        grade=with_limits(grade, options),
        warnings=tuple(_warnings(entry, settings, ended)),
        recorded=session.source.recorded.recorded,
    )


def _warnings(entry: Entry, settings: Settings, ended: Ended) -> Iterator[Reason]:
    """What the instructor should know and no mark depends on."""
    if ended.fault is not None:
        yield Reason("evidence-not-kept", {"fault": str(ended.fault)})
    if entry.source == "cluster" and not ended.interrupted:
        with contextlib.suppress(KeyboardInterrupt):  # the time is up, but the mark is there
            rights = may_write(settings.kubeconfig, settings.context, settings.policy)
            if rights:
                yield Reason("credential-may-write", {"rights": list(rights)})


def _settings(entry: Entry, options: WorkOptions, folder: Path) -> Settings:
    shared = Settings(
        lab=options.rubric,
        overrides=options.overrides,
        wait=options.wait,
        language=options.language,
        hints=options.hints,
        may_act=False,
        policy=foreign(entry.allow),
    )
    if entry.source == "evidence":
        return replace(shared, evidence=folder / EVIDENCE)
    if entry.source == "answers":
        if needs_cluster(options.lab):
            raise UsageFault(
                f"the rubric {options.rubric} looks at a cluster, and answers alone were handed in; "
                "record evidence with the answers, and hand that in"
            )
        return replace(shared, answers=folder / ANSWERS, student=entry.student.id, record=folder / EVIDENCE)
    text = entry.kubeconfig_text
    inline = Inline(text, f"of {entry.student.id}") if text is not None else None
    return replace(
        shared, kubeconfig=inline or entry.kubeconfig, context=entry.context, record=folder / EVIDENCE
    )


def _take_in(entry: Entry, folder: Path) -> str | None:
    """Copy a file that was handed in, so that what is kept is what is graded; its digest.

    None for a kubeconfig. Raises `UsageFault`.
    """
    if entry.evidence is not None:
        content, copy = read_handed_in(entry.evidence, MAX_EVIDENCE_BYTES), EVIDENCE
    elif entry.answers is not None:
        content, copy = read_handed_in(entry.answers, MAX_ANSWERS_BYTES), ANSWERS
    else:
        return None
    (folder / copy).write_bytes(content)
    return digest_of(content)


def _refuse_other_answers(entry: Entry, session: GradeSession) -> None:
    """Answers inside of evidence name a student, too."""
    sheet = session.looker.sheet
    if sheet is not None and sheet.student != student_id(entry.student.id):
        raise EvidenceFault(
            f"the evidence holds answers of {sheet.student!r}, not of {entry.student.id!r}; "
            "find out whose they are"
        )


__all__ = ["Graded", "WorkOptions", "grade_entry", "grade_problem", "ungraded"]

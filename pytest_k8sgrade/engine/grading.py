"""One grade: from settings through the plugin's rounds to the grade object.

The session is made before pytest starts, so that what the user did wrong is raised
as it is. The same hooks as in a `--k8s-grade` run then do the grading.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from pytest_k8sgrade.engine.isolation import run_pytest
from pytest_k8sgrade.errors import UsageFault
from pytest_k8sgrade.grade.model import Grade
from pytest_k8sgrade.locale.messages import HintLevel, Language
from pytest_k8sgrade.run.hooks import GradeRun
from pytest_k8sgrade.run.progress import NoProgress
from pytest_k8sgrade.run.rounds import Progress
from pytest_k8sgrade.run.session import GradeSession
from pytest_k8sgrade.run.settings import Settings


class GradingFailedError(RuntimeError):
    """Grading broke in a place where no item could be blamed: a fault of ours."""


class _Guest:
    """Brings a grading run into a pytest that has none of our options."""

    def __init__(self, run: GradeRun) -> None:
        self._run = run
        self.error: BaseException | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """Add the hooks of the run."""
        self._run.join(config)

    def pytest_internalerror(self, excinfo: pytest.ExceptionInfo[BaseException]) -> bool:
        """Keep the error for the caller; nobody reads what pytest would print."""
        self.error = excinfo.value
        return True


def grade_evidence(
    lab: str | Path,
    evidence: Path,
    *,
    overrides: Sequence[str] = (),
    language: Language = "en",
    hints: HintLevel = "beginner",
) -> Grade:
    """The grade of an evidence file, as `--k8s-grade LAB --k8s-grade-from EVIDENCE` gives it.

    `lab` is a name or the path of a rubric file, `overrides` are KEY=VALUE settings of
    the rubric's variables. Raises `UsageFault` for what the caller gave wrongly.
    """
    settings = Settings(
        lab=str(lab), evidence=Path(evidence), overrides=tuple(overrides), language=language, hints=hints
    )
    return grade_with(GradeSession.prepare(settings))


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended: its grade, also after an interrupt; `fault` kept a file from being written."""

    grade: Grade
    interrupted: bool = False
    fault: UsageFault | None = None


def grade_with(session: GradeSession, progress: Progress | None = None) -> Grade:
    """The grade of a prepared session, which is closed at the end; its files are written.

    Raises `UsageFault` when a file cannot be written, and `KeyboardInterrupt` after an
    interrupt, when the files hold what was known until then.
    """
    ended = run_session(session, progress)
    if ended.fault is not None:
        raise ended.fault
    if ended.interrupted:
        raise KeyboardInterrupt
    return ended.grade


def run_session(session: GradeSession, progress: Progress | None = None) -> Ended:
    """As `grade_with`, for a caller that wants the grade however the run ended.

    Raises `GradingFailedError` where there is none, and `KeyboardInterrupt` after an interrupt
    before anything was looked at.
    """
    run = GradeRun(session, progress or NoProgress())
    guest = _Guest(run)
    try:
        code = run_pytest(guest)
    except KeyboardInterrupt:  # while files were written: the grade was there
        if run.grade is None:
            raise
        code = pytest.ExitCode.INTERRUPTED
    finally:
        run.close()
    interrupted = code == pytest.ExitCode.INTERRUPTED
    if run.grade is None and interrupted:
        raise KeyboardInterrupt
    if run.grade is None or guest.error is not None:
        raise GradingFailedError(f"pytest ended with {code} and without a grade") from guest.error
    return Ended(run.grade, interrupted, run.fault)

"""What a batch is graded with, and what becomes of one hand-in."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from pytest_k8sgrade.batch.limits import Limits
from pytest_k8sgrade.grade.model import Grade
from pytest_k8sgrade.locale.messages import HintLevel, Language
from pytest_k8sgrade.outcome import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkOptions:
    """What is the same for every hand-in of a batch. `wait` is in seconds, None for the rubric's own."""

    rubric: str
    language: Language = "en"
    hints: HintLevel = "beginner"
    overrides: tuple[str, ...] = ()
    wait: float | None = None
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True, kw_only=True)
class Graded:
    """What became of a hand-in: its grade, and what an attempt notes beside it."""

    grade: Grade
    problem: Reason | None = None
    warnings: tuple[Reason, ...] = ()
    recorded: datetime | None = None
    evidence_digest: str | None = None

"""What a batch is graded with, and what becomes of one hand-in."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from pytest_k8sgrade.batch.workers.limits import Limits
from pytest_k8sgrade.grade.model import Grade
from pytest_k8sgrade.locale.messages import Catalogue, HintLevel, Language
from pytest_k8sgrade.outcome import Reason
from pytest_k8sgrade.rubric.load import LoadedRubric, load_rubric
from pytest_k8sgrade.rubric.packs import find_pack


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkOptions:
    """What is the same for every hand-in of a batch. `wait` is in seconds, None for the rubric's own."""

    rubric: str
    language: Language = "en"
    hints: HintLevel = "beginner"
    overrides: tuple[str, ...] = ()
    wait: float | None = None
    limits: Limits = field(default_factory=Limits)

    @property
    def lab(self) -> LoadedRubric:
        """The rubric, read once for a whole batch; raises `UsageFault`."""
        return _lab(self.rubric)

    @property
    def catalogue(self) -> Catalogue:
        """The texts, the rubric's own ones among them."""
        return _catalogue(self.rubric, self.language)


@dataclass(frozen=True, slots=True, kw_only=True)
class Graded:
    """What became of a hand-in: its grade, and what an attempt notes beside it."""

    grade: Grade
    problem: Reason | None = None
    warnings: tuple[Reason, ...] = ()
    recorded: datetime | None = None
    evidence_digest: str | None = None


@lru_cache(maxsize=1)
def _lab(rubric: str) -> LoadedRubric:
    return load_rubric(find_pack(rubric))


@lru_cache(maxsize=1)
def _catalogue(rubric: str, language: Language) -> Catalogue:
    locale = _lab(rubric).pack.locale
    return Catalogue(language, [locale] if locale else [])

"""What the person asked for on the command line, checked and typed.

Faults are told in one clean message before anything is read from a cluster.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic_core import PydanticCustomError

from pytest_k8sgrade.cluster import OWN, Inline, Policy
from pytest_k8sgrade.errors import UsageFault
from pytest_k8sgrade.locale.messages import HintLevel, Language, default_language
from pytest_k8sgrade.reports.write import Target, parse_target, refuse_unwritable
from pytest_k8sgrade.rubric.fields import parse_duration

if TYPE_CHECKING:
    import pytest


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The options of a grading run. `wait` is in seconds, None for the rubric's own budget.

    `active` are the active checks that are asked for. A caller that grades clusters of others
    sets `may_act` to False, when asking for one is a fault, and `policy` to what their kubeconfigs may use.
    """

    lab: str
    kubeconfig: Path | Inline | None = None
    context: str | None = None
    policy: Policy = OWN
    evidence: Path | None = None
    record: Path | None = None
    answers: Path | None = None
    student: str | None = None
    overrides: tuple[str, ...] = ()
    wait: float | None = None
    reports: tuple[Target, ...] = ()
    language: Language
    hints: HintLevel = "beginner"
    active: tuple[str, ...] = ()
    may_act: bool = True


def settings_of(config: pytest.Config) -> Settings:
    """The settings of this run; raises `UsageFault`."""
    option = config.getoption
    _refuse_empty(config)
    settings = Settings(
        lab=option("k8s_grade"),
        kubeconfig=_path(option("k8s_grade_kubeconfig")),
        context=option("k8s_grade_context"),
        evidence=_path(option("k8s_grade_from")),
        record=_path(option("k8s_grade_record")),
        answers=_path(option("k8s_grade_answers")),
        student=option("k8s_grade_student"),
        overrides=tuple(option("k8s_grade_set")),
        wait=wait_of(option("k8s_grade_wait"), "--k8s-grade-wait"),
        reports=tuple(parse_target(text) for text in option("k8s_grade_report")),
        language=option("k8s_grade_lang") or default_language(),
        hints=option("k8s_grade_hints"),
        active=tuple(dict.fromkeys(option("k8s_grade_active"))),
    )
    _refuse_contradictions(settings)
    if settings.record is not None:
        refuse_unwritable(settings.record, "the evidence")
    _refuse_same_file(settings)
    return settings


def _refuse_empty(config: pytest.Config) -> None:
    """An empty value is a variable of a script that was not set: what it was for must not be guessed."""
    for name in ("kubeconfig", "context", "from", "record", "answers", "student"):
        if config.getoption(f"k8s_grade_{name}") == "":
            option = f"--k8s-grade-{name}"
            raise UsageFault(f"{option} '' names nothing; give {option} a value, or leave it out")


def _refuse_same_file(settings: Settings) -> None:
    """Two files in one place would be one file: the later one."""
    wanted = [(target.path, f"the {target.format} report") for target in settings.reports]
    wanted += [(settings.record, "the evidence")] if settings.record is not None else []
    seen: dict[Path, str] = {}
    for path, what in wanted:
        place = path.resolve()
        if place in seen and (path.is_file() or not path.exists()):
            raise UsageFault(f"{seen[place]} and {what} would both be {str(path)!r}; name two files")
        seen[place] = what


def _refuse_contradictions(settings: Settings) -> None:
    if settings.evidence is None:
        return
    live_only = {
        "--k8s-grade-kubeconfig": settings.kubeconfig,
        "--k8s-grade-context": settings.context,
        "--k8s-grade-record": settings.record,
        "--k8s-grade-answers": settings.answers,
        "--k8s-grade-active": ", ".join(settings.active) or None,
    }
    for option, value in live_only.items():
        if value is not None:
            raise UsageFault(
                f"{option} {str(value)!r} is for a cluster, but --k8s-grade-from {str(settings.evidence)!r} "
                "grades recorded evidence; leave one of the two out"
            )


def _path(text: str | None) -> Path | None:
    return Path(text).expanduser() if text else None


def wait_of(text: str | None, option: str) -> float | None:
    """Seconds of a duration such as `90s`, `5m` or a bare number; raises `UsageFault` naming the option."""
    if text is None:
        return None
    try:
        return parse_duration(text)
    except PydanticCustomError as error:
        raise UsageFault(f"{option} {text!r}: {error.message()}, or 0 for a single look") from None

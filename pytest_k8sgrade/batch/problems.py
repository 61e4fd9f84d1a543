"""A hand-in that could not be graded: a grade whose items are all ungraded and say why.

It is built as every grade is, so that its reports, its range and its exit code are those of
any other grade with ungraded items.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

from pytest_k8sgrade.batch.entry import Entry
from pytest_k8sgrade.batch.options import WorkOptions
from pytest_k8sgrade.batch.workers.limits import MEBIBYTE
from pytest_k8sgrade.errors import EvidenceFault, KubeconfigFault, UsageFault
from pytest_k8sgrade.grade.build import ItemResult, Run, build_grade
from pytest_k8sgrade.grade.model import Grade, GradedItem, Subject, Told
from pytest_k8sgrade.grade.values import clean, json_safe
from pytest_k8sgrade.locale.messages import LANGUAGES, Catalogue
from pytest_k8sgrade.outcome import Observation, Reason
from pytest_k8sgrade.rubric.signature import title_of
from pytest_k8sgrade.rubric.variables import fixed_values, parse_overrides
from pytest_k8sgrade.run.results import excluded

LONGEST: Final = 2000
"""Characters of what a program or a person wrote that are shown."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why nothing could be graded. `traceback` is for whoever repairs the grader."""

    reason: Reason
    traceback: str | None = None


def refusal(entry: Entry, fault: UsageFault, folder: Path) -> Problem:
    """What the hand-in itself is at fault for, without the paths of this machine."""
    kinds: dict[type[UsageFault], str] = {
        KubeconfigFault: "kubeconfig-refused",
        EvidenceFault: "evidence-refused",
    }
    reason = kinds.get(type(fault), "hand-in-refused")
    told = {language: _shown(fault.text(language), entry, folder) for language in LANGUAGES}
    return Problem(Reason(reason, {"fault": told if fault.texts else told["en"]}))


def _shown(text: str, entry: Entry, folder: Path) -> str:
    place = entry.evidence or entry.answers or entry.kubeconfig
    if place is not None:
        for path in (place, folder / "evidence.zip", folder / "answers.yaml"):
            text = text.replace(str(path), place.name)
    return clean(text[:LONGEST])


def too_long(options: WorkOptions) -> Reason:
    """The time was up."""
    return Reason("time-limit", {"seconds": round(options.limits.time_s)})


def too_large(options: WorkOptions) -> Reason:
    """The memory was not enough."""
    return Reason("memory-limit", {"mebibytes": options.limits.memory_bytes // MEBIBYTE})


def problem_grade(entry: Entry, options: WorkOptions, problem: Problem) -> Grade:
    """The grade of a hand-in of which nothing is known."""
    lab = options.lab
    values = fixed_values(lab.rubric, parse_overrides(lab.rubric, options.overrides))
    doubt = Observation("cannot-tell", problem.reason, traceback=problem.traceback)
    now = datetime.now(UTC)
    run = Run(
        digest=lab.digest,
        tool_version=version("pytest-k8sgrade"),
        subject=Subject(student=entry.student.id),
        titles={
            item.id: title_of(item, lab.checks[item.check], values, options.language)
            for item in lab.rubric.items
        },
        values=values,
        started=now,
        finished=now,
    )
    results = [ItemResult(item=item.id, verdict="ungraded", observation=doubt) for item in lab.rubric.items]
    results = [
        ItemResult(item=item.id, verdict=verdict) if (verdict := excluded(item)) is not None else result
        for item, result in zip(lab.rubric.items, results, strict=True)
    ]
    return build_grade(lab.rubric, results, run, options.catalogue, options.hints)


def told(reason: Reason, catalogue: Catalogue) -> Told:
    """A reason as files hold it."""
    params = {name: json_safe(value) for name, value in reason.params.items()}
    return Told(id=reason.id, params=params, text=clean(catalogue.text(reason)))


def with_limits(grade: Grade, options: WorkOptions) -> Grade:
    """The grade with the limits as the reasons of what they kept from being graded."""
    items = tuple(_with_limit(item, options) for item in grade.items)
    return grade.model_copy(update={"items": items})


def _with_limit(item: GradedItem, options: WorkOptions) -> GradedItem:
    found = item.reason
    if found is None or item.verdict != "ungraded":
        return item
    if found.id == "interrupted":
        reason = too_long(options)
    elif found.id == "check-broken" and found.params.get("error") == MemoryError.__name__:
        reason = too_large(options)
    else:
        return item
    hint = options.catalogue.hint(reason, options.hints)
    return item.model_copy(update={"reason": told(reason, options.catalogue), "hint": hint})

"""What a grade lost against what it should have lost, as differences that can be told.

Pure: grades and the proof file in, differences out. Both the recorded proofs and the
live recording session compare with these functions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

from pydantic import BaseModel, ConfigDict

from pytest_k8sgrade.grade.model import Grade, GradedItem
from pytest_k8sgrade.prove.model import BLOCKED, Mutation

Kind: TypeAlias = Literal["too-much", "too-little", "other-reason", "other-verdict", "unsaid"]


class Difference(BaseModel):
    """One way in which a grade is not as the proof file says.

    `too-much`: an item is not passed that should be. `too-little`: an item has points that it
    should not have. `other-reason`, `other-verdict`: `found` instead of `expected`. `unsaid`:
    `expected` is a fact that the first hint, that of `item` in `language`, does not hold.
    """

    model_config = ConfigDict(frozen=True)

    kind: Kind
    item: str
    expected: str | None = None
    found: str | None = None
    language: str | None = None


def missing(grade: Grade) -> dict[str, str]:
    """The items that are not passed: the reason's id, or `blocked` where a need stands in the way."""
    return {item.id: _reason(item) for item in grade.items if _is_missing(item)}


def compare(grade: Grade, mutation: Mutation) -> list[Difference]:
    """How what a grade lost differs from what the mutation should lose."""
    found, expected = missing(grade), mutation.expected
    verdicts = {item.id: item.verdict for item in grade.items}
    differences = [
        Difference(kind="too-much", item=item, found=reason)
        for item, reason in found.items()
        if item not in expected
    ]
    for item, reasons in expected.items():
        either = " or ".join(reasons)
        if item not in found:
            differences.append(Difference(kind="too-little", item=item, expected=either))
        elif found[item] not in reasons:
            differences.append(Difference(kind="other-reason", item=item, expected=either, found=found[item]))
        elif (verdicts[item] == "ungraded") != (item in mutation.ungraded):
            wanted = "ungraded" if item in mutation.ungraded else "lost"
            told = verdicts[item]
            differences.append(Difference(kind="other-verdict", item=item, expected=wanted, found=told))
    return differences


def not_full(grade: Grade) -> list[Difference]:
    """What keeps the reference from full marks."""
    return [Difference(kind="too-much", item=item, found=reason) for item, reason in missing(grade).items()]


def not_empty(grade: Grade) -> list[Difference]:
    """What an empty cluster has earned, or what could not be told of it."""
    differences = []
    for item in grade.items:
        if item.verdict == "ungraded":
            told = _reason(item)
            differences.append(
                Difference(kind="other-verdict", item=item.id, expected="lost", found=f"ungraded ({told})")
            )
        elif item.points > 0:
            differences.append(Difference(kind="too-little", item=item.id, found=f"{item.points:f}"))
    return differences


def first_told(grade: Grade) -> GradedItem | None:
    """The item whose hint a student reads first: the first that is missing for its own sake."""
    return next((item for item in grade.items if _is_missing(item) and _reason(item) != BLOCKED), None)


def unsaid(grades: Mapping[str, Grade], mutation: Mutation) -> list[Difference]:
    """The facts that the first reason and hint do not hold, by language of the grade."""
    differences = []
    for language, grade in grades.items():
        item = first_told(grade)
        if item is None or item.reason is None:
            continue  # too little was lost, which is told already
        text = f"{item.reason.text} {item.hint or ''}".strip()
        differences += [
            Difference(kind="unsaid", item=item.id, expected=fact, found=text, language=language)
            for fact in mutation.says
            if fact not in text
        ]
    return differences


def _is_missing(item: GradedItem) -> bool:
    return item.verdict in ("failed", "partial", "blocked", "ungraded")


def _reason(item: GradedItem) -> str:
    if item.verdict == "blocked" or item.reason is None or item.reason.id == "need-ungraded":
        return BLOCKED
    return item.reason.id

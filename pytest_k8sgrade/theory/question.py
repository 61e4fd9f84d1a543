"""A question as it is asked of one student, and the fixture that judges what was answered.

`Answer` is what a check gets. The same check asks and judges: `Asking` stands in for it when the
file with the questions is written, and keeps the question instead of judging an answer to it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pytest_k8sgrade.outcome import Findings
from pytest_k8sgrade.theory.drawing import Draw
from pytest_k8sgrade.theory.forms import Form
from pytest_k8sgrade.theory.sheet import Given, Value
from pytest_k8sgrade.theory.words import Both

_SHOWN = 60
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")


@dataclass(frozen=True, slots=True)
class Blank:
    """One thing to fill in. `label` says what it is, `why` why the right answer is right."""

    id: str
    form: Form
    why: Both
    label: Both | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, line by line below it what there is to choose from, and the blanks."""

    text: Both
    blanks: Sequence[Blank]
    options: Mapping[str, Both] = field(default_factory=dict)

    def __post_init__(self) -> None:
        wrong = [blank.id for blank in self.blanks if not _NAME.fullmatch(blank.id)]
        if wrong or not self.blanks:
            raise ValueError(f"a question has blanks named like with_max or 1, not {wrong or 'none'}")


@dataclass(slots=True)
class Answer:
    """A student's answer to one question, with the draw that made the question."""

    draw: Draw
    given: Given = None

    def judge(self, question: Question) -> None:
        """Return when every blank is right; else each one is a part, with the reason it was lost."""
        found = Findings()
        values = self._values(question)
        for blank in question.blanks:
            value = values.get(blank.id)
            read = "unreadable" if _empty(value) else blank.form.read(value)
            reason, params = self._told(blank, value, read)
            found.require(
                read == "right",
                reason,
                part=f"blank/{blank.id}",
                seen=value,
                wanted=blank.form.right if read == "wrong" else blank.form.wanted,
                question=self.draw.question,
                blank=blank.id,
                **params,
            )
        found.close()

    def _values(self, question: Question) -> Mapping[str, Value]:
        """The values by blank; one alone belongs to the only blank."""
        if isinstance(self.given, dict):
            return self.given
        return {question.blanks[0].id: self.given} if len(question.blanks) == 1 else {}

    @staticmethod
    def _told(blank: Blank, value: Value, read: str) -> tuple[str, dict[str, Any]]:
        if _empty(value):
            return "theory-not-answered", {"form": blank.form.wanted}
        given = str(value)[:_SHOWN]
        if read == "unreadable":
            return blank.form.unreadable, {"given": given, "form": blank.form.wanted}
        return "theory-wrong", {"given": given, "right": blank.form.right, "why": blank.why}


@dataclass(slots=True)
class Asking(Answer):
    """Stands for an answer while the questions are written."""

    question: Question | None = None

    def judge(self, question: Question) -> None:
        """Keep the question."""
        self.question = question


def _empty(value: Value) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())

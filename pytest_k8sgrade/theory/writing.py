"""The questions of a rubric for one student, as the file that is filled in and handed in.

Questions stand in comments above their blanks, so that the file is a sheet of answers from the
beginning, with nothing answered yet.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pytest_k8sgrade.errors import UsageFault
from pytest_k8sgrade.locale.messages import Catalogue, Language
from pytest_k8sgrade.rubric.load import LoadedRubric
from pytest_k8sgrade.rubric.model import Item
from pytest_k8sgrade.rubric.signature import Check, title_of
from pytest_k8sgrade.rubric.variables import fixed_values, needed_variables, substitute
from pytest_k8sgrade.theory.drawing import Draw
from pytest_k8sgrade.theory.question import Asking, Blank, Question
from pytest_k8sgrade.theory.sheet import student_id
from pytest_k8sgrade.theory.words import Both

_WIDTHS: Mapping[Language, int] = {"en": 92, "ko": 60}
"""Letters of a line; Korean ones are wide."""
FIXTURE = "answer"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question of the rubric with the item that it gives points for."""

    item: Item
    title: str
    question: Question


def questions(lab: LoadedRubric, student: str, language: Language = "en") -> list[Asked]:
    """All questions for a student; raises `UsageFault` where there are none or one cannot be asked."""
    found = [
        _asked(lab, item, lab.checks[item.check], student, language)
        for item in lab.rubric.items
        if lab.checks[item.check].takes(FIXTURE) and item.waived is None
    ]
    if not found:
        raise UsageFault(f"the rubric {lab.rubric.id} asks no questions; one that does is theory")
    return found


def _asked(lab: LoadedRubric, item: Item, check: Check, student: str, language: Language) -> Asked:
    rubric, values = lab.rubric, fixed_values(lab.rubric, {})
    unknown = needed_variables(item) - values.keys()
    if unknown:
        told = ", ".join(sorted(unknown))
        raise UsageFault(
            f"the question {item.id} names {told}, which is looked up in a cluster: give it a value"
        )
    asking = Asking(Draw(rubric.id, rubric.version, student_id(student), item.id))
    try:
        check.function(answer=asking, **substitute(item.with_, values))
    except ValueError as error:
        raise UsageFault(f"the question {item.id} of {lab.pack.source} cannot be asked: {error}") from error
    if asking.question is None:
        raise UsageFault(f"the check {check.name} of {item.id} asks nothing; it must call answer.judge")
    return Asked(item, title_of(item, check, values, language), asking.question)


def sheet_text(lab: LoadedRubric, student: str, language: Language) -> str:
    """The file, with the questions in one language."""
    words, rubric = Catalogue(language), lab.rubric
    told = {"title": rubric.title.of(language), "student": student_id(student), "version": rubric.version}
    lines = [
        *_comment(words.label("theory-heading", **told), language),
        *_comment(words.label("theory-how"), language),
        "k8sgrade_answers: 1",
        f"rubric: {rubric.id}",
        f"version: {json.dumps(rubric.version, ensure_ascii=False)}",
        f"student: {json.dumps(student_id(student), ensure_ascii=False)}",
        "answers:",
    ]
    for asked in questions(lab, student, language):
        lines += ["", *_lines(asked, words, language)]
    return "\n".join(lines) + "\n"


def _lines(asked: Asked, words: Catalogue, language: Language) -> Iterator[str]:
    item, question = asked.item, asked.question
    heading = words.label("theory-question", title=asked.title, points=f"{item.points.normalize():f}")
    for line in [
        *_comment(heading, language),
        *_comment(_of(question.text, language), language),
        *(line for letter, text in question.options.items() for line in _option(letter, text, language)),
    ]:
        yield f"  {line}"
    yield f"  {item.id}:"
    for blank in question.blanks:
        yield f"    {blank.id}:   # {_blank(blank, language)}"


def _option(letter: str, text: Both, language: Language) -> list[str]:
    return _comment(f"{letter}) {_of(text, language)}", language, "   ")


def _blank(blank: Blank, language: Language) -> str:
    label = f"{_of(blank.label, language)}: " if blank.label else ""
    return " ".join(f"{label}{blank.form.wanted}".split())


def _comment(text: str, language: Language, indent: str = "") -> list[str]:
    """Lines that YAML passes over, whatever the text holds."""
    return [
        f"# {line}"
        for paragraph in text.splitlines()
        for line in textwrap.wrap(paragraph, _WIDTHS[language], subsequent_indent=indent) or [""]
    ]


def _of(text: Both, language: Language) -> str:
    return text["ko"] if language == "ko" else text["en"]

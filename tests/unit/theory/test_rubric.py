"""The questions of the bundled rubric: for every student they can be asked, and are right."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from typing import Any

import pytest

from pytest_k8sgrade.theory.drawing import Draw
from pytest_k8sgrade.theory.forms import NumberForm
from pytest_k8sgrade.theory.formula import holds
from pytest_k8sgrade.theory.numbers import drawn
from pytest_k8sgrade.theory.question import Answer
from pytest_k8sgrade.theory.writing import questions, sheet_text
from tests.unit.theory.sheets import right, theory

STUDENTS = [f"2026-{at:03}" for at in range(60)]


def draws(question: str, *names: str) -> Iterator[dict[str, Fraction]]:
    """What some hundred students draw for a question."""
    given: dict[str, Any] = dict(theory().rubric.by_id[question].with_)
    for at in range(400):
        draw = Draw("theory", "1", f"s{at}", question)
        found = drawn(draw, given["draw"], given.get("where", ""))
        assert set(names) <= found.keys()
        yield found


def test_there_are_enough_questions_over_the_four_fields() -> None:
    """More than twelve, each of 25 with points, in four groups."""
    rubric = theory().rubric
    assert [group.id for group in rubric.groups] == ["observability", "autoscaling", "gitops", "charts"]
    assert len(questions(theory(), "x")) == len(rubric.items) == 25


@pytest.mark.parametrize("student", STUDENTS)
def test_right_answers_are_right(student: str) -> None:
    """What the questions call right is judged right, for every blank."""
    given = right(student)
    for item in theory().rubric.items:
        draw = Draw("theory", "1", student, item.id)
        theory().checks[item.check].function(answer=Answer(draw, given[item.id]), **item.with_)


def test_students_have_different_questions() -> None:
    """Two sheets have hardly a number in common."""
    sheets = {student: right(student) for student in STUDENTS}
    for question in theory().rubric.by_id:
        assert len({str(sheet[question]) for sheet in sheets.values()}) > 1, question
    assert len({str(sheet) for sheet in sheets.values()}) == len(STUDENTS)


def test_the_same_questions_are_written_again() -> None:
    """Byte for byte, in each language; both have the same blanks."""
    for language in ("en", "ko"):
        assert sheet_text(theory(), "x", language) == sheet_text(theory(), "x", language)
    english, korean = (sheet_text(theory(), "x", language) for language in ("en", "ko"))
    blanks = [[line.partition("#")[0] for line in text.splitlines()] for text in (english, korean)]
    assert [line for line in blanks[0] if ":" in line] == [line for line in blanks[1] if ":" in line]


def test_numbers_to_write_are_whole_or_have_decimals() -> None:
    """No answer is a number without an end."""
    for student in STUDENTS:
        for asked in questions(theory(), student):
            for blank in asked.question.blanks:
                if isinstance(blank.form, NumberForm) and blank.form.digits is None:
                    assert blank.form.number.denominator == 1, (asked.item.id, blank.id)


@pytest.mark.parametrize(
    ("question", "current", "metric", "target"),
    [
        ("hpa-desired", "current", "metric", "target"),
        ("hpa-several-metrics", "current", "cpu", "cpu_target"),
        ("hpa-several-metrics", "current", "memory", "memory_target"),
        ("hpa-tolerance", "current", "metric", "target"),
        ("hpa-limits", "current", "metric", "target"),
    ],
)
def test_kubernetes_computes_the_same(question: str, current: str, metric: str, target: str) -> None:
    """It divides in floating point and multiplies then: no draw may lie where that rounds otherwise."""
    for values in draws(question, current, metric, target):
        pods, used, wanted = int(values[current]), int(values[metric]), int(values[target])
        ratio = float(used) / float(wanted)
        assert math.ceil(ratio * pods) == math.ceil(Fraction(used, wanted) * pods), values
        assert (abs(1.0 - ratio) <= 0.1) == (abs(1 - Fraction(used, wanted)) <= Fraction(1, 10)), values


def test_no_draw_of_utilization_depends_on_rounding() -> None:
    """The same for the whole per cent that Kubernetes cuts off."""
    for values in draws("hpa-utilization", "request", "target"):
        used, requested = int(values["u1"] + values["u2"] + values["u3"]), int(3 * values["request"])
        percent = used * 100 // requested
        assert math.ceil(float(percent) / float(values["target"]) * 3) == math.ceil(
            Fraction(percent, int(values["target"])) * 3
        )


def test_a_limit_is_reached_in_every_draw() -> None:
    """Else the question about limits would ask for nothing new."""
    for values in draws("hpa-limits", "least", "most"):
        wanted = math.ceil(values["current"] * values["metric"] / values["target"])
        assert not values["least"] <= wanted <= values["most"]


def test_conditions_are_met_by_many_draws() -> None:
    """Two hundred attempts find one for everybody, because not few combinations meet them."""
    for item in theory().rubric.items:
        given: dict[str, Any] = dict(item.with_)
        where, lists = given.get("where"), given.get("draw", {})
        if not where:
            continue
        combinations = [dict(zip(lists, one, strict=True)) for one in product(*lists.values())]
        met = sum(
            holds(where, {name: Fraction(str(value)) for name, value in one.items()}) for one in combinations
        )
        assert met / len(combinations) > 0.2, item.id

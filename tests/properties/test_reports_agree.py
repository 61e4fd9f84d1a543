"""One grade, several formats, the same totals."""

from __future__ import annotations

import json
import random
import re
from dataclasses import replace
from decimal import Decimal
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from pytest_k8sgrade.grade.model import Grade
from pytest_k8sgrade.locale.messages import LANGUAGES, Language
from pytest_k8sgrade.reports.json import canonical_json, render_json
from pytest_k8sgrade.reports.junit import render_junit
from pytest_k8sgrade.reports.terminal import render
from tests.properties.courses import Course, courses, law

SCORE = {
    "en": re.compile(r"Score +(?P<score>[\d.]+) of (?P<max>[\d.]+) points"),
    "ko": re.compile(r"점수 +(?P<max>[\d.]+)점 만점에 (?:현재 )?(?P<score>[\d.]+)점"),
}


def of_json(grade: Grade) -> dict[str, Decimal]:
    """The totals of the JSON report."""
    data = json.loads(render_json(grade), parse_float=Decimal)
    totals = {key: Decimal(data[key]) for key in ("score", "max_score", "ungraded_points")}
    ends = {f"score_{end}": Decimal(data["score_range"][end]) for end in ("min", "max")}
    return totals | ends | {f"item {item['id']}": Decimal(item["points"]) for item in data["items"]}


def of_junit(grade: Grade) -> dict[str, Decimal]:
    """The totals of the JUnit report: properties of the suite and of the cases."""
    suite = ElementTree.fromstring(render_junit(grade).encode())[0]
    found = {name.removeprefix("k8sgrade."): value for name, value in _properties(suite).items()}
    keys = ("score", "max_score", "ungraded_points", "score_min", "score_max")
    totals = {key: Decimal(found[key]) for key in keys}
    cases = {case.get("name"): _properties(case)["k8sgrade.points"] for case in suite.iter("testcase")}
    return totals | {f"item {name}": Decimal(points) for name, points in cases.items()}


def _properties(element: ElementTree.Element) -> dict[str, str]:
    found = element.findall("properties/property")
    return {str(one.get("name")): str(one.get("value")) for one in found}


@law
@given(course=courses(), language=st.sampled_from(LANGUAGES))
def test_totals_are_the_same_in_every_format(course: Course, language: Language) -> None:
    """Score, total, open points, range and the points of every item, in each language."""
    grade = course.grade(language)
    totals = of_json(grade)
    assert of_junit(grade) == totals
    assert totals["score"] == grade.score
    page = render(grade, width=100, colour=False, language=language)
    shown = SCORE[language].search(page)
    assert shown is not None, page
    assert (Decimal(shown["score"]), Decimal(shown["max"])) == (totals["score"], totals["max_score"])


@law
@given(course=courses())
def test_every_format_counts_the_same_ends(course: Course) -> None:
    """What is a failure, an error or a skip in JUnit is what the JSON calls it."""
    grade = course.grade()
    suite = ElementTree.fromstring(render_junit(grade).encode())[0]
    ends = [item["verdict"] for item in json.loads(render_json(grade))["items"]]
    assert suite.get("errors") == str(ends.count("ungraded"))
    assert suite.get("failures") == str(ends.count("failed") + ends.count("partial"))
    assert suite.get("skipped") == str(sum(ends.count(end) for end in ("blocked", "skipped", "waived")))


@law
@given(course=courses(), seconds=st.floats(0, 1e6), seed=st.randoms())
def test_canonical_json_knows_neither_times_nor_the_order_of_keys(
    course: Course, seconds: float, seed: random.Random
) -> None:
    """The same state graded on another day, by a slower machine, is the same text."""
    grade = course.grade()
    items = [item.model_copy(update={"waited_s": seconds, "held_s": seconds}) for item in grade.items]
    later = grade.model_copy(update={"items": tuple(items), "started": None, "finished": None})
    assert canonical_json(later) == canonical_json(grade)
    keys = [*course.found]
    seed.shuffle(keys)
    shuffled = replace(
        course,
        found={key: course.found[key] for key in keys},
        items=tuple(dict(reversed([*item.items()])) for item in course.items),
    )
    assert canonical_json(shuffled.grade()) == canonical_json(grade)

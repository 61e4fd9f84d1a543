"""What the page about marks says is what comes out."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from pytest_k8sgrade.engine import grade_evidence
from pytest_k8sgrade.gradebook.attempt import Attempt, Student, of_grade
from pytest_k8sgrade.gradebook.build import build_class
from pytest_k8sgrade.gradebook.csv_files import GRADES, ITEMS
from pytest_k8sgrade.gradebook.overrides import load_overrides
from pytest_k8sgrade.gradebook.policy import load_policy
from pytest_k8sgrade.locale.messages import LANGUAGES, Language
from pytest_k8sgrade.rubric.load import load_rubric
from pytest_k8sgrade.rubric.packs import find_pack
from pytest_k8sgrade.rubric.policy import Late, Policy

ROOT = Path(__file__).parents[2]
PAGES = {"en": ROOT / "docs" / "marks.md", "ko": ROOT / "docs" / "marks.ko.md"}
SEOUL = ZoneInfo("Asia/Seoul")


def between(language: Language, name: str) -> str:
    """The part of the page between two comments."""
    page = PAGES[language].read_text(encoding="utf-8")
    return page.partition(f"<!-- {name} -->")[2].partition(f"<!-- /{name} -->")[0]


def words(text: str) -> list[str]:
    """What is written as code."""
    return re.findall(r"`([^`]+)`", text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_lines_of_the_example_are_those_that_are_told(language: Language) -> None:
    """Graded, corrected, late and marked with the files of examples/class."""
    folder = ROOT / "examples" / "class"
    lab = load_rubric(find_pack("lab1"))
    grade = grade_evidence("lab1", ROOT / "examples" / "lab1" / "half.zip", language=language)
    graded: dict[str, Any] = of_grade(grade)
    attempt = Attempt(
        student=Student(id="s002"),
        number=1,
        source="evidence",
        origin="half.zip",
        folder="students/s002/1",
        submitted=datetime(2026, 3, 7, 9, 0, tzinfo=SEOUL),
        submitted_by="roster",
        deadline=datetime(2026, 3, 6, 18, 0, tzinfo=SEOUL),
        **graded,
    )
    (mark,) = build_class(
        [attempt],
        lab,
        policy=load_policy(folder / "policy.yaml"),
        overrides=load_overrides(folder / "overrides.yaml", lab.rubric, {"s002": 1}),
        language=language,
        zone=SEOUL,
    ).students
    told = [line.text for line in (*mark.attempts[0].lines, *mark.lines)]
    assert between(language, "lines").strip().strip("`").strip().splitlines() == told


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_columns_are_those_of_the_tables(language: Language) -> None:
    """In their order."""
    assert words(between(language, "grades")) == list(GRADES)
    assert words(between(language, "items")) == list(ITEMS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_key_of_a_policy_is_told(language: Language) -> None:
    """And none that there is not."""
    page = PAGES[language].read_text(encoding="utf-8")
    rows = re.findall(r"^\| `((?:late\.)?[a-z_]+)` \|", page, re.MULTILINE)
    known = [name for name in Policy.model_fields if name != "late"]
    assert sorted(rows) == sorted([*known, *(f"late.{name}" for name in Late.model_fields)])

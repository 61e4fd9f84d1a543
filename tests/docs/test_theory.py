"""The example of docs/theory.md is a rubric that can be linted, asked and graded."""

from __future__ import annotations

import re
from pathlib import Path

from pytest_k8sgrade.engine import grade_with
from pytest_k8sgrade.lint import lint_rubric
from pytest_k8sgrade.rubric.load import load_rubric
from pytest_k8sgrade.rubric.packs import find_pack
from pytest_k8sgrade.run.session import GradeSession
from pytest_k8sgrade.run.settings import Settings
from pytest_k8sgrade.theory import formula, units
from pytest_k8sgrade.theory.drawing import METHOD
from tests.unit.theory.sheets import right, write

PAGE = (Path(__file__).parents[2] / "docs" / "theory.md").read_text(encoding="utf-8")


def test_the_example_works(tmp_path: Path) -> None:
    """As it stands on the page."""
    found = re.search(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert found
    rubric = tmp_path / "quiz.yaml"
    rubric.write_text(found[1], encoding="utf-8")
    assert lint_rubric(str(rubric)).findings == ()
    answers = right("me", load_rubric(find_pack(str(rubric))))
    sheet = write(tmp_path / "answers.yaml", answers, rubric="quiz", student="me")
    grade = grade_with(GradeSession.prepare(Settings(lab=str(rubric), answers=sheet, language="en")))
    assert int(grade.score) == 5


def test_the_page_names_all_there_is() -> None:
    """Functions, units and the method."""
    named = set(re.findall(r"\S+", PAGE.replace("`", " ").replace(",", " ").replace("]", " ")))
    assert named >= units.UNITS | formula.FUNCTIONS
    assert METHOD in PAGE

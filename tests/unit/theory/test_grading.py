"""From the command that writes questions to the grade: files, options, evidence, mixed rubrics."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_k8sgrade.engine import grade_evidence, grade_with
from pytest_k8sgrade.errors import UsageFault
from pytest_k8sgrade.grade.model import Grade
from pytest_k8sgrade.run.session import GradeSession
from pytest_k8sgrade.run.settings import Settings
from tests.unit.command.calls import call
from tests.unit.theory.sheets import STUDENT, right, write

OWN = """\
k8sgrade: 1
id: own
title: {en: Own, ko: 자체}
pass_mark: 50%
groups:
  - id: all
    title: {en: All, ko: 전부}
    items:
      - id: twice
        check: theory.compute
        with:
          ask: {en: "Twice ${number}?", ko: "${number}의 두 배는?"}
          why: {en: "2 * ${number} = ${double}", ko: "2 * ${number} = ${double}"}
          draw: {number: [3, 4, 5, 6, 7]}
          blanks: {double: 2 * number}
        points: 6
        level: exists
        title: {en: Twice, ko: 두 배}
"""
NODES = """\
      - id: nodes
        check: namespaces.exists
        with: {name: default}
        points: 4
        level: exists
        title: {en: Namespace, ko: 네임스페이스}
"""


def graded(lab: str | Path, answers: Path | None, **more: object) -> Grade:
    """The grade of a sheet."""
    settings = Settings(lab=str(lab), answers=answers, language="en", **more)  # type: ignore[arg-type]
    return grade_with(GradeSession.prepare(settings))


def test_questions_are_written_answered_and_graded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The sheet as it is written has nothing; filled in, everything."""
    sheet = tmp_path / "answers.yaml"
    assert call(capsys, "theory", "--student", STUDENT, "--out", sheet).code == 0
    empty = graded("theory", sheet)
    assert (int(empty.score), empty.exit_code) == (0, 1)
    assert {item.reason.id for item in empty.items if item.reason} == {"theory-not-answered"}
    full = graded("theory", write(sheet, right()))
    assert (int(full.score), full.exit_code) == (100, 0)
    assert full.subject.student == STUDENT
    assert full.subject.cluster_uid is None


def test_a_file_with_answers_is_not_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Unless that is said."""
    sheet = tmp_path / "answers.yaml"
    sheet.write_text("mine", encoding="utf-8")
    refused = call(capsys, "theory", "--student", STUDENT, "--out", sheet)
    assert refused.code == 4
    assert "is there already" in refused.err
    assert sheet.read_text(encoding="utf-8") == "mine"
    assert call(capsys, "theory", "--student", STUDENT, "--out", sheet, "--overwrite").code == 0
    told = call(capsys, "theory", "--student", STUDENT, "--out", "-", "--lang", "en")
    assert told.out == call(capsys, "theory", "--student", STUDENT, "--out", "-", "--lang", "en").out


@pytest.mark.parametrize("arguments", [("--student", ""), ("--student", "a\nb"), ("lab1", "--student", "x")])
def test_wrong_use_of_the_command(capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]) -> None:
    """An id that is none, a rubric without questions."""
    ended = call(capsys, "theory", *arguments, "--out", "-")
    assert (ended.code, ended.out) == (4, "")


def test_wrong_use_of_the_options(tmp_path: Path) -> None:
    """Each told before anything is graded."""
    sheet = write(tmp_path / "answers.yaml", right())
    with pytest.raises(UsageFault, match="`k8sgrade theory theory --student ID"):
        graded("theory", None)
    with pytest.raises(UsageFault, match="asks no questions"):
        graded("lab1", sheet)
    with pytest.raises(UsageFault, match="answers of '2026-001', not of 'other'"):
        graded("theory", sheet, student="other")
    assert graded("theory", sheet, student=STUDENT).score == 100
    with pytest.raises(UsageFault, match="give --k8s-grade-answers, too"):
        graded("lab1", None, student=STUDENT)


def test_evidence_of_answers_gives_the_same_grade(tmp_path: Path) -> None:
    """Canonically; the answers are in it, and whose they are."""
    answers = {**right(), "pillars": {"a": "logs"}, "hpa-desired": {"replicas": 1}}
    sheet, evidence = write(tmp_path / "answers.yaml", answers), tmp_path / "evidence.zip"
    live = graded("theory", sheet, record=evidence)
    again = grade_evidence("theory", evidence)
    assert again.subject == live.subject
    assert [item.model_dump(exclude={"waited_s", "timeline"}) for item in again.items] == [
        item.model_dump(exclude={"waited_s", "timeline"}) for item in live.items
    ]
    assert grade_evidence("theory", evidence, language="ko").score == live.score
    settings = Settings(lab="theory", evidence=evidence, student="other", language="en")
    with pytest.raises(UsageFault, match="not of 'other'"):
        GradeSession.prepare(settings)
    without = Path(__file__).parents[3] / "examples" / "lab1" / "empty.zip"
    with pytest.raises(UsageFault, match="holds no answers"):
        GradeSession.prepare(Settings(lab="lab1", evidence=without, student="me", language="en"))


def test_a_course_writes_questions_of_its_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In a rubric file; the version draws other numbers, and an old sheet is not graded with them."""
    rubric = tmp_path / "own.yaml"
    rubric.write_text(OWN, encoding="utf-8")
    written = call(capsys, "theory", rubric, "--student", "me", "--out", "-", "--lang", "ko").out
    number = int(written.partition("의 두 배는?")[0].rpartition(" ")[2])
    sheet = write(tmp_path / "a.yaml", {"twice": 2 * number}, rubric="own", student="me")
    assert graded(rubric, sheet).score == 6
    wrong = graded(rubric, write(sheet, {"twice": 1}, rubric="own", student="me")).items[0]
    assert wrong.hint is not None
    assert wrong.hint.startswith(f"2 * {number} = {2 * number}")
    rubric.write_text(OWN.replace("id: own\n", 'id: own\nversion: "2"\n'), encoding="utf-8")
    with pytest.raises(UsageFault, match="version '1' of the questions"):
        graded(rubric, sheet)


def test_a_question_that_came_later_is_not_lost(tmp_path: Path) -> None:
    """What a student left out is; what was never asked is open."""
    rubric, evidence = tmp_path / "own.yaml", tmp_path / "evidence.zip"
    rubric.write_text(OWN, encoding="utf-8")
    sheet = write(tmp_path / "a.yaml", {}, rubric="own", student="me")
    assert reasons(graded(rubric, sheet, record=evidence)) == {"twice": "theory-not-answered"}
    second = OWN[OWN.index("      - id: twice") :].replace("id: twice", "id: later")
    rubric.write_text(OWN.replace("id: own\n", 'id: own\nversion: "2"\n') + second, encoding="utf-8")
    again = grade_evidence(rubric, evidence)
    assert reasons(again) == {"twice": "theory-not-answered", "later": "theory-not-asked"}
    assert [item.verdict for item in again.items] == ["failed", "ungraded"]


def reasons(grade: Grade) -> dict[str, str]:
    """Why each item is not passed."""
    return {item.id: item.reason.id for item in grade.items if item.reason}


def test_a_wrong_formula_costs_nobody_points(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is ours: ungraded; lint and the writing of the questions tell its author."""
    rubric = tmp_path / "own.yaml"
    rubric.write_text(OWN.replace("2 * number", "2 * nubmer"), encoding="utf-8")
    sheet = write(tmp_path / "a.yaml", {"twice": 6}, rubric="own", student="me")
    assert graded(rubric, sheet).items[0].verdict == "ungraded"
    assert "there is no number 'nubmer'" in call(capsys, "theory", rubric, "--student", "x", "--out", "-").err
    assert "check-breaks" in call(capsys, "lint", rubric, "--lang", "en").out


def test_questions_beside_a_cluster(tmp_path: Path) -> None:
    """From evidence of a cluster without answers they are open, not lost."""
    rubric = tmp_path / "own.yaml"
    rubric.write_text(OWN + NODES, encoding="utf-8")
    recorded = Path(__file__).parents[3] / "examples" / "lab1" / "empty.zip"
    item = grade_evidence(rubric, recorded).items[0]
    assert (item.verdict, item.reason.id if item.reason else None) == ("ungraded", "theory-no-answers")

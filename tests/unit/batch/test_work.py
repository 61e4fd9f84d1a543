"""One hand-in graded into a folder: what is in it, and that nothing a hand-in holds breaks that."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from pytest_k8sgrade.batch.entry import Entry
from pytest_k8sgrade.batch.options import WorkOptions
from pytest_k8sgrade.batch.problems import with_limits
from pytest_k8sgrade.batch.work import grade_entry
from pytest_k8sgrade.batch.writing import read_attempt
from pytest_k8sgrade.engine import grade_evidence
from pytest_k8sgrade.grade.model import Grade, Told
from pytest_k8sgrade.gradebook.attempt import Attempt, Student
from pytest_k8sgrade.reports.json import canonical_json
from tests.unit.theory.sheets import STUDENT, right, write

LAB1 = Path(__file__).parents[3] / "examples" / "lab1"
OPTIONS = WorkOptions(rubric="lab1")
REPORTS = ["grade.html", "grade.json", "grade.xml"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a hand-in is graded into."""
    place = tmp_path / "drafts" / "0123"
    place.mkdir(parents=True)
    return place


def entry(student: str = "s001", **hand_in: Any) -> Entry:
    """A hand-in of a student."""
    return Entry(student=Student(id=student), **hand_in)


def graded(folder: Path, hand_in: Entry, options: WorkOptions = OPTIONS) -> tuple[Attempt, Grade]:
    """What was written."""
    grade_entry(hand_in, options, folder)
    grade = Grade.model_validate_json((folder / "grade.json").read_bytes())
    return read_attempt(folder), grade


@pytest.mark.parametrize("name", ["empty", "half", "reference"])
def test_the_mark_is_that_of_a_grade_alone(folder: Path, name: str) -> None:
    """In every file, and the evidence is kept byte for byte."""
    file = LAB1 / f"{name}.zip"
    attempt, grade = graded(folder, entry(evidence=file))
    alone = grade_evidence("lab1", file)
    assert grade.subject.student == "s001"
    nobody = grade.model_copy(update={"subject": alone.subject})
    assert canonical_json(nobody) == canonical_json(alone)
    assert (attempt.score, attempt.passed, attempt.exit_code) == (alone.score, alone.passed, alone.exit_code)
    assert [item.id for item in attempt.items] == [item.id for item in alone.items]
    suite = ElementTree.parse(folder / "grade.xml").getroot()[0]
    assert int(suite.attrib["tests"]) == len(alone.items)
    assert (folder / "evidence.zip").read_bytes() == file.read_bytes()
    assert attempt.evidence_digest == "sha256:" + hashlib.sha256(file.read_bytes()).hexdigest()
    assert (attempt.source, attempt.origin, attempt.folder) == ("evidence", file.name, "students/s001/1")
    assert attempt.cluster_uid == alone.subject.cluster_uid
    assert attempt.problem is None


def test_when_it_was_handed_in(folder: Path) -> None:
    """The roster's word, in whatever zone; else the recording's own, which is said to be that."""
    attempt, _ = graded(folder, entry(evidence=LAB1 / "half.zip"))
    assert attempt.submitted_by == "evidence"
    assert attempt.submitted == attempt.started
    seoul = timezone(timedelta(hours=9))
    known = replace(
        entry(evidence=LAB1 / "half.zip"),
        submitted=datetime(2026, 3, 6, 17, 30, tzinfo=seoul),
        deadline=datetime(2026, 3, 6, 18, 0, tzinfo=seoul),
    )
    attempt, _ = graded(folder, known)
    assert attempt.submitted_by == "roster"
    assert attempt.submitted == datetime(2026, 3, 6, 8, 30, tzinfo=UTC)
    assert attempt.deadline == datetime(2026, 3, 6, 9, 0, tzinfo=UTC)


def not_evidence(place: Path) -> Entry:
    """A file that is no zip."""
    (place / "essay.zip").write_text("It works on my machine.", encoding="utf-8")
    return entry(evidence=place / "essay.zip")


def missing(place: Path) -> Entry:
    """A file that is not there."""
    return entry(evidence=place / "forgotten.zip")


def folder_of_files(place: Path) -> Entry:
    """A folder in place of a file."""
    (place / "unpacked.zip").mkdir()
    return entry(evidence=place / "unpacked.zip")


def link(place: Path) -> Entry:
    """A link to somebody else's evidence."""
    (place / "mine.zip").symlink_to(LAB1 / "reference.zip")
    return entry(evidence=place / "mine.zip")


def pipe(place: Path) -> Entry:
    """A pipe that nobody writes to."""
    os.mkfifo(place / "pipe.zip")
    return entry(evidence=place / "pipe.zip")


def too_large(place: Path) -> Entry:
    """More bytes than evidence may have, none of which are on the disk."""
    with (place / "large.zip").open("wb") as file:
        file.truncate(200 * 1024 * 1024)
    return entry(evidence=place / "large.zip")


def plugin(place: Path) -> Entry:
    """A kubeconfig that would start a program."""
    user = {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "touch"}}
    return entry(kubeconfig_text=json.dumps(kubeconfig(user)))


def kubeconfig_link(place: Path) -> Entry:
    """A link in place of a kubeconfig."""
    (place / "config").symlink_to("/etc/hostname")
    return entry(kubeconfig=place / "config")


def answers_alone(place: Path) -> Entry:
    """Answers for a lab that looks at a cluster; the instructor's own must not be looked at."""
    return entry(answers=write(place / "answers.yaml", right()))


def kubeconfig(user: dict[str, Any]) -> dict[str, Any]:
    """A kubeconfig with this user."""
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "lab",
        "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": "me"}}],
        "clusters": [{"name": "lab", "cluster": {"server": "https://lab.example.org:6443"}}],
        "users": [{"name": "me", "user": user}],
    }


@pytest.mark.parametrize(
    ("hand_in", "reason", "told"),
    [
        (not_evidence, "evidence-refused", "essay.zip"),
        (missing, "hand-in-refused", "forgotten.zip"),
        (folder_of_files, "hand-in-refused", "it is no file|Is a directory|is no file"),
        (link, "hand-in-refused", "it is a link to another place"),
        (pipe, "hand-in-refused", "is no file"),
        (too_large, "hand-in-refused", "is larger than"),
        (plugin, "kubeconfig-refused", "user.exec"),
        (kubeconfig_link, "kubeconfig-refused", "config"),
        (answers_alone, "hand-in-refused", "looks at a cluster"),
    ],
)
def test_a_hand_in_that_is_refused_is_ungraded(
    folder: Path, tmp_path: Path, hand_in: Callable[[Path], Entry], reason: str, told: str
) -> None:
    """With the cause on every item, a hint, all reports, and no path of the grader's machine."""
    attempt, grade = graded(folder, hand_in(tmp_path))
    assert attempt.problem is not None
    assert attempt.problem.id == reason
    assert any(word in attempt.problem.text for word in told.split("|"))
    assert {item.verdict for item in grade.items} <= {"ungraded", "skipped", "waived"}
    assert (int(grade.score), grade.passed, grade.exit_code) == (0, None, 8)
    assert grade.score_range.max == grade.max_score == 100
    assert all(item.hint for item in grade.items if item.verdict == "ungraded")
    assert sorted(path.name for path in folder.iterdir()) == ["attempt.json", *REPORTS]
    for name in ("attempt.json", *REPORTS):
        assert str(tmp_path) not in (folder / name).read_text(encoding="utf-8"), name


def test_texts_are_in_the_language_of_the_batch(folder: Path, tmp_path: Path) -> None:
    """Reasons and hints of problems, too."""
    attempt, grade = graded(folder, not_evidence(tmp_path), replace(OPTIONS, language="ko"))
    assert attempt.problem is not None
    assert attempt.problem.text.startswith("제출된 증거 파일을 사용할 수 없습니다.")
    assert "증거를 다시 기록하고" in str(grade.items[0].hint)


def test_answers_are_graded_and_kept(folder: Path, tmp_path: Path) -> None:
    """As evidence, which gives the same mark again; somebody else's are nobody's zero."""
    options = WorkOptions(rubric="theory")
    sheet = write(tmp_path / "answers.yaml", right())
    attempt, grade = graded(folder, entry(STUDENT, answers=sheet), options)
    assert attempt.score == attempt.max_score
    assert attempt.evidence_digest == "sha256:" + hashlib.sha256(sheet.read_bytes()).hexdigest()
    assert sorted(path.name for path in folder.iterdir()) == ["attempt.json", "evidence.zip", *REPORTS]
    recorded = tmp_path / "recorded.zip"
    (folder / "evidence.zip").rename(recorded)
    _, again = graded(folder, entry(STUDENT, evidence=recorded), options)
    assert canonical_json(again) == canonical_json(grade)
    for other in (entry("2026-002", answers=sheet), entry("2026-002", evidence=recorded)):
        attempt, grade = graded(folder, other, options)
        assert attempt.problem is not None
        assert STUDENT in attempt.problem.text
        assert grade.passed is None


def test_a_fault_of_ours_is_ungraded_with_its_traceback(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For whoever repairs it; the mark waits."""

    def broken(*_arguments: object, **_more: object) -> None:
        raise ZeroDivisionError("of ours")

    monkeypatch.setattr("pytest_k8sgrade.batch.work.run_session", broken)
    attempt, grade = graded(folder, entry(evidence=LAB1 / "half.zip"))
    assert attempt.problem is not None
    assert (attempt.problem.id, attempt.problem.params) == ("worker-broken", {"error": "ZeroDivisionError"})
    assert "of ours" in str(grade.items[0].traceback)
    assert grade.exit_code == 8


def test_a_limit_is_the_reason_of_what_it_kept_from_being_graded() -> None:
    """And of nothing else: an interrupt of a person and a broken check stay what they are."""
    grade = grade_evidence("lab1", LAB1 / "reference.zip")

    def ended(reason: str, **params: str) -> str:
        told = Told(id=reason, params=dict(params), text="")
        item = grade.items[0].model_copy(update={"verdict": "ungraded", "reason": told})
        found = with_limits(grade.model_copy(update={"items": (item,)}), OPTIONS).items[0]
        assert found.reason is not None
        return found.reason.id

    assert ended("interrupted") == "time-limit"
    assert ended("check-broken", error="MemoryError") == "memory-limit"
    assert ended("check-broken", error="KeyError") == "check-broken"
    assert ended("timeout") == "timeout"

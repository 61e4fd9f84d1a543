"""The files of a class: what is in them, and that they say the same."""

from __future__ import annotations

import csv
import io
import json
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo

import jsonschema  # type: ignore[import-untyped]  # ships no types
import pytest

from pytest_k8sgrade.errors import UsageFault
from pytest_k8sgrade.grade.model import Told
from pytest_k8sgrade.gradebook.attempt import Attempt, Student
from pytest_k8sgrade.gradebook.build import build_class
from pytest_k8sgrade.gradebook.json import class_schema, render_json
from pytest_k8sgrade.gradebook.model import ClassBook
from pytest_k8sgrade.gradebook.write import FILES, Written, write_class
from tests.unit.gradebook.classes import DAY, DUE, LAB, attempt, lab, late, override, policy, refused

Rows = list[dict[str, str]]

CLASS: tuple[Attempt, ...] = (
    attempt("s001", found={"scaled": 12.5, "extra": "failed"}, late=DAY),
    attempt("s002", found={"scaled": "ungraded", "extra": "failed"}),
    attempt("s003", number=1, found={"base": "failed", "extra": "failed"}),
    attempt("s003", number=2, found={"extra": "failed"}, late=-DAY),
    refused("s004"),
    attempt("s005", found={"extra": "failed"}),
)
AWAY = (Student(id="s006", name="Student Six"),)
RULES = {
    "policy": late(minus="10%", every="1d"),
    "overrides": [override("s005", points=51)],
    "absent": AWAY,
}


def write(folder: Path, attempts: tuple[Attempt, ...] = CLASS, **keys: object) -> Written:
    """Write the class with its rules."""
    return write_class(build_class(attempts, LAB, **RULES), attempts, folder, **keys)  # type: ignore[arg-type]


def table(path: Path) -> Rows:
    """A table by its columns."""
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"))))


def column(rows: Rows, name: str) -> list[str]:
    """One column."""
    return [row[name] for row in rows]


def test_every_file_is_written_and_nothing_else(tmp_path: Path) -> None:
    """Whole, by one rename each: no drafts are left."""
    written = write(tmp_path)
    assert [path.name for path in written.files] == list(FILES)
    assert {path.name for path in tmp_path.iterdir()} == set(FILES)


def test_a_mark_that_is_not_final_is_never_a_number(tmp_path: Path) -> None:
    """Nor 0: s002 and s004 have ungraded points, s006 handed in nothing."""
    written = write(tmp_path)
    scores = ["69.75", "", "100", "", "51", ""]
    assert column(table(tmp_path / "grades.csv"), "score") == scores
    assert column(table(tmp_path / "nbgrader.csv"), "score") == scores
    assert column(table(tmp_path / "canvas.csv"), "A lab")[1:] == scores
    assert column(table(tmp_path / "moodle.csv"), "A lab (Real)") == [score or "-" for score in scores]
    (note,) = written.notes
    assert note.id == "note-left-empty"
    assert note.params["students"] == ["s002", "s004", "s006"]
    assert note.params["count"] == 3


def test_the_grades_show_the_way_to_the_mark(tmp_path: Path) -> None:
    """From what was graded over what was lost to the score, and the ends of an open one."""
    write(tmp_path)
    first, second, third, fourth, fifth, sixth = table(tmp_path / "grades.csv")
    assert [first[name] for name in ("graded", "corrected", "lost_for_lateness")] == ["77.5", "77.5", "7.75"]
    assert [first[name] for name in ("late_seconds", "item:scaled", "percent")] == ["86400", "12.5", "69.75"]
    assert [second[name] for name in ("lowest", "highest", "item:scaled")] == ["65", "100", ""]
    assert [second[name] for name in ("passed", "ungraded_points", "ungraded_items")] == ["yes", "35", "1"]
    assert [third[name] for name in ("attempts", "counted_attempt")] == ["2", "2"]
    assert [fourth[name] for name in ("lowest", "highest", "passed")] == ["0", "100", "open"]
    assert fourth["notes"] == "kubeconfig-refused: a text"
    assert [fifth[name] for name in ("set_by_hand", "lowest", "lost_for_lateness")] == ["yes", "51", "0"]
    assert [sixth[name] for name in ("attempts", "counted_attempt", "passed")] == ["0", "", "open"]


def test_the_notes_of_a_row_are_problem_warnings_and_flags(tmp_path: Path) -> None:
    """In that order, in one cell."""
    warned = (Told(id="credential-may-write", text="It may write."),)
    made = [refused("s001", cluster_uid="6f1c", warnings=warned), attempt("s002", cluster_uid="6f1c")]
    write_class(build_class(made, LAB), made, tmp_path)
    first, _ = column(table(tmp_path / "grades.csv"), "notes")
    shared = "The same cluster was handed in by: s002"
    assert first == f"kubeconfig-refused: a text / It may write. / {shared}"


def test_items_have_a_line_for_every_attempt(tmp_path: Path) -> None:
    """With the verdict of the grade beside the one after the overrides."""
    made = [
        attempt("s001", found={"scaled": "ungraded"}),
        attempt("s001", number=2, found={"base": "failed"}),
    ]
    book = build_class(made, LAB, overrides=[override(item="scaled", points=7, attempt=1)])
    write_class(book, iter(made), tmp_path)
    rows = table(tmp_path / "items.csv")
    assert column(rows, "attempt") == ["1"] * 4 + ["2"] * 4
    assert column(rows, "counts") == ["yes"] * 4 + [""] * 4
    scaled = rows[1]
    assert [scaled[name] for name in ("verdict", "points", "max_points")] == ["partial", "7", "35"]
    assert [scaled[name] for name in ("graded_verdict", "graded_points")] == ["ungraded", ""]
    assert [scaled[name] for name in ("overridden", "reason_id")] == ["yes", "pod-absent"]
    write_class(build_class(made, LAB), made, tmp_path)
    assert [table(tmp_path / "items.csv")[1][name] for name in ("verdict", "points")] == ["ungraded", ""]


def test_canvas_knows_students_and_the_total(tmp_path: Path) -> None:
    """Ids as in Canvas's export; without any the student's own; a name of two students asks back."""
    made = [
        attempt(Student(id="s001", name="Student One", canvas_id="77", section="A")),
        attempt(Student(id="s002", name="Student Two", sis_login_id="two")),
        attempt(Student(id="s003", name="Student Three")),
        attempt(Student(id="s004", name="Student Three")),
        attempt(Student(id="s005", name="Points Possible")),
        attempt(Student(id="s006")),
    ]
    write_class(build_class(made, LAB), made, tmp_path, assignment="Lab 1 (4711)")
    with (tmp_path / "canvas.csv").open(encoding="utf-8", newline="") as stream:
        header, total, *rows = list(csv.reader(stream))
    assert header == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Lab 1 (4711)"]
    assert total == ["    Points Possible", "", "", "", "", "100"]
    assert [row[:5] for row in rows] == [
        ["Student One", "77", "", "", "A"],
        ["Student Two", "", "", "two", ""],
        ["Student Three (s003)", "", "s003", "", ""],
        ["Student Three (s004)", "", "s004", "", ""],
        ["s005", "", "s005", "", ""],
        ["s006", "", "s006", "", ""],
    ]


def test_moodle_has_no_column_that_somebody_lacks(tmp_path: Path) -> None:
    """It would give the mark to the student of the line before."""
    made = [
        attempt(Student(id="s001", email="One@example.com", username="one")),
        attempt(Student(id="s002", email="two@example.com", last_name="Two")),
    ]
    written = write_class(build_class(made, LAB), made, tmp_path)
    first, second = table(tmp_path / "moodle.csv")
    assert list(first)[:4] == ["First name", "Last name", "ID number", "Email address"]
    assert [first["Email address"], second["ID number"], second["Last name"]] == [
        "One@example.com", "s002", "Two",
    ]  # fmt: skip
    (note,) = written.notes
    assert [note.id, note.params["column"]] == ["note-left-out-column", "Username"]


def test_moodles_feedback_is_the_arithmetic_without_suspicions(tmp_path: Path) -> None:
    """A student reads it, in a page: what looks like a tag is none."""
    told = refused("s001").problem
    assert told is not None
    problem = told.model_copy(update={"text": "<script>alert(1)</script>"})
    made = [
        attempt("s001", cluster_uid="6f1c", found={"scaled": "ungraded"}, problem=problem),
        attempt("s002", cluster_uid="6f1c"),
    ]
    write_class(build_class(made, LAB), made, tmp_path)
    feedback = column(table(tmp_path / "moodle.csv"), "A lab (Feedback)")
    assert "&lt;script&gt;alert(1)" in feedback[0]
    assert "Graded so far: 75 of 100 points" in feedback[0]
    assert not any("same cluster" in text for text in feedback)
    assert "The same cluster was handed in by: s002" in column(table(tmp_path / "grades.csv"), "notes")[0]


def test_nbgraders_scores_add_up(tmp_path: Path) -> None:
    """Raw score less penalty is the score, also where a mark was written by hand."""
    write(tmp_path)
    first, *_, fifth, _ = table(tmp_path / "nbgrader.csv")
    scores = ("raw_score", "late_submission_penalty", "score", "max_score")
    assert [first[name] for name in scores] == ["77.5", "7.75", "69.75", "100"]
    assert [fifth[name] for name in scores] == ["51", "0", "51", "100"]
    assert [first[name] for name in ("duedate", "timestamp")] == [
        "2026-03-02 12:00:00",
        "2026-03-03 12:00:00",
    ]
    assert first["assignment"] == "A lab"


def test_nbgraders_times_are_utc_without_a_zone(tmp_path: Path) -> None:
    """Whatever zone the roster writes them in."""
    seoul = DUE.astimezone(ZoneInfo("Asia/Seoul"))
    made = [attempt(deadline=seoul, submitted=seoul)]
    write_class(build_class(made, LAB), made, tmp_path)
    (row,) = table(tmp_path / "nbgrader.csv")
    assert [row["duedate"], row["timestamp"]] == ["2026-03-02 12:00:00"] * 2


def test_excel_is_told_the_encoding_in_korean(tmp_path: Path) -> None:
    """The tables for people; what other systems import never has the mark."""
    korean = build_class(CLASS, LAB, language="ko")
    write_class(korean, CLASS, tmp_path)
    marked = {path.name for path in tmp_path.iterdir() if path.read_bytes().startswith(b"\xef\xbb\xbf")}
    assert marked == {"grades.csv", "items.csv"}
    write_class(korean, CLASS, tmp_path, bom=False)
    assert (tmp_path / "grades.csv").read_bytes().startswith(b"student,")
    write_class(build_class(CLASS, LAB), CLASS, tmp_path, bom=True)
    assert (tmp_path / "items.csv").read_bytes().startswith(b"\xef\xbb\xbfstudent,")


def test_a_folder_that_is_gone_is_a_clean_fault(tmp_path: Path) -> None:
    """It names the file and the folder."""
    with pytest.raises(UsageFault, match=r"class\.json cannot be written to .*gone"):
        write(tmp_path / "gone")


def test_the_json_keeps_its_schema_and_comes_back(tmp_path: Path) -> None:
    """After a change of the model: python -m pytest_k8sgrade.gradebook.json > class.schema.json."""
    committed = files("pytest_k8sgrade.gradebook").joinpath("class.schema.json").read_text(encoding="utf-8")
    assert json.loads(committed) == class_schema()
    write(tmp_path)
    text = (tmp_path / "class.json").read_text(encoding="utf-8")
    jsonschema.validate(json.loads(text), class_schema())
    again = ClassBook.model_validate_json(text)
    assert render_json(again) == text
    assert again.students[0].attempts[0].due == DUE
    assert json.loads(text)["policy"]["late"] == {
        "minus": "10%", "of": "earned", "every": "1d", "grace": "0s", "at_most": None, "closes": None,
    }  # fmt: skip


def test_different_totals_are_noted() -> None:
    """Somebody's rubric had an item more."""
    course = lab({"id": "base", "points": 10}, {"id": "load", "points": 5, "active": "load"})
    made = [attempt("s001", of=course, found={"load": "skipped"}), attempt("s002", of=course)]
    notes = {note.id: note.params for note in build_class(made, course).notes}
    assert notes == {"note-totals": {"totals": ["10", "15"]}}


def test_grades_of_another_rubric_are_noted() -> None:
    """And times that nobody knows, where lateness costs something."""
    made = [attempt("s001", rubric_digest="sha256:1"), attempt("s002", late=None)]
    rules = policy(late={"minus": 1})
    assert [note.id for note in build_class(made, LAB, policy=rules).notes] == [
        "note-late-unknown", "note-rubrics",
    ]  # fmt: skip

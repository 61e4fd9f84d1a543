"""Evidence graded again: old and new marks, the items that changed, what was not recorded."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from pytest_k8sgrade.errors import UsageFault
from pytest_k8sgrade.locale.messages import Catalogue
from pytest_k8sgrade.regrade.model import Regrade, Row
from pytest_k8sgrade.regrade.run import Regrading, Side, evidence_files
from tests.unit.regrade.labs import PLACE, evidence, item, rubric

LAB1 = Path(__file__).parents[3] / "examples" / "lab1"


def regrade(
    *files: Path, new: Path | str, old: Path | str | None, overrides: tuple[str, ...] = ()
) -> Regrade:
    """The result in English."""
    side = Side.of(str(old)) if old else None
    return Regrading(Side.of(str(new)), side, overrides, Catalogue("en")).run(evidence_files(files))


def _scores(row: Row) -> tuple[float, float]:
    assert row.old is not None
    assert row.new is not None
    return float(row.old.score), float(row.new.score)


def test_marks_stand_side_by_side(tmp_path: Path) -> None:
    """A wrong item is corrected: its student gains, the other one keeps the mark."""
    old = rubric(tmp_path, "old", item("a"), "id: b, with: {name: typo}, points: 10")
    new = rubric(tmp_path, "new", item("a"), item("b"))
    right = evidence(tmp_path / "right.zip", ["a", "b"], ["typo"])
    wrong = evidence(tmp_path / "wrong.zip", ["a"], ["b", "typo"])
    found = regrade(right, wrong, new=new, old=old)
    assert [_scores(row) for row in found.files] == [(10, 20), (10, 10)]
    assert [row.direction for row in found.files] == ["higher", "same"]
    gained, kept = (row.changes[0] for row in found.files)
    assert (gained.id, gained.causes, gained.rubric) == ("b", ("verdict", "points", "reason"), ("with.name",))
    assert (kept.id, kept.causes) == ("b", ("reason",)), "lost for another name now"
    assert (found.summary.higher, found.summary.same, found.summary.lower) == (1, 1, 0)


def test_other_points_are_a_change_of_the_item(tmp_path: Path) -> None:
    """Verdict and reason stay; the points are told, and that the rubric changed them."""
    old, new = rubric(tmp_path, "old", item("a")), rubric(tmp_path, "new", item("a", 4), item("b", 6))
    row = regrade(evidence(tmp_path / "e.zip", ["a"], ["b"]), new=new, old=old).files[0]
    assert [(change.id, change.causes, change.rubric) for change in row.changes] == [
        ("a", ("points",), ("points",)),
        ("b", ("added",), ("item",)),
    ]
    assert row.direction == "lower"


def test_what_nobody_recorded_is_ungraded_and_named(tmp_path: Path) -> None:
    """Never a zero: the points stay open, and item and path are told."""
    old, new = rubric(tmp_path, "old", item("a")), rubric(tmp_path, "new", item("a"), item("new"))
    found = regrade(evidence(tmp_path / "e.zip", ["a"]), new=new, old=old)
    row = found.files[0]
    assert row.new is not None
    assert (float(row.new.score), float(row.new.ungraded_points)) == (10, 10)
    assert [(read.item, read.path) for read in row.missing] == [("new", f"{PLACE}/new")]
    assert (row.direction, found.summary.incomplete) == ("undecided", 1)


def test_open_points_hide_the_direction_only_where_they_can(tmp_path: Path) -> None:
    """A mark that is lower whatever the open points bring is lower."""
    old = rubric(tmp_path, "old", item("a"), item("b"))
    new = rubric(tmp_path, "new", item("x", 30), item("new", 1))
    row = regrade(evidence(tmp_path / "e.zip", ["a", "b"], ["x"]), new=new, old=old).files[0]
    assert row.direction == "lower"


def test_what_is_open_under_both_rubrics_changes_nothing(tmp_path: Path) -> None:
    """The same items with the same open points are the same mark."""
    lab = rubric(tmp_path, "lab", item("a"), item("new"))
    found = regrade(evidence(tmp_path / "e.zip", ["a"]), new=lab, old=lab)
    assert (found.files[0].direction, found.summary.incomplete) == ("same", 1)


def test_a_damaged_file_is_a_row_and_the_others_go_on(tmp_path: Path) -> None:
    """One row says what is wrong with it."""
    new = rubric(tmp_path, "new", item("a"))
    (tmp_path / "hand-ins").mkdir()
    (tmp_path / "hand-ins" / "a.zip").write_bytes(b"PK\x03\x04 cut off")
    evidence(tmp_path / "hand-ins" / "b" / "b.zip", ["a"])
    found = regrade(tmp_path / "hand-ins", new=new, old=new)
    damaged, whole = found.files
    assert damaged.error is not None
    assert "a.zip" in damaged.error
    assert damaged.new is None
    assert whole.new is not None
    assert whole.new.score == 10
    assert (found.summary.files, found.summary.unreadable, found.summary.same) == (2, 1, 1)


def test_the_old_rubric_is_the_installed_lab_that_the_file_names(tmp_path: Path) -> None:
    """Without --against; that it is not the one of then is said."""
    row = regrade(LAB1 / "half.zip", new="lab1", old=None).files[0]
    assert row.old_rubric is not None
    assert (row.old_rubric.source, row.direction) == ("lab1", "same")
    assert row.recorded is not None
    known = row.recorded.rubric.digest == row.old_rubric.digest
    assert ("other-digest" in [note.id for note in row.notes]) is not known


@pytest.mark.parametrize("name", ["nobody", "", "../../lab1", "/etc/passwd", "lab1.yaml"])
def test_a_rubric_that_is_no_installed_lab_gives_no_old_mark(tmp_path: Path, name: str) -> None:
    """The name comes out of the file of a stranger: it is never taken for a path."""
    new = rubric(tmp_path, "new", item("a"))
    file = evidence(tmp_path / "e.zip", ["a"], rubric={"id": name, "version": "1", "digest": ""})
    row = regrade(file, new=new, old=None).files[0]
    assert (row.old, row.error) == (None, None)
    assert row.new is not None
    assert "no-old-rubric" in [note.id for note in row.notes]


def test_settings_of_the_recording_hold_in_both_grades(tmp_path: Path) -> None:
    """As they were set then; what is set anew wins."""
    lab = rubric(tmp_path, "lab", 'id: a, with: {name: "{map}"}, points: 10', vars={"map": "map"})
    file = evidence(tmp_path / "e.zip", ["mine"], ["other"], set={"map": "mine", "gone": "1"})
    row = regrade(file, new=lab, old=lab).files[0]
    assert _scores(row) == (10, 10)
    assert {"variables", "unknown-variables"} <= {note.id for note in row.notes}
    row = regrade(file, new=lab, old=lab, overrides=("map=other",)).files[0]
    assert row.new is not None
    assert row.new.score == 0


def test_a_mark_that_was_told_otherwise_is_said(tmp_path: Path) -> None:
    """The same rubric may give another mark today: the checks are others."""
    lab = rubric(tmp_path, "lab", item("a"))
    told = {"score": 3, "max_score": 10, "items": {}}
    row = regrade(evidence(tmp_path / "e.zip", ["a"], mark=told), new=lab, old=lab).files[0]
    notes = {note.id: note.text for note in row.notes}
    assert "gave 3 of 10 points" in notes["other-mark"]
    assert row.recorded is not None
    assert row.recorded.mark is not None
    assert row.recorded.mark.score == Decimal(3)


def test_wrong_use_is_told_before_anything_is_graded(tmp_path: Path) -> None:
    """No such file, nothing in a folder, no such variable."""
    new = rubric(tmp_path, "new", item("a"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageFault, match="there is no evidence"):
        evidence_files([tmp_path / "none.zip"])
    with pytest.raises(UsageFault, match="holds no evidence"):
        evidence_files([tmp_path / "empty"])
    with pytest.raises(UsageFault, match="no variable 'x'"):
        regrade(evidence(tmp_path / "e.zip", ["a"]), new=new, old=new, overrides=("x=1",))


def test_a_file_that_is_named_twice_is_graded_once(tmp_path: Path) -> None:
    """By itself and by its folder."""
    file = evidence(tmp_path / "in" / "e.zip", ["a"])
    assert evidence_files([file, tmp_path / "in"]) == [file]

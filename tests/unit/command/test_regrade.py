"""`k8sgrade regrade`: what is written where, and the exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.command.calls import call
from tests.unit.regrade.labs import evidence, item, rubric


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An old and a new rubric, a file that the new one marks otherwise."""
    rubric(tmp_path, "old", item("a"))
    rubric(tmp_path, "new", item("a", 10), item("b", 10))
    evidence(tmp_path / "hand-in.zip", ["a"], ["b"])
    return tmp_path


def _given(folder: Path, new: str, *more: object) -> list[object]:
    old = folder / "old.yaml"
    return ["regrade", folder / "hand-in.zip", "--rubric", folder / new, "--against", old, *more]


def test_a_changed_mark_is_no_failure(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    """0, unless --exit-code asks whether anything changes."""
    assert call(capsys, *_given(folder, "new.yaml")).code == 0
    assert call(capsys, *_given(folder, "new.yaml", "--exit-code")).code == 1
    assert call(capsys, *_given(folder, "old.yaml", "--exit-code")).code == 0


def test_what_could_not_be_graded_again_is_8(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    """A damaged file, or a read that nobody recorded."""
    rubric(folder, "open", item("a"), item("new"))
    assert call(capsys, *_given(folder, "open.yaml", "--exit-code")).code == 8
    (folder / "cut.zip").write_bytes(b"PK")
    assert call(capsys, *_given(folder, "old.yaml"), folder / "cut.zip").code == 8


def test_wrong_use_is_4(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    """Nothing is graded: no rubric, no file, no place for the JSON."""
    for given in (
        _given(folder, "none.yaml"),
        [*_given(folder, "new.yaml"), folder / "none.zip"],
        _given(folder, "new.yaml", "--json", folder / "none" / "x.json"),
        _given(folder, "new.yaml", "--set", "x=1"),
    ):
        ended = call(capsys, *given)
        assert (ended.code, ended.out) == (4, "")
        assert ended.err.startswith("k8sgrade: ")


def test_the_json_is_written_beside_the_page(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    """The page says where."""
    ended = call(capsys, *_given(folder, "new.yaml", "--lang", "en", "--json", folder / "x.json"))
    assert f"JSON: {folder / 'x.json'}" in ended.out
    data = json.loads((folder / "x.json").read_text(encoding="utf-8"))
    assert (data["summary"]["lower"], data["files"][0]["new"]["score"]) == (1, 10)


def test_the_page_is_in_the_language_asked_for(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    """Korean, also the reasons."""
    ended = call(capsys, *_given(folder, "new.yaml", "--lang", "ko"))
    assert "이전 루브릭" in ended.out
    assert "존재하지 않습니다" in ended.out or "없습니다" in ended.out

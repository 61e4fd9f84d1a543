"""Checks behind names: finding them, their parameters, their titles."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_k8sgrade.rubric.signature import Check, Checks, UnknownCheckError, title_of
from tests.unit.rubric.rubrics import changed, load, pack_folder


def found(folder: Path, source: str, name: str) -> Check:
    """A check of a file with this source."""
    folder.mkdir(exist_ok=True)
    (folder / f"{name.partition('.')[0]}.py").write_text(source, encoding="utf-8")
    return Checks(folder).find(name)


def test_a_check_is_a_function_of_the_file_beside_the_rubric(tmp_path: Path) -> None:
    """Its parameters are those of the function without fixtures."""
    pack_folder(tmp_path)
    check = Checks(tmp_path / "checks").find("scaler.active")
    assert check.path == tmp_path / "checks" / "scaler.py"
    assert check.function.__name__ == "test_active"
    assert "cluster" not in check.parameters
    name, least = check.parameters["name"], check.parameters["least"]
    assert (name.takes, name.required) == ("a text", True)
    assert (least.takes, least.default) == ("a whole number", 1)


def test_two_folders_with_a_file_of_one_name_do_not_mix(tmp_path: Path) -> None:
    """Each pack gets its own check."""
    one = found(tmp_path / "one", 'def test_a(x: str) -> None:\n    "One."\n', "sys_a.a")
    two = found(tmp_path / "two", 'def test_a(y: str) -> None:\n    "Two."\n', "sys_a.a")
    assert [one.title, two.title] == ["One.", "Two."]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("import nothing_of_that_name\n", "cannot be imported: ModuleNotFoundError"),
        ("def test_a(:\n", "cannot be imported: SyntaxError"),
        ("def test_a(x) -> None: ...\n", "the parameter 'x' of broken.a has no type annotation"),
        ("def test_a(x: 'Gone') -> None: ...\n", "the type 'Gone' of 'x' of broken.a is not for a rubric"),
        (
            "class C: ...\ndef test_a(x: C) -> None: ...\n",
            "the type .* of 'x' of broken.a is not for a rubric",
        ),
        ("test_a = 5\n", "no check 'broken.a'"),
    ],
)
def test_a_check_file_that_cannot_be_used_says_why(tmp_path: Path, source: str, message: str) -> None:
    """In one sentence for its author."""
    with pytest.raises(UnknownCheckError, match=message):
        found(tmp_path, source, "broken.a")


def test_a_name_cannot_leave_the_folder_of_checks(tmp_path: Path) -> None:
    """Only files that are listed are imported."""
    (tmp_path / "outside.py").write_text("raise SystemExit\n", encoding="utf-8")
    (tmp_path / "checks").mkdir()
    with pytest.raises(UnknownCheckError, match="no checks for"):
        Checks(tmp_path / "checks").find("../outside.a")


def test_titles_say_what_is_looked_at(tmp_path: Path) -> None:
    """The docstring's first line with parameters and variables in place."""
    lab = load(tmp_path)
    active = lab.rubric.items[0]
    title = title_of(active, lab.checks[active.check], {"ns": "default", "least": 2}, "ko")
    assert title == "The autoscaler web in default reads its metrics."


def test_a_rubrics_title_comes_first_and_in_both_languages(tmp_path: Path) -> None:
    """Parameters are filled in there too."""
    titled = changed("level: effect", "level: effect\n        title: {en: 'See {name}', ko: '{name} 확인'}")
    lab = load(tmp_path, titled)
    scaled = lab.rubric.items[1]
    check = lab.checks[scaled.check]
    assert title_of(scaled, check, {"ns": "x"}, "ko") == "web-x 확인"
    assert title_of(scaled, check, {"ns": "x"}, "en") == "See web-x"


def test_a_variable_that_is_not_known_stays_visible_in_a_title(tmp_path: Path) -> None:
    """When the cluster could not be asked, a title still comes."""
    lab = load(tmp_path)
    active = lab.rubric.items[0]
    assert "{ns}" in title_of(active, lab.checks[active.check], {}, "en")

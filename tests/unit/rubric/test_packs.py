"""Where labs come from: names, paths, packs of others."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from pytest_k8sgrade.errors import UsageFault
from pytest_k8sgrade.rubric import packs
from pytest_k8sgrade.rubric.document import MAX_BYTES
from pytest_k8sgrade.rubric.load import load_rubric
from pytest_k8sgrade.rubric.packs import find_pack
from tests.unit.rubric.rubrics import pack_folder


def test_a_bundled_lab_is_found_by_its_name() -> None:
    """From any folder, through the package."""
    pack = find_pack("lab1")
    assert pack.name == "lab1"
    assert pack.read().startswith(b"#")


def test_a_path_is_a_lab_with_its_checks_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Relative or absolute."""
    path = pack_folder(tmp_path)
    monkeypatch.chdir(tmp_path)
    for given in (str(path), "lab.yaml", "./lab.yaml"):
        assert find_pack(given).checks == tmp_path / "checks"


def test_a_folder_of_a_labs_name_does_not_hide_the_lab(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Students keep their files in folders named like the lab."""
    (tmp_path / "lab1").mkdir()
    monkeypatch.chdir(tmp_path)
    assert find_pack("lab1").source.startswith("pytest_k8sgrade.rubrics")


@pytest.mark.parametrize(
    ("lab", "message"),
    [
        ("lab", "no lab 'lab'; did you mean 'lab1'\\? labs: .*lab1.*; or give the path of a rubric file"),
        ("./gone.yaml", "the rubric ./gone.yaml does not exist"),
        ("gone.yml", "the rubric gone.yml does not exist"),
        ("../", "is a folder"),
    ],
)
def test_an_unknown_lab_says_what_there_is(lab: str, message: str) -> None:
    """In one sentence."""
    with pytest.raises(UsageFault, match=message):
        find_pack(lab)


def test_a_pack_of_others_is_found_by_its_entry_point(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its YAML files are labs, its checks are beside them."""
    package = tmp_path / "other_pack"
    package.mkdir()
    (package / "__init__.py").touch()
    pack_folder(package).rename(package / "theirs.yaml")
    monkeypatch.syspath_prepend(str(tmp_path))
    point = EntryPoint("theirs", "other_pack", packs.ENTRY_POINTS)
    monkeypatch.setattr(packs, "entry_points", lambda group: [point] if group == packs.ENTRY_POINTS else [])
    try:
        lab = load_rubric(find_pack("theirs"))
    finally:
        sys.modules.pop("other_pack", None)
    assert set(lab.checks) == {"scaler.active", "scaler.scaled"}


def test_a_broken_pack_of_others_does_not_hide_the_bundled_labs(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told where it could matter: when the lab is not one of ours."""
    point = EntryPoint("broken", "no_such_package_anywhere", packs.ENTRY_POINTS)
    monkeypatch.setattr(packs, "entry_points", lambda group: [point])
    assert find_pack("lab1").name == "lab1"
    with pytest.raises(UsageFault, match="the rubric pack 'no_such_package_anywhere' cannot be imported"):
        find_pack("theirs")


def test_a_file_is_not_read_beyond_the_limit(tmp_path: Path) -> None:
    """Somebody else's huge file costs one read of the limit."""
    path = tmp_path / "huge.yaml"
    path.write_bytes(b"#" * (3 * MAX_BYTES))
    assert len(find_pack(str(path)).read()) == MAX_BYTES + 1

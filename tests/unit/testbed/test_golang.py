"""Modules that are completed and mended before they are built."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.testbed.build import golang
from tests.testbed.build.components import PATCHES, Patch
from tests.testbed.paths import Cache

PATCH = Patch(
    family="some",
    module="example.org/program",
    version="1.0.0",
    files=(("new/added.go", "package new\n"),),
    edits=(("old.go", "wrong", "right"),),
)


def patched(folder: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> Path:
    """The copy that is made of a module with one file."""
    served = folder / "served"
    served.mkdir()
    (served / "old.go").write_text(text, encoding="utf-8")
    monkeypatch.setattr(golang, "PATCHES", (PATCH,))
    monkeypatch.setattr(golang, "module", lambda *_: served)
    noted: list[list[str]] = []
    monkeypatch.setattr(golang, "go", lambda _, arguments, __: noted.append(list(arguments)))
    monkeypatch.setattr(golang, "GO_FAMILIES", folder)
    (folder / "some").mkdir()
    golang.Family("some", Cache(folder / "cache"), lambda _: None).prepare()
    (arguments,) = noted
    return Path(arguments[-1].partition("=")[2].partition("=")[2])


def test_a_module_gets_its_files_and_edits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a copy, which then replaces the module; what the proxy served stays as it is."""
    copy = patched(tmp_path, monkeypatch, "a wrong word\n")
    assert (copy / "new" / "added.go").read_text(encoding="utf-8") == "package new\n"
    assert (copy / "old.go").read_text(encoding="utf-8") == "a right word\n"
    assert (tmp_path / "served" / "old.go").read_text(encoding="utf-8") == "a wrong word\n"


@pytest.mark.parametrize("text", ["a right word\n", "wrong and wrong\n"])
def test_an_edit_that_does_not_fit_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    """A later version of the module may have the fault mended."""
    with pytest.raises(AssertionError, match=r"example.org/program: old.go"):
        patched(tmp_path, monkeypatch, text)


def test_patches_name_what_they_patch() -> None:
    """Each has something to do."""
    assert all(patch.files or patch.edits for patch in PATCHES)

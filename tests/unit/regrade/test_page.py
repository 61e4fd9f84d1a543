"""What a person and a program read of a regrading."""

from __future__ import annotations

import io
import json
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]  # ships no types
import pytest
from rich.cells import cell_len
from rich.console import Console

from pytest_k8sgrade.locale.messages import LANGUAGES, Catalogue, Language
from pytest_k8sgrade.regrade import json as regrade_json
from pytest_k8sgrade.regrade.json import regrade_schema, render_json
from pytest_k8sgrade.regrade.model import Regrade
from pytest_k8sgrade.regrade.run import Regrading, Side, evidence_files
from pytest_k8sgrade.regrade.text import page
from tests.unit.regrade.labs import PLACE, evidence, item, rubric

SCHEMA = Path(regrade_json.__file__).with_name("regrade.schema.json")


@pytest.fixture
def found(tmp_path: Path, request: pytest.FixtureRequest) -> Regrade:
    """Every kind of row and change: better, worse, open, damaged, added, removed, waived."""
    language: Language = getattr(request, "param", "en")
    old = rubric(tmp_path, "old", item("a"), item("b"), item("c"), item("gone"))
    waived = item("c", more="waived: {en: it was wrong, ko: 잘못된 항목}")
    new = rubric(tmp_path, "new", item("a"), "id: b, with: {name: d}, points: 20", waived, item("come"))
    folder = tmp_path / "hand-ins"
    evidence(folder / "ann.zip", ["a", "c", "d", "gone"], ["b"])
    evidence(folder / "ben.zip", ["a", "b"], ["c", "d", "gone", "come"], set={"x": "\x1b[31m1"})
    (folder / "cut.zip").write_bytes(b"PK")
    regrading = Regrading(Side.of(str(new)), Side.of(str(old)), (), Catalogue(language))
    return regrading.run(evidence_files([folder]))


def _shown(found: Regrade, width: int) -> str:
    screen = Console(file=io.StringIO(), width=width, highlight=False, markup=False, emoji=False)
    for part in page(found, Catalogue("ko" if found.language == "ko" else "en")):
        screen.print(part)
    assert isinstance(screen.file, io.StringIO)
    return screen.file.getvalue()


@pytest.mark.parametrize("found", LANGUAGES, indirect=True)
def test_the_page_fits_a_terminal(found: Regrade) -> None:
    """No line is wider than 80 cells, and no control character comes through."""
    told = _shown(found, 80)
    assert [line for line in told.splitlines() if cell_len(line) > 80] == []
    assert "\x1b" not in told
    assert "{" not in told


def test_the_page_names_what_changed_and_what_is_missing(found: Regrade) -> None:
    """Both marks, the item with both reasons, the path that nobody recorded, the damaged file."""
    told = " ".join(_shown(found, 200).split())
    assert "ConfigMap demo/b" in told or "ConfigMap b" in told
    assert "In the rubric: with.name, points" in told
    assert f"come ({found.files[0].file}) {PLACE}/come" in told
    assert "3 files: " in told
    assert "1 unreadable" in told
    assert "cut.zip" in told


def test_the_json_fits_its_schema(found: Regrade) -> None:
    """What is written is what the schema promises, and the schema is the one in the repository."""
    assert json.loads(SCHEMA.read_text(encoding="utf-8")) == regrade_schema()
    data = json.loads(render_json(found))
    jsonschema.validate(data, regrade_schema())
    assert data["schema"] == "k8sgrade/regrade/v1"
    assert [row["direction"] for row in data["files"]] == [row.direction for row in found.files]
    assert data["files"][0]["missing"][0]["path"] == f"{PLACE}/come"


def test_the_json_is_read_back(found: Regrade) -> None:
    """Nothing gets lost on the way."""
    assert render_json(Regrade.model_validate_json(render_json(found))) == render_json(found)

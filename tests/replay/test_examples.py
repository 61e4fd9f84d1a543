"""The recorded clusters of `examples/`: their marks, which are known, and what is in the files."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
NOTHING = [("lab1", "empty"), ("handson1", "empty"), ("challenge1", "broken")]
"""A cluster on which nothing was done, and a challenge as it is set up."""
ALL = [("lab1", "reference"), ("handson1", "reference"), ("challenge1", "reference")]
FILES = [*NOTHING, *ALL, ("lab1", "half")]
PLANTED = (b"admin123", b"YWRtaW4xMjM=")
"""Grafana's password as the lab sets it, plain and as its Secret holds it."""


def grade(pytester: pytest.Pytester, lab: str, name: str, *options: str) -> tuple[int, dict[str, Any]]:
    """Exit code and grade of a recorded cluster."""
    report = pytester.path / "grade.json"
    result = pytester.runpytest_subprocess(
        f"--k8s-grade={lab}",
        f"--k8s-grade-from={EXAMPLES / lab / name}.zip",
        f"--k8s-grade-report=json={report}",
        *options,
        timeout=60,
    )
    return int(result.ret), json.loads(report.read_text(encoding="utf-8"))


@pytest.mark.parametrize(("lab", "name"), ALL)
def test_the_reference_has_all_points(pytester: pytest.Pytester, lab: str, name: str) -> None:
    """The recorded finished lab is graded 100 of 100."""
    code, graded = grade(pytester, lab, name)
    left = {"passed", "skipped"}
    lost = {item["id"]: item["reason"] for item in graded["items"] if item["verdict"] not in left}
    assert (code, graded["score"], lost) == (0, 100, {})


@pytest.mark.parametrize(("lab", "name"), NOTHING)
def test_nothing_done_is_worth_nothing(pytester: pytest.Pytester, lab: str, name: str) -> None:
    """Nothing earns nothing, and nothing is left open."""
    code, graded = grade(pytester, lab, name)
    assert (code, graded["score"], graded["ungraded_points"]) == (1, 0, 0)
    assert {item["verdict"] for item in graded["items"]} <= {"failed", "blocked", "skipped"}


def test_half_of_the_lab_has_its_known_marks(pytester: pytest.Pytester) -> None:
    """Exactly these items are lost, for exactly these reasons."""
    _, graded = grade(pytester, "lab1", "half")
    lost = {item["id"]: item["reason"]["id"] for item in graded["items"] if item["verdict"] != "passed"}
    expected = json.loads((Path(__file__).parent / "half.json").read_text(encoding="utf-8"))
    assert {"score": graded["score"], "lost": lost} == expected


@pytest.mark.parametrize(("lab", "name"), FILES)
def test_no_secret_is_in_the_file(lab: str, name: str) -> None:
    """Neither the password nor a token was recorded."""
    with zipfile.ZipFile(EXAMPLES / lab / f"{name}.zip") as archive:
        content = b"".join(archive.read(entry) for entry in archive.namelist())
    assert len(content) > 1000
    assert [secret for secret in (*PLANTED, b"eyJhbGciOi") if secret in content] == []


@pytest.mark.parametrize(("lab", "name"), FILES)
@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("hints", ["beginner", "intermediate", "advanced"])
def test_every_text_is_there_in_every_language(
    pytester: pytest.Pytester, lab: str, name: str, language: str, hints: str
) -> None:
    """No message id and no placeholder reaches a reader."""
    _, graded = grade(pytester, lab, name, f"--k8s-grade-lang={language}", f"--k8s-grade-hints={hints}")
    for item in graded["items"]:
        if item["verdict"] in ("failed", "partial"):
            told = f"{item['title']} {item['reason']['text']} {item['hint']}"
            assert item["hint"], item["id"]
            assert f"{item['reason']['id']}:" not in told
            assert "{" not in told.replace("{{", ""), told

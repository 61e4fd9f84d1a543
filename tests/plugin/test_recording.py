"""What a run notes in the evidence, and what grading the evidence makes of it."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.plugin.conftest import Lab
from tests.unit.cluster.fake import Answer

CONFIGMAP = "/api/v1/namespaces/demo/configmaps"


def _record(lab: Lab, *options: str) -> Path:
    evidence = lab.folder / "evidence.zip"
    lab.run("--k8s-grade-wait=0", f"--k8s-grade-record={evidence}", *options)
    return evidence


def _replay(lab: Lab, evidence: Path, *options: str) -> pytest.RunResult:
    return lab.pytester.runpytest_subprocess(
        f"--k8s-grade={lab.rubric}",
        f"--k8s-grade-from={evidence}",
        "--k8s-grade-lang=en",
        f"--k8s-grade-report=json={lab.folder / 'grade.json'}",
        *options,
        timeout=60,
    )


def _changed(evidence: Path, **run: Any) -> Path:
    """A copy of the evidence with other notes of the run."""
    copy = evidence.with_name("changed.zip")
    with zipfile.ZipFile(evidence) as old, zipfile.ZipFile(copy, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "evidence.json":
                index = json.loads(content)
                content = json.dumps({**index, "run": {**index["run"], **run}}).encode()
            new.writestr(name, content)
    return copy


@pytest.fixture
def named(lab: Lab) -> Lab:
    """A lab whose ConfigMap has the name that a variable says; only `mine` exists."""
    lab.write('a: demo.configmap | with: {name: "{wanted}"}', vars={"wanted": "theirs", "copies": 1})
    lab.api.routes[f"{CONFIGMAP}/mine"] = Answer({"metadata": {"name": "mine", "namespace": "demo"}})
    return lab


def test_what_was_set_holds_when_the_evidence_is_graded(named: Lab) -> None:
    """The grade is the live one without the settings being given again, and the header names them."""
    evidence = _record(named, "--k8s-grade-set=wanted=mine")
    assert named.verdicts() == {"a": "passed"}
    result = _replay(named, evidence)
    assert named.verdicts() == {"a": "passed"}
    result.stdout.fnmatch_lines(["variables: wanted=mine"])


def test_what_is_set_anew_wins(named: Lab) -> None:
    """The person who grades has the last word; what was not asked then is ungraded."""
    evidence = _record(named, "--k8s-grade-set=wanted=mine")
    _replay(named, evidence, "--k8s-grade-set=wanted=other")
    assert named.grade()["items"][0]["reason"] == {
        "id": "not-recorded",
        "params": {"path": f"{CONFIGMAP}/other"},
        "text": f"The evidence does not contain the answer from {CONFIGMAP}/other.",
    }


def test_settings_of_another_rubric_are_passed_over(named: Lab) -> None:
    """A variable that this rubric does not have changes nothing."""
    evidence = _record(named, "--k8s-grade-set=wanted=mine")
    assert _replay(named, _changed(evidence, set={"wanted": "mine", "colour": "red"})).ret == 0


def test_a_setting_that_does_not_fit_is_told(named: Lab) -> None:
    """The evidence's value of a variable of another type ends in one clean message."""
    evidence = _record(named)
    result = _replay(named, _changed(evidence, set={"copies": "many"}))
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*recorded with copies='many'*is a whole number*"])
    assert _replay(named, _changed(evidence, set={"copies": "many"}), "--k8s-grade-set=copies=2").ret != 4


def test_the_mark_is_noted(lab: Lab) -> None:
    """Evidence says what the person who recorded it was told."""
    lab.write("a: demo.ok", "b: demo.unmet")
    with zipfile.ZipFile(_record(lab)) as file:
        noted = json.loads(file.read("evidence.json"))["run"]["mark"]
    assert noted == {
        "score": 10,
        "max_score": 20,
        "items": {"a": {"verdict": "passed", "points": 10}, "b": {"verdict": "failed", "points": 0}},
    }


def test_what_was_not_looked_at_is_recorded_too(lab: Lab) -> None:
    """Evidence answers a rubric that no longer blocks or waives the item, and the grade stays as it was."""
    lab.api.routes[f"{CONFIGMAP}/mine"] = Answer({"metadata": {"name": "mine", "namespace": "demo"}})
    items = (
        "a: demo.unmet",
        "b: demo.configmap | with: {name: mine}",
        "c: demo.configmap | with: {name: its}",
    )
    lab.write(items[0], f"{items[1]}, needs: [a]", f"{items[2]}, waived: {{en: broken, ko: 고장}}")
    evidence = _record(lab)
    assert lab.verdicts() == {"a": "failed", "b": "blocked", "c": "waived"}
    lab.write(*items)
    _replay(lab, evidence)
    reasons = {item["id"]: item["reason"]["id"] for item in lab.grade()["items"] if item["reason"]}
    assert lab.verdicts()["b"] == "passed"
    assert "not-recorded" not in reasons.values()


@pytest.mark.parametrize(
    ("key", "value"), [("holds", [1]), ("recorded", 5), ("set", {"a": [1]}), ("mark", {"score": "1e9999"})]
)
def test_notes_that_nobody_recorded_are_refused(lab: Lab, key: str, value: object) -> None:
    """The file may come from anybody."""
    lab.write("a: demo.ok")
    result = _replay(lab, _changed(_record(lab), **{key: value}))
    assert result.ret == 4
    result.stderr.fnmatch_lines([f"*changed.zip*run.{key}*is not as recorded*"])

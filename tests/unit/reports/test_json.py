"""JSON of a grade: the schema, reading it back, the canonical form."""

from __future__ import annotations

import json
from datetime import timedelta
from importlib.resources import files
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # ships no types
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_k8sgrade.grade.model import Grade
from pytest_k8sgrade.reports.json import canonical_json, grade_schema, render_json
from tests.unit.grade.grades import blocked, failed, grade, partial, ungraded

MIXED = (failed("active"), blocked("scaled", "active"), partial("rules"), ungraded("synced"))


def test_the_committed_schema_is_current() -> None:
    """After a change of the model: python -m pytest_k8sgrade.reports.json > grade.schema.json."""
    committed = files("pytest_k8sgrade.reports").joinpath("grade.schema.json").read_text(encoding="utf-8")
    assert json.loads(committed) == grade_schema()


@pytest.mark.parametrize("graded", [grade(), grade(*MIXED), grade(ungraded("active"), language="ko")])
def test_every_report_fits_the_schema_and_is_read_back_the_same(graded: Grade) -> None:
    """What is written is what was graded."""
    text = render_json(graded)
    jsonschema.validate(json.loads(text), grade_schema())
    assert Grade.model_validate_json(text) == graded


def test_the_public_keys_are_there_with_plain_numbers() -> None:
    """Keys that other programs read; points are numbers, not texts."""
    data = json.loads(render_json(grade(*MIXED)))
    assert data["schema"] == "k8sgrade/grade/v1"
    assert {
        "rubric",
        "subject",
        "started",
        "finished",
        "score",
        "max_score",
        "ungraded_points",
    } <= data.keys()
    assert {"percent", "pass_mark", "passed", "score_range", "items"} <= data.keys()
    assert (data["score"], data["max_score"], data["ungraded_points"]) == (7, 30, 6)
    assert data["score_range"] == {"min": 7, "max": 13}
    assert (data["percent"], data["pass_mark"], data["passed"]) == (None, "60%", False)
    active = data["items"][1]
    assert {"id", "check", "group", "title", "level", "verdict", "points", "max_points"} <= active.keys()
    assert {
        "reason",
        "hint",
        "seen",
        "wanted",
        "parts",
        "needs",
        "timeline",
        "waited_s",
        "held_s",
    } <= active.keys()
    assert active["reason"].keys() == {"id", "params", "text"}


def test_korean_is_written_as_korean() -> None:
    """Not as escapes: people read these files."""
    assert "지표를 읽는다" in render_json(grade(language="ko"))


def test_the_canonical_form_does_not_depend_on_time() -> None:
    """Two runs over the same state differ in times only, and compare equal."""
    one = grade(*MIXED)
    assert one.started is not None
    items = tuple(item.model_copy(update={"waited_s": 99.0, "timeline": ()}) for item in one.items)
    other = one.model_copy(update={"started": one.started + timedelta(hours=1), "items": items})
    assert render_json(one) != render_json(other)
    assert canonical_json(one) == canonical_json(other)


@pytest.mark.parametrize("change", [failed("active", seen="True"), partial("active")])
def test_the_canonical_form_tells_any_other_difference(change: Any) -> None:
    """What was seen, points, verdicts."""
    assert canonical_json(grade(failed("active"))) != canonical_json(grade(change))


def test_keys_of_a_later_version_are_passed_over() -> None:
    """A report of tomorrow can be read today, as the contract says."""
    data = json.loads(render_json(grade()))
    data["tomorrow"] = data["items"][0]["tomorrow"] = 1
    assert Grade.model_validate_json(json.dumps(data)) == grade()
    jsonschema.validate(data, grade_schema())


@given(seen=st.floats() | st.text() | st.binary() | st.sets(st.integers()))
def test_any_value_gives_strict_json(seen: Any) -> None:
    """No NaN, no lone surrogate, whatever a check hands over."""
    text = render_json(grade(failed("active", seen=seen)))
    json.loads(text, parse_constant=pytest.fail)
    text.encode("utf-8")

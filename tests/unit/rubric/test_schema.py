"""The committed JSON Schema of the rubric file."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # ships no types
import pytest
import yaml

from pytest_k8sgrade.rubric.schema import as_text, rubric_schema
from tests.unit.rubric.rubrics import GOOD


def test_the_committed_schema_is_current() -> None:
    """After a change of the model: python -m pytest_k8sgrade.rubric.schema > rubric.schema.json."""
    committed = files("pytest_k8sgrade.rubric").joinpath("rubric.schema.json").read_text(encoding="utf-8")
    assert committed == as_text(rubric_schema())


@pytest.mark.parametrize("name", ["the good one", "lab1.yaml"])
def test_rubrics_fit_the_schema(name: str) -> None:
    """What we load, editors accept."""
    bundled = files("pytest_k8sgrade.rubrics").joinpath(name)
    text = bundled.read_text(encoding="utf-8") if name.endswith(".yaml") else GOOD
    jsonschema.validate(yaml.safe_load(text), rubric_schema())


@pytest.mark.parametrize(
    "change",
    [{"grups": []}, {"pass_mark": "sixty"}, {"budget": "soon"}, {"id": "Lab 1"}, {"title": {"en": "x"}}],
)
def test_the_schema_refuses_what_we_refuse(change: dict[str, Any]) -> None:
    """So that an editor marks it before the file is loaded."""
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**yaml.safe_load(GOOD), **change}, rubric_schema())

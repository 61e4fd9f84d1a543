"""The JSON Schema of the rubric file, for editors.

`rubric.schema.json` beside this module is the committed copy; a test keeps it
current. `python -m pytest_k8sgrade.rubric.schema` prints it.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from pytest_k8sgrade.rubric.model import Rubric


def rubric_schema() -> dict[str, Any]:
    """The schema, generated from the model."""
    schema = Rubric.model_json_schema(by_alias=True, mode="validation")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def as_text(schema: dict[str, Any]) -> str:
    """A schema as the committed file has it."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(as_text(rubric_schema()))

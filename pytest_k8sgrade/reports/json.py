"""The grade as JSON: the public form, and the canonical one for comparing two grades.

The public form's schema is `grade.schema.json` beside this module, kept current by a
test; `python -m pytest_k8sgrade.reports.json` prints it.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from pytest_k8sgrade.grade.model import Grade

_TIMES: Any = {
    "started": True,
    "finished": True,
    "items": {"__all__": {"timeline", "waited_s", "held_s", "traceback"}},
}


def render_json(grade: Grade) -> str:
    """The grade with every key, in the rubric's order."""
    data = grade.model_dump(mode="json", by_alias=True)
    return json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def canonical_json(grade: Grade) -> str:
    """What must be the same whenever the same state is graded: no times, sorted keys."""
    data = grade.model_dump(mode="json", by_alias=True, exclude=_TIMES)
    return json.dumps(data, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def grade_schema() -> dict[str, Any]:
    """The JSON Schema of `render_json`."""
    schema = Grade.model_json_schema(by_alias=True, mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(grade_schema(), indent=2, ensure_ascii=False) + "\n")

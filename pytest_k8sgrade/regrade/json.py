"""What regrading found as JSON.

Its schema is `regrade.schema.json` beside this module, kept current by a test;
`python -m pytest_k8sgrade.regrade.json` prints it.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from pytest_k8sgrade.regrade.model import Regrade


def render_json(regrade: Regrade) -> str:
    """The result with every key."""
    data = regrade.model_dump(mode="json", by_alias=True)
    return json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def regrade_schema() -> dict[str, Any]:
    """The JSON Schema of `render_json`."""
    schema = Regrade.model_json_schema(by_alias=True, mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(regrade_schema(), indent=2, ensure_ascii=False) + "\n")

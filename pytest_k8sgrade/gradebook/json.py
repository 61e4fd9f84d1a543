"""The class book as JSON.

Its schema is `class.schema.json` beside this module, kept current by a test;
`python -m pytest_k8sgrade.gradebook.json` prints it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

from pytest_k8sgrade.gradebook.model import ClassBook


def json_parts(book: ClassBook) -> Iterator[str]:
    """The book with every key, piece by piece: what is about the class, then a line a student."""
    head = book.model_dump_json(by_alias=True, indent=2, exclude={"students"})
    yield head.removesuffix("\n}") + ',\n  "students": ['
    for index, mark in enumerate(book.students):
        yield (",\n    " if index else "\n    ") + mark.model_dump_json(by_alias=True)
    yield "\n  ]\n}\n"


def render_json(book: ClassBook) -> str:
    """The book as one text."""
    return "".join(json_parts(book))


def class_schema() -> dict[str, Any]:
    """The JSON Schema of `render_json`."""
    schema = ClassBook.model_json_schema(by_alias=True, mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(class_schema(), indent=2, ensure_ascii=False) + "\n")

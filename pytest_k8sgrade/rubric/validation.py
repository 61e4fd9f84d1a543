"""What pydantic finds wrong with a document, told with its line in a course author's words."""

from __future__ import annotations

import json
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from pytest_k8sgrade.rubric.document import Document, Path
from pytest_k8sgrade.rubric.faults import Faults, quoted
from pytest_k8sgrade.rubric.suggest import choices

Model = TypeVar("Model", bound=BaseModel)

_EXPECTED: Mapping[str, str] = {
    "string_type": "a text",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "float_type": "a number",
    "tuple_type": "a list",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "too_short": "at least one entry",
    "string_too_short": "a text that is not empty",
}


def validate(model: type[Model], data: Any, document: Document, faults: Faults) -> Model | None:
    """The model of the data, or None after every fault is noted."""
    try:
        return parse(model, data)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            if detail["type"] == "too_short" and detail["input"]:
                continue  # entries that are faulty themselves are not counted by pydantic
            faults.add(document.line(detail["loc"]), _message(model, document, detail))
        return None


def parse(model: type[Model], data: Any) -> Model:
    """Strict, as JSON: a quoted number is not a number, and a list is no tuple of Python's."""
    return model.model_validate_json(json.dumps(data), strict=True)


def place(data: Any, path: Path) -> str:
    """Where a path is, in the words of the file: `item hpa-active, with.metrics`."""
    words: list[str] = []
    rest = list(path)
    for key, word in (("groups", "group"), ("items", "item"), ("mutations", "mutation")):
        if len(rest) >= 2 and rest[0] == key and isinstance(rest[1], int):
            data = data[key][rest[1]]
            words = [f"{word} {_id(data, rest[1])}"]
            rest = rest[2:]
    keys = [part for part in rest if isinstance(part, str)]
    if keys:
        words.append(".".join(keys))
    return ", ".join(words)


def _id(data: Any, index: int) -> str:
    known = data.get("id") if isinstance(data, dict) else None
    return str(known) if isinstance(known, str) else f"number {index + 1}"


def _message(model: type[BaseModel], document: Document, detail: ErrorDetails) -> str:
    kind = detail["type"]
    loc = detail["loc"]
    if kind == "missing":
        return _at(document, loc[:-1], f"the key {str(loc[-1])!r} is missing")
    if kind == "extra_forbidden":
        keys = _keys(_model_at(model, loc[:-1]))
        return _at(document, loc[:-1], f"unknown key {str(loc[-1])!r}; {choices(str(loc[-1]), keys)}")
    return _at(document, loc, f"{_expectation(detail)}, not {quoted(detail['input'])}")


def _expectation(detail: ErrorDetails) -> str:
    kind = detail["type"]
    if kind == "rubric_value":
        return detail["msg"]
    if kind in ("literal_error", "enum"):
        return f"expected {detail['ctx']['expected']}"
    if kind in _EXPECTED:
        return f"expected {_EXPECTED[kind]}"
    return detail["msg"][0].lower() + detail["msg"][1:]


def _at(document: Document, loc: Path, message: str) -> str:
    where = place(document.data, document.path(loc))
    return f"{where}: {message}" if where else message


def _keys(model: type[BaseModel] | None) -> list[str]:
    if model is None:
        return []
    return [field.alias or name for name, field in model.model_fields.items()]


def _model_at(model: type[BaseModel], loc: Path) -> type[BaseModel] | None:
    """The model whose keys are at a location; list indexes and union tags lead no further."""
    current: type[BaseModel] | None = model
    for part in loc:
        if current is None or not isinstance(part, str):
            continue
        for name, field in current.model_fields.items():
            if part == (field.alias or name):
                current = _model_in(field.annotation)
                break
    return current


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner: Callable[[Any], tuple[Any, ...]] = typing.get_args
    found = (_model_in(part) for part in inner(annotation) if part is not types.NoneType)
    return next((part for part in found if part is not None), None)

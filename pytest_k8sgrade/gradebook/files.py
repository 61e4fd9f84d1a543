"""Small YAML files of an instructor as models, every fault told with its line."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from pytest_k8sgrade.errors import UsageFault
from pytest_k8sgrade.rubric.document import MAX_BYTES, Document, decode, read_document
from pytest_k8sgrade.rubric.faults import Faults
from pytest_k8sgrade.rubric.validation import validate

Model = TypeVar("Model", bound=BaseModel)


def read_file(path: Path, what: str) -> bytes:
    """The bytes of a file, one more than allowed at most; raises `UsageFault`."""
    try:
        with path.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageFault(f"the {what} {str(path)!r} cannot be read: {error.strerror}") from error


def parse_file(model: type[Model], content: bytes, faults: Faults) -> tuple[Model, Document]:
    """The model of a file's bytes and the lines of its values; raises `UsageFault` with all faults."""
    text = decode(content, faults)
    document = read_document(text, faults) if text is not None else Document()
    if document.data is None:
        raise faults.error()
    found = validate(model, document.data, document, faults)
    faults.raise_any()
    assert found is not None
    return found, document

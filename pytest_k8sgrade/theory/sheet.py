"""The file of answers that a student hands in, from its bytes to checked data.

It may hold anything: size, depth, aliases and tags are those of the rubric's reader, ids and
values are bounded, and every fault is told with its line. A recording keeps the sheet as it is.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, PlainValidator, Tag
from pydantic_core import PydanticCustomError

from pytest_k8sgrade.errors import UsageFault
from pytest_k8sgrade.rubric.document import Document, decode, read_document
from pytest_k8sgrade.rubric.faults import Faults
from pytest_k8sgrade.rubric.fields import Frozen, Slug
from pytest_k8sgrade.rubric.model import Rubric
from pytest_k8sgrade.rubric.suggest import choices
from pytest_k8sgrade.rubric.validation import validate

MAX_BYTES: Final = 128 * 1024
LONGEST: Final = 400
"""Characters of one value: an answer is a number, a word or some letters."""
LARGEST: Final = 10**15
MOST: Final = 40
"""Blanks of one answer."""

Value: TypeAlias = str | int | float | bool | None


def student_id(text: str) -> str:
    """An id in the form in which it draws questions; raises `UsageFault` for one that cannot be used."""
    clean = unicodedata.normalize("NFC", text).strip()
    if not 0 < len(clean) <= 100 or any(unicodedata.category(one).startswith("C") for one in clean):
        raise UsageFault(f"{text[:40]!r} is no student id; give 1 to 100 printable characters, e.g. 2026-001")
    return clean


def _as_text(value: object) -> object:
    """Ids and versions of digits may stand without quotes."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _checked_id(value: str) -> str:
    try:
        return student_id(value)
    except UsageFault as fault:
        raise PydanticCustomError("rubric_value", "{why}", {"why": str(fault)}) from None


def _value(value: Any) -> Value:
    if not isinstance(value, (str, int, float, bool, NoneType)):
        raise PydanticCustomError("rubric_value", "expected one text or number behind a blank")
    if isinstance(value, str) and len(value) > LONGEST:
        raise PydanticCustomError("rubric_value", f"expected at most {LONGEST} characters")
    if isinstance(value, (int, float)) and not -LARGEST < value < LARGEST:
        raise PydanticCustomError("rubric_value", f"expected a number below {LARGEST:.0e}")
    return value


_Value: TypeAlias = Annotated[Value, PlainValidator(_value)]
_Blanks: TypeAlias = Annotated[dict[str, _Value], Field(max_length=MOST)]
Given: TypeAlias = Annotated[
    Annotated[_Blanks, Tag("blanks")] | Annotated[_Value, Tag("value")],
    Discriminator(lambda given: "blanks" if isinstance(given, dict) else "value"),
]
"""An answer: a value for each blank of the question, or the one value of its only blank."""
_Text: TypeAlias = Annotated[str, BeforeValidator(_as_text), Field(min_length=1, max_length=100)]


class Sheet(Frozen):
    """Whose answers these are, to which version of which rubric, by question."""

    k8sgrade_answers: Literal[1]
    rubric: Slug
    version: _Text
    student: Annotated[_Text, AfterValidator(_checked_id)]
    answers: dict[Slug, Given] = Field(default_factory=dict)


def read_sheet(file: Path, rubric: Rubric, student: str | None = None) -> Sheet:
    """The sheet of a file, for this rubric and, where one is named, this student; raises `UsageFault`."""
    faults = Faults(str(file), "file of answers")
    text = decode(_content(file), faults)
    document = read_document(text, faults) if text is not None else Document()
    if document.data is None:
        raise faults.error()
    sheet = validate(Sheet, document.data, document, faults)
    faults.raise_any()
    assert sheet is not None
    for key, message in _misfits(sheet, rubric, student):
        faults.add(document.line(key), message)
    faults.raise_any()
    return sheet


def _content(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageFault(
            f"the file of answers {str(file)!r} cannot be read: {error.strerror}; "
            "`k8sgrade theory --student ID --out FILE` writes one"
        ) from error
    if len(content) > MAX_BYTES:
        raise UsageFault(
            f"the file of answers {str(file)!r} has more than {MAX_BYTES} bytes; answers are short"
        )
    return content


def _misfits(sheet: Sheet, rubric: Rubric, student: str | None) -> Iterator[tuple[tuple[str, ...], str]]:
    """What keeps a sheet from being graded with this rubric as this student's."""
    again = "write the questions again with `k8sgrade theory`"
    if sheet.rubric != rubric.id:
        yield ("rubric",), f"these are answers to {sheet.rubric!r}, not to {rubric.id!r}; {again}"
    elif sheet.version != rubric.version:
        told = f"version {sheet.version!r} of the questions, but the rubric has {rubric.version!r}"
        yield ("version",), f"these are answers to {told}; {again}"
    if student is not None and sheet.student != student_id(student):
        yield ("student",), f"these are answers of {sheet.student!r}, not of {student!r}"
    for question in sheet.answers:
        if question not in rubric.by_id:
            there_is = choices(question, rubric.by_id, "questions")
            yield ("answers", question), f"the rubric has no question {question!r}; {there_is}"

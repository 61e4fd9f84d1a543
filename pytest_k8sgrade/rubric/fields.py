"""The scalar values of a rubric file: durations, points, pass mark, texts in two languages.

`rubric.model` composes them; each says in one sentence what it expects, because a
course author reads the message, not this file.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainSerializer,
    WithJsonSchema,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError
from pydantic_core.core_schema import no_info_after_validator_function

from pytest_k8sgrade.kube import duration

_PERCENT = re.compile(r"(\d{1,3}(?:\.\d{1,2})?)\s*%")
_MAX_DURATION = 24 * 3600.0
_MAX_POINTS = 100_000


class Frozen(BaseModel):
    """Base of the rubric's models: immutable, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


def _fault(message: str, value: object) -> PydanticCustomError:
    return PydanticCustomError("rubric_value", "{message}", {"message": message, "value": repr(value)})


def parse_duration(value: Any) -> float:
    """Seconds of `90s`, `3m`, `1h30m`, or of a plain number of seconds."""
    try:
        seconds = duration.parse_duration(value)
    except ValueError:
        raise _fault("expected a duration such as 90s, 3m or 1h30m", value) from None
    if seconds > _MAX_DURATION:
        raise _fault("expected a duration of at most 24h", value)
    return seconds


def show_duration(seconds: float) -> str:
    """Seconds as a rubric writes them: `90s`, `3m`, `1h30m`."""
    whole, rest = divmod(seconds, 60)
    hours, minutes = divmod(int(whole), 60)
    parts = [f"{hours}h" if hours else "", f"{minutes}m" if minutes else "", f"{rest:g}s" if rest else ""]
    return "".join(parts) or "0s"


def _parse_points(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        raise _fault("expected a number of points", value)
    points = Decimal(str(value))
    if not 0 <= points <= _MAX_POINTS or points != points.quantize(Decimal("0.01")):
        raise _fault(f"expected points between 0 and {_MAX_POINTS} with at most two decimals", value)
    return points


class PassMark(Frozen):
    """From where on the rubric is passed: a share of the total, or points."""

    value: Decimal
    unit: Literal["percent", "points"]

    def __str__(self) -> str:
        """As the rubric writes it: `60%`, or `42`."""
        return f"{self.value:f}" + ("%" if self.unit == "percent" else "")


def parse_pass_mark(value: object) -> PassMark:
    """A share of the total such as `60%`, or points."""
    if isinstance(value, PassMark):
        return value
    if isinstance(value, str):
        match = _PERCENT.fullmatch(value)
        percent = Decimal(match.group(1)) if match else Decimal(0)
        if not 0 < percent <= 100:
            raise _fault("expected a pass mark such as 60% or a number of points", value)
        return PassMark(value=percent, unit="percent")
    points = _parse_points(value)
    if points == 0:
        raise _fault("expected a pass mark above 0", value)
    return PassMark(value=points, unit="points")


class LocalizedText(Frozen):
    """A text in both languages; a plain string in the file stands for both."""

    en: str = Field(min_length=1)
    ko: str = Field(min_length=1)

    def of(self, language: str) -> str:
        """The text in one language, English when it is neither."""
        return self.ko if language == "ko" else self.en


def _both_languages(value: object) -> object:
    if isinstance(value, str):
        return {"en": value, "ko": value}
    if not isinstance(value, (dict, LocalizedText)):
        raise _fault("expected a text, or one for each language: {en: ..., ko: ...}", value)
    return value


_STRING: dict[str, Any] = {"type": "string", "minLength": 1}
_TEXT_SCHEMA: dict[str, Any] = {
    "anyOf": [
        _STRING,
        {
            "type": "object",
            "properties": {
                "en": {"type": "string", "minLength": 1},
                "ko": {"type": "string", "minLength": 1},
            },
            "required": ["en", "ko"],
            "additionalProperties": False,
        },
    ]
}


class Matching:
    """Annotation of a text that must match a pattern; `expected` says so in words."""

    def __init__(self, pattern: str, expected: str) -> None:
        self._pattern = re.compile(pattern)
        self._expected = expected

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Check the text after its type."""
        return no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Let editors check the same."""
        return {**handler(schema), "pattern": f"^{self._pattern.pattern}$", "description": self._expected}

    def _check(self, value: str) -> str:
        if not self._pattern.fullmatch(value):
            raise _fault(f"expected {self._expected}", value)
        return value


def share_or_points(description: str) -> WithJsonSchema:
    """The JSON Schema of what is written as `60%` or as points."""
    share = {"type": "string", "pattern": r"^\d{1,3}(\.\d{1,2})?\s*%$"}
    points = {"type": "number", "exclusiveMinimum": 0}
    return WithJsonSchema({"anyOf": [share, points], "description": description})


Slug: TypeAlias = Annotated[
    str, Matching("[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", "lower case letters, digits and dashes")
]
"""An id: lower case letters, digits and dashes."""

Duration: TypeAlias = Annotated[
    float,
    BeforeValidator(parse_duration),
    PlainSerializer(show_duration),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": r"^([0-9.]+(ms|s|m|h))+$"},
                {"type": "number", "minimum": 0},
            ],
            "description": "A duration such as 90s, 3m or 1h30m, or seconds.",
        }
    ),
]
"""Seconds, written as `90s`, `3m`, `1h30m` or a number."""

Points: TypeAlias = Annotated[
    Decimal,
    BeforeValidator(_parse_points),
    PlainSerializer(lambda points: f"{points.normalize():f}"),
    WithJsonSchema({"type": "number", "minimum": 0, "multipleOf": 0.01}),
]
"""Points with at most two decimals."""

Mark: TypeAlias = Annotated[
    PassMark,
    BeforeValidator(parse_pass_mark),
    PlainSerializer(str),
    share_or_points("From where on the rubric is passed: a share such as 60%, or points."),
]
"""A pass mark, written as `60%` or as points."""

Text: TypeAlias = Annotated[LocalizedText, BeforeValidator(_both_languages), WithJsonSchema(_TEXT_SCHEMA)]
"""A text in both languages, or one string for both."""

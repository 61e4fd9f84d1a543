"""What a course does with grades afterwards: lateness, and which of several attempts counts.

The key `policy` of a rubric, or a file of its own. It changes marks, never a grade.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from pytest_k8sgrade.kube.duration import parse_duration
from pytest_k8sgrade.rubric.fields import Frozen, PassMark, parse_pass_mark, share_or_points

_MAX_SPAN = 366 * 86400.0
_DAY = 86400


def _parse_span(value: Any) -> float:
    """Seconds of `30m`, `36h`, `1d`, `1w`; a number alone says no unit and is refused."""
    text = value if isinstance(value, str) and not re.fullmatch(r"[\s\d.]*", value) else None
    try:
        seconds = parse_duration(text) if text is not None else -1.0
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= _MAX_SPAN:
        raise PydanticCustomError("rubric_value", "expected a time such as 15m, 24h or 7d, of at most 366d")
    return seconds


def _parse_loss(value: Any) -> PassMark:
    """Points, or a share of something: written as a pass mark is."""
    try:
        return parse_pass_mark(value)
    except PydanticCustomError:
        raise PydanticCustomError(
            "rubric_value", "expected a share such as 10%, or a number of points above 0"
        ) from None


def show_span(seconds: float) -> str:
    """Seconds as a policy writes them: `7d`, `1d12h`, `15m`."""
    days, rest = divmod(int(seconds), _DAY)
    hours, rest = divmod(rest, 3600)
    minutes, left = divmod(rest, 60)
    units = ((days, "d"), (hours, "h"), (minutes, "m"), (left, "s"))
    return "".join(f"{count}{unit}" for count, unit in units if count) or "0s"


Span: TypeAlias = Annotated[
    float,
    BeforeValidator(_parse_span),
    PlainSerializer(show_span),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^([0-9.]+(s|m|h|d|w))+$",
            "description": "A time such as 15m, 24h or 7d.",
        }
    ),
]
"""Seconds, written as `15m`, `24h`, `7d`."""


Loss: TypeAlias = Annotated[
    PassMark,
    BeforeValidator(_parse_loss),
    PlainSerializer(str),
    share_or_points("A share such as 10%, or points."),
]
"""What lateness costs, written as `10%` or as points."""


class Late(Frozen):
    """What lateness costs. Nothing within `grace`; after it, time counts from the deadline.

    `minus` is lost once for every `every` that has begun, or once at all without it; a share is
    `of` what was earned or of the total, a number is points. `at_most` bounds the loss likewise.
    A hand-in later than `closes` is not accepted.
    """

    minus: Loss | None = None
    of: Literal["earned", "total"] = "earned"
    every: Span | None = Field(default=None, gt=0)
    grace: Span = 0.0
    at_most: Loss | None = None
    closes: Span | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Late:
        if self.minus is None and self.closes is None:
            raise PydanticCustomError("rubric_value", "say what lateness costs (minus), or when it closes")
        if self.minus is None and (self.every is not None or self.at_most is not None):
            raise PydanticCustomError("rubric_value", "every and at_most need a minus")
        if self.closes is not None and self.closes < self.grace:
            raise PydanticCustomError("rubric_value", "closes must not come before the grace ends")
        return self


class Policy(Frozen):
    """How a mark comes out of graded attempts: by default the best counts and lateness costs nothing.

    `absent` is the mark of who handed in nothing: left empty, or 0.
    """

    attempts: Literal["best", "latest"] = "best"
    late: Late | None = None
    absent: Literal["empty", "zero"] = "empty"

"""Texts of a question in both languages, with the student's own numbers put in.

A rubric writes them as `{en: ..., ko: ...}`, or as one text for both. `${name}` is a drawn or
computed value; `{name}` is a variable of the rubric, which is in place before a check is called.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, TypeAlias

from typing_extensions import TypedDict  # that of typing is none for pydantic before Python 3.12

from pytest_k8sgrade.locale.messages import LANGUAGES

_VALUE: Final = re.compile(r"\$\{([a-z][a-z0-9_]*)\}")


class Both(TypedDict):
    """A text in both languages."""

    en: str
    ko: str


Text: TypeAlias = str | Both
"""A text for both languages, or one for each."""


def both(text: Text, values: Mapping[str, Text] | None = None) -> Both:
    """The text in each language, with values put in; raises `ValueError` for one that there is not."""
    filled = {language: _filled(_of(text, language), values or {}, language) for language in LANGUAGES}
    return {"en": filled["en"], "ko": filled["ko"]}


def _of(text: Text, language: str) -> str:
    if isinstance(text, str):
        return text
    return text["ko"] if language == "ko" else text["en"]


def _filled(text: str, values: Mapping[str, Text], language: str) -> str:
    def value(match: re.Match[str]) -> str:
        if match[1] not in values:
            known = ", ".join(sorted(values)) or "none"
            raise ValueError(f"the text {text[:60]!r} names ${{{match[1]}}}; there are {known}")
        return _of(values[match[1]], language)

    return _VALUE.sub(value, text)

"""Values from a cluster as a grade may hold them: JSON, and text that UTF-8 can write."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from pytest_k8sgrade.outcome import JsonValue


def clean(text: str) -> str:
    """A text that UTF-8 can hold: lone surrogates come from escapes in other people's JSON and YAML."""
    return text.encode("utf-8", "replace").decode("utf-8")


def json_safe(value: Any) -> JsonValue:
    """A value that JSON can hold: NaN and infinities as text, anything foreign as its text."""
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, Mapping):
        return {clean(str(key)): json_safe(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [json_safe(part) for part in value]
    if isinstance(value, (set, frozenset)):
        return sorted((json_safe(part) for part in value), key=repr)
    return clean(str(value))

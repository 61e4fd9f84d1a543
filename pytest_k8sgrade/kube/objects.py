"""Parts that most objects have, for objects that may leave them out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def spec_of(item: Mapping[str, Any]) -> Mapping[str, Any]:
    """The spec, empty where there is none."""
    return item.get("spec") or {}

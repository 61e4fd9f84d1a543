"""Parts that most objects have, for objects that may leave them out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

GO_TRUE: Final = frozenset({"1", "t", "T", "true", "TRUE", "True"})
"""What programs in Go read as true, on a command line and in annotations."""


def spec_of(item: Mapping[str, Any]) -> Mapping[str, Any]:
    """The spec, empty where there is none."""
    return item.get("spec") or {}

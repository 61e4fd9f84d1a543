"""Reads that only explain a fault which is already known.

A student is told the cause where it can be found. When such a read fails, the
fault stays what it is and only its explanation is missing: it must never turn a
known fault into an item that could not be graded.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from pytest_k8sgrade.outcome import Finding

T = TypeVar("T")


def if_readable(read: Callable[[], T]) -> T | None:
    """What the read gives, or None when it cannot be had."""
    try:
        return read()
    except Finding:
        return None

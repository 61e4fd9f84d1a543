"""Conditions of an object, found by their type and never by their position.

A condition that is missing is not a condition that is False: callers get None and
decide. Argo CD's conditions have no status; there it is the empty text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pytest_k8sgrade.kube.times import parse_time


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition; `since` is its last transition. Messages are never read."""

    type: str
    status: str
    reason: str
    since: datetime | None
    observed_generation: int | None

    @property
    def true(self) -> bool:
        """Whether the status is True; Unknown is not."""
        return self.status == "True"


def condition(item: Mapping[str, Any], kind: str) -> Condition | None:
    """The condition of that type in the object's status, None where there is none."""
    return conditions(item).get(kind)


def conditions(item: Mapping[str, Any]) -> dict[str, Condition]:
    """All conditions of the object by type; of a repeated type the last one."""
    status = item.get("status")
    found = status.get("conditions") if isinstance(status, Mapping) else None
    return {entry["type"]: _condition(entry) for entry in found or [] if isinstance(entry.get("type"), str)}


def _condition(entry: Mapping[str, Any]) -> Condition:
    return Condition(
        type=entry["type"],
        status=str(entry.get("status") or ""),
        reason=str(entry.get("reason") or ""),
        since=parse_time(entry.get("lastTransitionTime")),
        observed_generation=entry.get("observedGeneration"),
    )

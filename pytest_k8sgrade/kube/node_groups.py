"""The status that Cluster Autoscaler writes into a ConfigMap, in both of its forms.

From 1.30 on it is YAML, before it was text with one `Name: State (key=value ...)` per
line, indented below `Cluster-wide:` and `NodeGroups:`. Both become the same objects;
a text that is neither is an error, and a state that is missing is the empty text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pytest_k8sgrade.kube.times import parse_go_time, parse_time

_LINE = re.compile(r"\s*(?P<key>[A-Za-z]+):\s+(?P<state>\S+)(?:\s+\((?P<facts>.*)\))?\s*")
_FACT = re.compile(r"(?<![A-Za-z])(?P<key>[A-Za-z]+)=(?P<value>\d{1,9})(?!\d)")
_HEAD = re.compile(r"Cluster-autoscaler status at (?P<time>.+):\s*")
_KEYS = {"Health": "health", "ScaleUp": "scale_up", "ScaleDown": "scale_down"}


@dataclass(frozen=True, slots=True)
class Area:
    """A node group, or with an empty name the whole cluster; numbers that are not told are None."""

    name: str = ""
    health: str = ""
    scale_up: str = ""
    scale_down: str = ""
    target: int | None = None
    min_size: int | None = None
    max_size: int | None = None
    ready: int | None = None
    registered: int | None = None
    error_code: str = ""
    deleting: int = 0
    health_since: datetime | None = None
    scale_up_since: datetime | None = None
    scale_down_since: datetime | None = None

    @property
    def leaving(self) -> bool:
        """Whether nodes that are no longer wanted still exist: the target is lowered first."""
        return self.deleting > 0 or (
            self.target is not None and self.registered is not None and self.registered > self.target
        )

    @property
    def full(self) -> bool:
        """Whether no node can be added because of its size."""
        return self.target is not None and self.max_size is not None and self.target >= self.max_size


@dataclass(frozen=True, slots=True)
class AutoscalerStatus:
    """What the autoscaler says of itself."""

    state: str
    written: datetime | None
    cluster: Area
    groups: tuple[Area, ...]


def from_document(document: Any) -> AutoscalerStatus:
    """The YAML form, parsed; ValueError when it is something else."""
    if not isinstance(document, Mapping) or not isinstance(document.get("autoscalerStatus"), str):
        raise ValueError("not a status of Cluster Autoscaler")
    return AutoscalerStatus(
        state=document["autoscalerStatus"],
        written=moment(document.get("time")),
        cluster=_area(document.get("clusterWide") or {}),
        groups=tuple(_area(one) for one in document.get("nodeGroups") or []),
    )


def moment(value: Any) -> datetime | None:
    """A time as Go or RFC 3339 writes it, or as YAML has already read it."""
    if isinstance(value, datetime):
        return parse_time(value.isoformat())
    return parse_go_time(value) or parse_time(value) if isinstance(value, str) else None


def _area(item: Mapping[str, Any]) -> Area:
    health, up, down = (item.get(key) or {} for key in ("health", "scaleUp", "scaleDown"))
    registered = (health.get("nodeCounts") or {}).get("registered") or {}
    return Area(
        name=str(item.get("name", "")),
        health=str(health.get("status", "")),
        scale_up=str(up.get("status", "")),
        scale_down=str(down.get("status", "")),
        target=health.get("cloudProviderTarget"),
        min_size=health.get("minSize"),
        max_size=health.get("maxSize"),
        ready=registered.get("ready"),
        registered=registered.get("total"),
        error_code=str((up.get("backoffInfo") or {}).get("errorCode", "")),
        deleting=registered.get("beingDeleted") or 0,
        health_since=moment(health.get("lastTransitionTime")),
        scale_up_since=moment(up.get("lastTransitionTime")),
        scale_down_since=moment(down.get("lastTransitionTime")),
    )


def from_text(text: str) -> AutoscalerStatus:
    """The older form, parsed by its lines; ValueError when it is something else."""
    lines = text.splitlines()
    head = _HEAD.fullmatch(lines[0]) if lines else None
    if head is None:
        raise ValueError("not a status of Cluster Autoscaler")
    areas: list[dict[str, Any]] = []
    state, last = "", ""
    for line in lines[1:]:
        found = _LINE.fullmatch(line)
        key, _, rest = line.strip().partition(":")
        if key in ("Cluster-wide", "Name"):
            areas.append({"name": rest.strip()})
        elif found and key in _KEYS and areas:
            areas[-1] |= {_KEYS[key]: found["state"], **_facts(found["facts"] or "")}
            last = key
        elif key == "LastTransitionTime" and last and areas:
            areas[-1][f"{_KEYS[last]}_since"] = parse_go_time(rest)
        elif key == "Initializing":
            state = key
    known = [Area(**area) for area in areas]
    whole = next((area for area in known if not area.name), Area())
    return AutoscalerStatus(
        state="Running" if whole.health else state,
        written=parse_go_time(head["time"]),
        cluster=whole,
        groups=tuple(area for area in known if area.name),
    )


def _facts(text: str) -> dict[str, int]:
    names = {
        "cloudProviderTarget": "target",
        "minSize": "min_size",
        "maxSize": "max_size",
        "ready": "ready",
        "registered": "registered",
    }
    return {names[one["key"]]: int(one["value"]) for one in _FACT.finditer(text) if one["key"] in names}

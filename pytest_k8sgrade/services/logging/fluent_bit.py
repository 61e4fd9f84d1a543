"""Fluent Bit: what its counters say was read and delivered.

Counters are those of one pod behind the Service, since its last start.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pytest_k8sgrade.services.diagnosis import if_readable
from pytest_k8sgrade.services.web import Web

Object = Mapping[str, Any]
PORT = 2020


@dataclass(frozen=True, slots=True)
class Delivery:
    """Counters of one output, and the records that all inputs have read."""

    output: str
    read: int
    sent: int
    errors: int
    retries: int
    failed: int
    idle: bool = False
    """Nothing was to be sent: an input has read nothing, and another output of the kind delivers."""

    @property
    def plugin(self) -> str:
        """The plugin that it is of."""
        return self.output.partition(".")[0]


def deliveries(web: Web, *plugins: str) -> list[Delivery] | None:
    """The counters of the outputs of some plugins, or of all; None when they cannot be read."""
    page = web.get("/api/v1/metrics")
    inputs, found = page["input"], page["output"]
    if page.status != 200 or not isinstance(inputs, dict) or not isinstance(found, dict):
        return None
    read = sum(int(one.get("records") or 0) for one in inputs.values())
    listed = [_delivery(name, read, one) for name, one in sorted(found.items())]
    silent = any(not int(one.get("records") or 0) for one in inputs.values())
    delivering = {one.plugin for one in listed if one.sent}
    return [
        replace(one, idle=silent and one.plugin in delivering and not _tried(one))
        for one in listed
        if not plugins or one.plugin in plugins
    ]


def _tried(one: Delivery) -> bool:
    return one.sent + one.errors + one.retries + one.failed > 0


def _delivery(name: str, read: int, counters: Object) -> Delivery:
    def count(key: str) -> int:
        return int(counters.get(key) or 0)

    return Delivery(
        output=name,
        read=read,
        sent=count("proc_records"),
        errors=count("errors"),
        retries=count("retries"),
        failed=count("retries_failed"),
    )


def uptime_s(web: Web) -> int | None:
    """Seconds since the start of the pod that answers."""
    found = if_readable(lambda: web.get("/api/v1/uptime")["uptime_sec"])
    return int(found) if isinstance(found, (int, float)) else None

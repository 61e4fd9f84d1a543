"""Prometheus' targets, parsed, and why one of them is down.

The text of `lastError` differs between versions, so the cause of a target behind a
Service is asked again: what its address answers through the Service is a number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pytest_k8sgrade.outcome import Findings
from pytest_k8sgrade.services.diagnosis import if_readable
from pytest_k8sgrade.services.prometheus import Prometheus

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster

TIMEOUT_S = 5


@dataclass(frozen=True, slots=True)
class Target:
    """One active target; health is up, down, or unknown before the first scrape."""

    pool: str
    job: str
    url: str
    health: str
    labels: Mapping[str, str]


def active(answer: Prometheus | Mapping[str, Any]) -> list[Target]:
    """The active targets of an answer, or of Prometheus as a whole."""
    data = answer.targets() if isinstance(answer, Prometheus) else answer
    return [_target(item) for item in data.get("activeTargets") or []]


def _target(item: Mapping[str, Any]) -> Target:
    labels = item.get("labels") or {}
    return Target(
        pool=item.get("scrapePool", ""),
        job=labels.get("job", ""),
        url=item.get("scrapeUrl", ""),
        health=item.get("health", ""),
        labels=labels,
    )


def judge(found: Findings, targets: Sequence[Target], job: str, monitoring: str) -> None:
    """Record as one part whether a job has targets and all of them are up."""
    down = sorted(target.url for target in targets if target.health == "down")
    waiting = sorted(target.url for target in targets if target.health not in ("up", "down"))
    reason = "job-without-targets"
    if targets:
        reason = "job-targets-down" if down else "job-targets-not-scraped"
    found.require(
        bool(targets) and not down and not waiting,
        reason,
        part=f"job/{job}",
        seen={target.url: target.health for target in targets},
        wanted="up",
        job=job,
        monitoring=monitoring,
        targets=down or waiting,
        total=len(targets),
        bad=len(down) or len(waiting),
    )


def why_down(cluster: Cluster, target: Target) -> tuple[str, dict[str, Any]]:
    """The message for a target that is not up, and its parameters."""
    params: dict[str, Any] = {"url": target.url, "job": target.job}
    if target.health != "down":
        return "target-not-scraped", params
    status = if_readable(lambda: _status_of(cluster, target))
    if status is not None and status >= 400:
        return "target-answers", {**params, "status": status, "path": urlsplit(target.url).path}
    return "target-down", params


def _status_of(cluster: Cluster, target: Target) -> int | None:
    """What the target's path answers through its Service."""
    service, namespace = target.labels.get("service"), target.labels.get("namespace")
    endpoint = target.labels.get("endpoint")
    if not (service and namespace and endpoint):
        return None
    url = urlsplit(target.url)
    session = cluster.http(service, namespace, endpoint, scheme=url.scheme or "http")
    return int(session.get(session.base_url.rstrip("/") + url.path, timeout=TIMEOUT_S).status_code)

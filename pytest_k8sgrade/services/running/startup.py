"""Whether pods that do not answer yet are within the time that they were given to start.

The bound is the pod's own: its startup probe, or else its readiness probe, counted
from the container's last start. A container that has crashed again and again is not
starting.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from pytest_k8sgrade.kube.rollout import CRASHES_UNTIL_TERMINAL
from pytest_k8sgrade.kube.times import parse_time

Object = Mapping[str, Any]


def is_starting(pods: Iterable[Object], now: datetime) -> bool:
    """Whether a container of the pods that is not ready may still become so by its probes."""
    return any(_starts(pod, status, now) for pod in pods for status in _waiting(pod))


def _waiting(pod: Object) -> list[Object]:
    found = (pod.get("status") or {}).get("containerStatuses") or []
    return [one for one in found if not one.get("ready")]


def _starts(pod: Object, status: Object, now: datetime) -> bool:
    started = parse_time(((status.get("state") or {}).get("running") or {}).get("startedAt"))
    if started is None or status.get("restartCount", 0) >= CRASHES_UNTIL_TERMINAL:
        return False
    containers = (pod.get("spec") or {}).get("containers") or []
    own: Object = next((one for one in containers if one.get("name") == status.get("name")), {})
    return now < started + _allowed(own)


def _allowed(container: Object) -> timedelta:
    probe = container.get("startupProbe") or container.get("readinessProbe") or {}
    seconds = probe.get("initialDelaySeconds", 0) + probe.get("periodSeconds", 10) * probe.get(
        "failureThreshold", 3
    )
    return timedelta(seconds=seconds)

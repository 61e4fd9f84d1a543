"""Sync windows of a project: whether one of them keeps an Application from being synced right now.

Argo CD asks at each moment: an active deny window blocks; so do allow windows, when there are
some and none of them is active. Active is a window whose schedule came due less than its duration
ago, by the clock of its time zone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from pytest_k8sgrade.kube.cron import Schedule
from pytest_k8sgrade.kube.duration import parse_duration
from pytest_k8sgrade.outcome import cannot_tell, unmet
from pytest_k8sgrade.services.diagnosis import if_readable
from pytest_k8sgrade.services.gitops.argocd import API_VERSION

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster
    from pytest_k8sgrade.services.gitops.argocd import Application

Window = Mapping[str, Any]


def require_open(cluster: Cluster, app: Application, details: Mapping[str, Any]) -> None:
    """Unmet when windows block an automated sync now; CannotTell when that depends on one we cannot read."""
    windows = if_readable(lambda: _of(cluster, app)) or []
    if not windows:
        return
    states = [_active(window, cluster.now) for window in windows]
    blocked = _blocked(windows, states)
    if blocked is False:
        return
    told = {
        **details,
        "windows": [_told(window) for window in windows],
        "project": app.project,
        "project_namespace": app.controller,
    }
    if blocked is None:
        cannot_tell("argocd-sync-window-unclear", seen=app.sync, wanted="Synced", **told)
    unmet("argocd-sync-window", seen=app.sync, wanted="Synced", **told)


def _of(cluster: Cluster, app: Application) -> list[Window]:
    project = cluster.get(API_VERSION, "AppProject", app.project, app.controller)
    return [one for one in (project.get("spec") or {}).get("syncWindows") or [] if _is_about(one, app)]


def _is_about(window: Window, app: Application) -> bool:
    """Whether one of its lists names the Application; with `andOperator` each list that it has."""
    place = app.destination
    subjects = {
        "applications": [app.name],
        "clusters": [place[key] for key in ("server", "name") if place.get(key)],
        "namespaces": [place.get("namespace", "")],
    }
    fits = [
        any(fnmatchcase(value, pattern) for pattern in window[key] for value in values)
        for key, values in subjects.items()
        if window.get(key)
    ]
    return bool(fits) and (all(fits) if window.get("andOperator") else any(fits))


def _active(window: Window, now: datetime) -> bool | None:
    """Whether a window is active at a moment; None where its times cannot be told."""
    schedule = Schedule.parse(str(window.get("schedule", "")))
    try:
        span = timedelta(seconds=parse_duration(window.get("duration", "")))
        clock = now.astimezone(ZoneInfo(str(window.get("timeZone") or "UTC"))).replace(tzinfo=None)
        start = clock - span
    except (ValueError, OSError, LookupError, OverflowError):
        return None
    return None if schedule is None else schedule.comes_due(start, clock)


def _blocked(windows: Sequence[Window], states: Sequence[bool | None]) -> bool | None:
    kinds = [window.get("kind") for window in windows]
    denies = [state for kind, state in zip(kinds, states, strict=True) if kind == "deny"]
    allows = [state for kind, state in zip(kinds, states, strict=True) if kind == "allow"]
    if any(denies):
        return True
    if None in states:
        return None
    return bool(allows) and not any(allows)


def _told(window: Window) -> str:
    zone = f", {window['timeZone']}" if window.get("timeZone") else ""
    return f"{window.get('kind')} {window.get('schedule')} ({window.get('duration')}{zone})"

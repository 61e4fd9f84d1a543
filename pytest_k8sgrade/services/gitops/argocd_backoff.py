"""How long Argo CD waits before it heals the same revision once more.

Each heal of a revision waits longer than the one before it, counted from the end of that one, up
to a limit. How long is a setting of the controller, in a ConfigMap of its namespace.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from pytest_k8sgrade.kube.times import format_time, parse_time
from pytest_k8sgrade.outcome import too_early
from pytest_k8sgrade.services.diagnosis import if_readable
from pytest_k8sgrade.services.gitops.argocd import PARAMETERS, Application

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster

_KEY: Final = "controller.self.heal.backoff.{}"
_DEFAULTS: Final[Mapping[str, int]] = {"timeout.seconds": 2, "factor": 3, "cap.seconds": 300}
_HEALS: Final = timedelta(seconds=20)
"""The comparison and the sync that follow the wait."""


def require_over(cluster: Cluster, app: Application, details: Mapping[str, Any]) -> None:
    """TooEarly while an Application that differs waits for its next heal."""
    until = waits_until(cluster, app)
    if until is not None and cluster.now < until:
        told = {**details, "sync": app.sync, "heals": app.heals, "until": format_time(until)}
        too_early("argocd-heal-waits", seen=app.sync, wanted="Synced", **told)


def waits_until(cluster: Cluster, app: Application) -> datetime | None:
    """Until when the next heal is due; None where the last operation was no heal of this revision."""
    ended = parse_time(app.operation.get("finishedAt"))
    policy = app.automated.on and app.automated.self_heal
    if not policy or not app.heals or ended is None or app.phase != "Succeeded":
        return None
    if app.operated_revisions != app.revisions:
        return None
    return ended + timedelta(seconds=_delay(_settings(cluster, app.controller), app.heals)) + _HEALS


def _delay(settings: Mapping[str, int], heals: int) -> int:
    delay, most = settings["timeout.seconds"], settings["cap.seconds"]
    for _ in range(heals - 1):
        if not 0 < delay < most or settings["factor"] <= 1:
            break
        delay *= settings["factor"]
    return min(delay, most)


def _settings(cluster: Cluster, namespace: str) -> dict[str, int]:
    item = if_readable(lambda: cluster.find("v1", "ConfigMap", PARAMETERS, namespace)) or {}
    written = item.get("data") or {}
    return {name: _number(written.get(_KEY.format(name)), usual) for name, usual in _DEFAULTS.items()}


def _number(text: Any, usual: int) -> int:
    return int(text) if str(text).isdecimal() else usual

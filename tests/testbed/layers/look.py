"""Questions to the cluster, and waiting for an answer.

A probe returns None when the wanted state is there, otherwise a sentence on what was seen instead;
`until` asks it again until then and puts the last sentence into its error. Services are asked
through the API server's service proxy.
"""

from __future__ import annotations

import json
import threading
import time
import urllib.parse
from collections.abc import Callable
from contextvars import ContextVar
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.testbed.node import Bed

Probe = Callable[[], str | None]

PROMETHEUS = "/api/v1/namespaces/monitoring/services/prometheus-kube-prometheus-prometheus:http-web/proxy"
# Seconds: far more than is needed, because a machine may be busy with other things.
PATIENCE = 300.0
# Set when nobody waits for the answer any more; `run` gives each bring-up its own.
CANCELLED: ContextVar[threading.Event] = ContextVar("cancelled", default=threading.Event())  # noqa: B039 - never set
PATHS = {
    "deployment": "/apis/apps/v1/namespaces/{}/deployments/{}",
    "statefulset": "/apis/apps/v1/namespaces/{}/statefulsets/{}",
    "daemonset": "/apis/apps/v1/namespaces/{}/daemonsets/{}",
    "hpa": "/apis/autoscaling/v2/namespaces/{}/horizontalpodautoscalers/{}",
    "application": "/apis/argoproj.io/v1alpha1/namespaces/{}/applications/{}",
}


class Cancelled(Exception):
    """Waiting was given up because another layer failed or the caller was interrupted."""


def until(what: str, probe: Probe, timeout: float = PATIENCE, pause: float = 0.5) -> None:
    """Ask until the probe is satisfied; an API server that does not answer is only something seen."""
    deadline = time.monotonic() + timeout
    while (seen := asked(probe)) is not None:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {timeout:g} s; last seen: {seen}")
        if CANCELLED.get().wait(pause):
            raise Cancelled(what)


def asked(probe: Probe) -> str | None:
    """What a probe says, errors of the connection included."""
    try:
        return probe()
    except OSError as error:
        return f"{type(error).__name__}: {error}"


def get(bed: Bed, path: str) -> Any:
    """The JSON behind a path of the API server, or None if it cannot be had (yet)."""
    status, text = bed.api.raw("GET", path)
    if status != 200:
        return None
    try:
        return json.loads(text)
    except ValueError:
        return None


def read(bed: Bed, kind: str, namespace: str, name: str) -> dict[str, Any] | None:
    """An object of one of the kinds above."""
    found: dict[str, Any] | None = get(bed, PATHS[kind].format(namespace, name))
    return found


def ready(bed: Bed, kind: str, namespace: str, name: str) -> str | None:
    """Whether a workload's pods are all of the current generation and ready."""
    found = read(bed, kind, namespace, name)
    if found is None:
        return f"{kind} {namespace}/{name} is not there"
    status = found.get("status", {})
    if status.get("observedGeneration") != found["metadata"]["generation"]:
        return f"{kind} {name} has not been looked at by its controller"
    if kind == "daemonset":
        wanted, now, updated = (
            status.get(key, 0) for key in ("desiredNumberScheduled", "numberReady", "updatedNumberScheduled")
        )
        wanted = wanted or 1
    else:
        wanted = found["spec"].get("replicas", 1)
        now, updated = status.get("readyReplicas", 0), status.get("updatedReplicas", 0)
    if now != wanted or updated != wanted:
        return f"{kind} {name}: {now} of {wanted} ready, {updated} updated"
    return None


def all_ready(bed: Bed, namespace: str, workloads: dict[str, str], timeout: float = PATIENCE) -> None:
    """Wait for workloads given as name -> kind."""
    for name, kind in workloads.items():
        until(f"{kind} {namespace}/{name} ready", partial(ready, bed, kind, namespace, name), timeout)


def condition(found: dict[str, Any] | None, kind: str) -> dict[str, Any]:
    """A condition of an object; empty if it has none of that type."""
    conditions = (found or {}).get("status", {}).get("conditions") or []
    return next((entry for entry in conditions if entry["type"] == kind), {})


def query(bed: Bed, expression: str) -> list[dict[str, Any]] | None:
    """The instant vector of a PromQL expression; None while Prometheus does not answer."""
    answer = get(bed, f"{PROMETHEUS}/api/v1/query?{urllib.parse.urlencode({'query': expression})}")
    if answer is None:
        return None
    result: list[dict[str, Any]] = answer["data"]["result"]
    return result


def targets(bed: Bed) -> dict[str, list[str]]:
    """Health of the active targets by scrape pool."""
    answer = get(bed, f"{PROMETHEUS}/api/v1/targets?state=active") or {"data": {"activeTargets": []}}
    pools: dict[str, list[str]] = {}
    for target in answer["data"]["activeTargets"]:
        pools.setdefault(target["scrapePool"], []).append(target["health"])
    return pools


def pool_health(bed: Bed, monitor: str, wanted: str, count: int = 1) -> str | None:
    """Whether enough of a ServiceMonitor's (namespace/name) targets have the wanted health, and none another.

    Targets that were not scraped yet do not count: their pods are newer than the others.
    """
    prefix = f"serviceMonitor/{monitor}/"
    found = [
        health for pool, healths in targets(bed).items() if pool.startswith(prefix) for health in healths
    ]
    if found.count(wanted) < count or not set(found) <= {wanted, "unknown"}:
        return f"targets of {monitor}: {found or 'none'}, wanted {count} {wanted}"
    return None

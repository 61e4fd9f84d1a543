"""Prometheus' targets, parsed, and why one of them is down.

The text of `lastError` differs between versions, so the cause of a target behind a
Service is asked again: what its address answers through the Service is a number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pytest_k8sgrade.kube.rollout import pod_shortfall
from pytest_k8sgrade.outcome import Findings, Hopeless, TooEarly
from pytest_k8sgrade.services.diagnosis import if_readable
from pytest_k8sgrade.services.monitoring.jobs import why_without_targets
from pytest_k8sgrade.services.monitoring.prometheus import Prometheus
from pytest_k8sgrade.services.monitoring.sources import named

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
    interval: str = ""
    discovered: Mapping[str, str] = field(default_factory=dict)

    @property
    def source(self) -> str:
        """What made it: an object of the operator, else the job that is written by hand."""
        return named(self.pool) or f"job {self.job}"

    @property
    def pod(self) -> tuple[str, str] | None:
        """Namespace and name of the pod behind it, None for a target that is no pod."""
        labels, found = self.labels, self.discovered
        namespace = labels.get("namespace") or found.get("__meta_kubernetes_namespace")
        name = labels.get("pod") or found.get("__meta_kubernetes_pod_name")
        return (namespace, name) if namespace and name else None


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
        interval=item.get("scrapeInterval") or "",
        discovered=item.get("discoveredLabels") or {},
    )


def judge(
    cluster: Cluster,
    found: Findings,
    targets: Sequence[Target],
    job: str,
    monitoring: str,
    prometheus: str = "",
) -> None:
    """Record as one part whether a job has targets and all of them are up.

    One that was not scraped yet is early: its first scrape comes within one interval.
    """
    if not targets:
        why = why_without_targets(cluster, job, monitoring, prometheus)
        found.require(
            False,
            why.reason.id,
            part=f"job/{job}",
            seen={},
            wanted="up",
            terminal=isinstance(why, Hopeless),
            early=isinstance(why, TooEarly),
            **why.reason.params,
        )
        return
    down = [target for target in targets if target.health == "down"]
    waiting = [target for target in targets if target.health == "unknown"]
    other = [target for target in targets if target.health not in ("up", "down", "unknown")]
    bad = sorted(target.url for target in down or other or waiting)
    reason = "job-targets-down" if down or other else "job-targets-not-scraped"
    params: dict[str, Any] = {"job": job, "monitoring": monitoring}
    params |= {"targets": bad, "total": len(targets), "bad": len(bad), "interval": _interval(waiting)}
    pod = next((told for target in down if (told := _pod_trouble(cluster, target))), None)
    if pod is not None:
        reason, params = "job-target-pod", {**params, **pod}
    found.require(
        not bad,
        reason,
        part=f"job/{job}",
        seen={target.url: target.health for target in targets},
        wanted="up",
        early=bool(waiting) and not down and not other,
        **params,
    )


def _interval(targets: Sequence[Target]) -> str:
    return next((target.interval for target in targets if target.interval), "")


def _pod_trouble(cluster: Cluster, target: Target) -> dict[str, Any] | None:
    """Why the pod behind a target is not ready, as parameters; None when it is, or is unknown."""
    pod = if_readable(lambda: _pod(cluster, target))
    missing = pod_shortfall(pod) if pod is not None else None
    if missing is None:
        return None
    return {
        "pod": f"{missing.params['namespace']}/{missing.params['pod']}",
        "why": missing.seen,
        "container": missing.params.get("container", "-"),
    }


def _pod(cluster: Cluster, target: Target) -> Mapping[str, Any] | None:
    """The pod that a target names, else the one of its namespace that has its address."""
    if target.pod is not None:
        namespace, name = target.pod
        return cluster.get("v1", "Pod", name, namespace)
    kind, _, rest = target.pool.partition("/")
    own = rest.partition("/")[0] if kind in ("serviceMonitor", "podMonitor") else ""
    host, where = urlsplit(target.url).hostname, target.labels.get("namespace") or own
    pods = cluster.list("v1", "Pod", where) if host and where else []
    found = [pod for pod in pods if host in _addresses(pod)]
    return found[0] if len(found) == 1 else None


def _addresses(pod: Mapping[str, Any]) -> set[str]:
    status = pod.get("status") or {}
    return {one["ip"] for one in status.get("podIPs") or []} | {status.get("podIP", "")}


def in_service(cluster: Cluster, targets: Sequence[Target]) -> list[Target]:
    """The targets without those of pods that are not ready, whose fault lies elsewhere; all if all are."""
    chosen = [one for one in targets if one.health == "up" or _pod_trouble(cluster, one) is None]
    return chosen or list(targets)


def why_down(cluster: Cluster, target: Target) -> tuple[str, dict[str, Any]]:
    """The message for a target that is not up, and its parameters."""
    params: dict[str, Any] = {"url": target.url, "job": target.job, "interval": target.interval or "30s"}
    if target.health == "unknown":
        return "target-not-scraped", params
    url = urlsplit(target.url)
    scheme = url.scheme or "http"
    status = if_readable(lambda: _status_of(cluster, target, scheme))
    if status is not None and status >= 400:
        return "target-answers", {**params, "status": status, "path": url.path}
    pod = _pod_trouble(cluster, target)
    if pod is not None:
        return "target-pod", {**params, **pod}
    other = "http" if scheme == "https" else "https"
    if status is None and if_readable(lambda: _status_of(cluster, target, other)) == 200:
        return "target-other-scheme", {**params, "scheme": scheme, "other": other, "port": _endpoint(target)}
    return "target-down", params


def _endpoint(target: Target) -> str:
    return target.labels.get("endpoint", "")


def _status_of(cluster: Cluster, target: Target, scheme: str) -> int | None:
    """What the target's path answers through its Service."""
    service, namespace = target.labels.get("service"), target.labels.get("namespace")
    endpoint = _endpoint(target)
    if not (service and namespace and endpoint):
        return None
    session = cluster.http(service, namespace, endpoint, scheme=scheme)
    path = urlsplit(target.url).path
    return int(session.get(session.base_url.rstrip("/") + path, timeout=TIMEOUT_S).status_code)

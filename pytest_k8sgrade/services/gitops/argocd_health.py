"""Why an Application that is in sync is not healthy: the objects that it manages tell it.

Argo CD's own health of a resource is often not written down, so the objects are looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pytest_k8sgrade.outcome import Findings, unmet
from pytest_k8sgrade.services.diagnosis import if_readable
from pytest_k8sgrade.services.gitops.argocd import Application, label
from pytest_k8sgrade.services.running import workloads

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster


def explain(cluster: Cluster, app: Application, params: Mapping[str, Any]) -> None:
    """Say why an Application is not Healthy: a workload that does not run, an Ingress without address."""
    unwell = [one for one in app.resources if (one.get("health") or {}).get("status", "Healthy") != "Healthy"]
    details = {**params, "health": app.health, "sync": app.sync}
    missing = _workload_shortfalls(cluster, app)
    if missing:
        workloads.raise_shortfall(missing[0])
    waiting = _without_address(cluster, app) if app.health == "Progressing" and missing is not None else []
    if not waiting:
        named = [label(one) for one in unwell]
        unmet("argocd-not-healthy", seen=app.health, wanted="Healthy", resources=named, **details)
    found = Findings()
    found.require(True, "argocd-waits-for-address", part="workloads")
    found.require(
        False,
        "argocd-waits-for-address",
        part="healthy",
        seen=app.health,
        wanted="Healthy",
        resources=waiting,
        **details,
    )
    found.close()


def _workload_shortfalls(cluster: Cluster, app: Application) -> list[Any] | None:
    """What is missing of the managed workloads; None when they cannot be read."""
    found = []
    for one in app.resources:
        if one.get("group") != "apps" or one.get("kind") not in workloads.KINDS:
            continue
        kind, name, namespace = one["kind"], one["name"], one.get("namespace", "")
        workload = if_readable(lambda: workloads.get(cluster, kind, name, namespace))  # noqa: B023 - called at once
        if workload is None:
            return None
        missing = workloads.shortfall(cluster, workload)
        if missing is not None:
            found.append(missing)
    return found


def _without_address(cluster: Cluster, app: Application) -> list[str]:
    """Managed Ingresses that no controller has given an address."""
    ingresses = [one for one in app.resources if one.get("kind") == "Ingress"]
    found = []
    for one in ingresses:
        name, namespace = one["name"], one.get("namespace", "")
        item = if_readable(lambda: cluster.get("networking.k8s.io/v1", "Ingress", name, namespace))  # noqa: B023
        balancer = ((item or {}).get("status") or {}).get("loadBalancer") or {}
        if item is not None and not balancer.get("ingress"):
            found.append(label(one))
    return found

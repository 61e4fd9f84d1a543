"""Why an Application that is in sync is not healthy: the objects that it manages tell it.

Argo CD's own health of a resource is often not written down, so the objects are looked at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from pytest_k8sgrade.kube.rollout import Shortfall, pods_shortfall
from pytest_k8sgrade.outcome import Findings, unmet
from pytest_k8sgrade.services.diagnosis import if_readable
from pytest_k8sgrade.services.gitops import argocd_clusters
from pytest_k8sgrade.services.gitops.argocd import Application, label
from pytest_k8sgrade.services.running import pod_causes, workloads

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster


def explain(cluster: Cluster, app: Application, params: Mapping[str, Any]) -> None:
    """Say why an Application is not Healthy: a workload that does not run, an Ingress without address."""
    unwell = [one for one in app.resources if (one.get("health") or {}).get("status", "Healthy") != "Healthy"]
    details = {**params, "health": app.health, "sync": app.sync}
    missing = _workload_shortfalls(cluster, app)
    if missing:
        workloads.raise_shortfall(min(missing, key=lambda one: one.early))
    waiting = _without_address(cluster, app) if app.health == "Progressing" and missing is not None else []
    unbound = _unbound(cluster, app) if missing is not None else []
    if not waiting or unbound:
        named = [label(one) for one in unwell] or unbound
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


def require_advancing(cluster: Cluster, app: Application, *, early: bool) -> None:
    """Say what a running sync waits for, a hook or a workload: in vain, or longer than `early` allows."""
    hooks = app.running_hooks()
    missing = (
        _hook_shortfalls(cluster, app, hooks)
        if hooks
        else _workload_shortfalls(cluster, app, made=True) or []
    )
    held = [one for one in missing if one.terminal] or ([] if early else missing)
    if held:
        workloads.raise_shortfall(min(held, key=lambda one: one.early))


def _hook_shortfalls(
    cluster: Cluster, app: Application, hooks: Sequence[Mapping[str, Any]]
) -> list[Shortfall]:
    """What keeps the pods of hooks that are Jobs from running."""
    found: list[Shortfall] = []
    if argocd_clusters.elsewhere(cluster, app) is not None:
        return found
    for one in hooks:
        named, namespace = {"job-name": str(one.get("name"))}, one.get("namespace")
        if one.get("kind") != "Job" or not namespace:
            continue
        pods = if_readable(lambda: cluster.list("v1", "Pod", namespace, labels=named)) or []  # noqa: B023
        trouble = pods_shortfall(pods)
        if trouble is not None:
            found.append(pod_causes.explained(cluster, trouble, pods))
    return found


def _workload_shortfalls(cluster: Cluster, app: Application, *, made: bool = False) -> list[Shortfall] | None:
    """What is missing of the managed workloads, or of those that are `made`; None when one cannot be read."""
    if argocd_clusters.elsewhere(cluster, app) is not None:
        return None
    found = []
    for one in app.resources:
        if one.get("group") != "apps" or one.get("kind") not in workloads.KINDS:
            continue
        kind = cast("workloads.WorkloadKind", one["kind"])
        name, namespace = one["name"], one.get("namespace", "")
        read = if_readable(lambda: [cluster.find("apps/v1", kind, name, namespace)])  # noqa: B023 - called at once
        if made and read == [None]:
            continue
        if not read or read[0] is None:
            return None
        missing = workloads.shortfall(cluster, read[0])
        if missing is not None:
            found.append(missing)
    return found


def _without_address(cluster: Cluster, app: Application) -> list[str]:
    """Managed Ingresses and Services for a load balancer that nobody has given an address."""
    found = []
    for one in app.resources:
        item = _exposed(cluster, one)
        balancer = ((item or {}).get("status") or {}).get("loadBalancer") or {}
        if item is not None and not balancer.get("ingress"):
            found.append(label(one))
    return found


def _exposed(cluster: Cluster, resource: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The object, if it is one that gets an address from outside of the cluster's own controllers."""
    name, namespace = resource["name"], resource.get("namespace", "")
    match resource.get("group") or "", resource.get("kind"):
        case _, "Ingress":
            return if_readable(lambda: cluster.get("networking.k8s.io/v1", "Ingress", name, namespace))
        case "", "Service":
            service = if_readable(lambda: cluster.get("v1", "Service", name, namespace))
            balanced = service is not None and service["spec"].get("type") == "LoadBalancer"
            return service if balanced else None
    return None


def _unbound(cluster: Cluster, app: Application) -> list[str]:
    """Managed claims without a volume; one that waits for a pod is Progressing for Argo CD."""
    found = []
    for one in app.resources:
        if (one.get("group") or "", one.get("kind")) != ("", "PersistentVolumeClaim"):
            continue
        name, namespace = one["name"], one.get("namespace", "")
        claim = if_readable(lambda: cluster.get("v1", "PersistentVolumeClaim", name, namespace))  # noqa: B023
        if claim is not None and (claim.get("status") or {}).get("phase") != "Bound":
            found.append(label(one))
    return found

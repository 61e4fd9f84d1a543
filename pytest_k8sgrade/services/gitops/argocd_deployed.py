"""The workloads that an Application manages, each looked at for itself."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, cast

from pytest_k8sgrade.outcome import Findings
from pytest_k8sgrade.services.gitops.argocd import Application, identity, label
from pytest_k8sgrade.services.gitops.argocd_children import tracked_by
from pytest_k8sgrade.services.running import workloads

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster

Object = Mapping[str, Any]


def manages(app: Application, wanted: Object) -> bool:
    """Whether an Application lists an object among those that it manages."""
    return identity(wanted) in [identity(one) for one in app.resources]


def workloads_of(app: Application, namespaces: Collection[str]) -> list[Object]:
    """The workloads among what an Application manages, those of some namespaces where any are named."""
    return [
        one
        for one in app.resources
        if one.get("group") == "apps"
        and one.get("kind") in workloads.KINDS
        and (not namespaces or one.get("namespace", "") in namespaces)
    ]


def require_own(cluster: Cluster, found: Findings, app: Application, resource: Object) -> int:
    """Record whether a workload is the Application's own and rolled out; how many of its pods are ready."""
    kind = cast("workloads.WorkloadKind", resource["kind"])
    name, namespace = resource["name"], resource.get("namespace", "")
    workload = cluster.find("apps/v1", kind, name, namespace)
    details: dict[str, Any] = {"namespace": app.namespace, "name": app.name, "resource": label(resource)}
    if workload is None:
        found.require(False, "argocd-workload-absent", part=label(resource), wanted=name, **details)
        return 0
    owner = tracked_by(cluster, workload, app.controller)
    if owner not in (app.name, f"{app.namespace}_{app.name}"):
        found.require(
            False,
            "argocd-workload-of-other",
            part=label(resource),
            seen=owner,
            wanted=app.name,
            owner=owner or "-",
            **details,
        )
        return 0
    workloads.require(found, workloads.shortfall(cluster, workload), label(resource))
    status = workload.get("status") or {}
    return int(status.get("numberReady" if kind == "DaemonSet" else "readyReplicas", 0))

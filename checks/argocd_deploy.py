"""What an Argo CD Application has brought into the cluster: pods that run, and a way back.

An Application without workloads, or with workloads of 0 replicas, is Healthy; and a pod that runs
in the right namespace may be anybody's. So a workload counts by the Application that manages it,
and is looked at for itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NoReturn

from pytest_k8sgrade.cluster import Cluster
from pytest_k8sgrade.outcome import Findings, absent, unmet
from pytest_k8sgrade.services.diagnosis import if_readable
from pytest_k8sgrade.services.gitops import argocd, argocd_clusters, argocd_deployed, argocd_rollback
from pytest_k8sgrade.services.gitops.argocd import API_VERSION, Application
from pytest_k8sgrade.services.gitops.syncing import require_alone, require_compared, require_synced
from pytest_k8sgrade.services.running import workloads


def test_runs(
    cluster: Cluster,
    name: str,
    namespace: str,
    *,
    at_least: int = 1,
    target_namespaces: list[str] | None = None,
) -> None:
    """Pods that the Application {name} has deployed are ready."""
    app = argocd.application(cluster.get(API_VERSION, "Application", name, namespace))
    argocd_clusters.require_local(cluster, app)
    managed = argocd_deployed.workloads_of(app, target_namespaces or [])
    params: dict[str, Any] = {"namespace": namespace, "name": name, "places": target_namespaces or ["*"]}
    if not managed:
        kinds = sorted({argocd.label(one) for one in app.resources})
        unmet("argocd-no-workload", seen=kinds, wanted=list(workloads.KINDS), resources=kinds, **params)
    found = Findings()
    ready = sum(argocd_deployed.require_own(cluster, found, app, one) for one in managed)
    found.require(
        ready >= at_least,
        "argocd-too-few-pods",
        part="ready",
        seen=ready,
        wanted=at_least,
        ready=ready,
        least=at_least,
        workloads=[argocd.label(one) for one in managed],
        **params,
    )
    found.close()


def test_managed(
    cluster: Cluster,
    workload: str,
    target_namespace: str,
    namespace: str,
    *,
    kind: Literal["Deployment", "StatefulSet", "DaemonSet"] = "Deployment",
    application: str = "",
) -> None:
    """An Application of any name manages the {kind} {workload}.

    `application` names the one that is looked at where none manages it, to say why; by default the
    one that is called like the workload.
    """
    _manager(cluster, namespace, _wanted(kind, target_namespace, workload), application)


def test_delivered(
    cluster: Cluster,
    workload: str,
    target_namespace: str,
    namespace: str,
    *,
    kind: Literal["Deployment", "StatefulSet", "DaemonSet"] = "Deployment",
    application: str = "",
) -> None:
    """The Application that manages the {kind} {workload} is synced and healthy, and no other does."""
    app = _manager(cluster, namespace, _wanted(kind, target_namespace, workload), application)
    if app.error is None:
        require_alone(cluster, app)
    require_synced(cluster, app)


def _wanted(kind: str, namespace: str, name: str) -> dict[str, str]:
    return {"group": "apps", "kind": kind, "namespace": namespace, "name": name}


def _manager(cluster: Cluster, namespace: str, wanted: Mapping[str, str], hinted: str) -> Application:
    """The Application that manages an object; where there is none, the cause is raised."""
    apps, named = argocd_clusters.applications(cluster, namespace), hinted or wanted["name"]
    own = [app for app in apps if argocd_deployed.manages(app, wanted)]
    if not own:
        _explain_unmanaged(cluster, namespace, wanted, {app.name: app for app in apps}, named)
    return min(own, key=lambda app: (app.name != named, app.name))


def _explain_unmanaged(
    cluster: Cluster,
    namespace: str,
    wanted: Mapping[str, str],
    apps: Mapping[str, Application],
    named: str,
) -> NoReturn:
    if named in apps:
        require_compared(cluster, apps[named])
    kind, place, workload = wanted["kind"], wanted["namespace"], wanted["name"]
    details: dict[str, Any] = {
        "kind": kind,
        "target_namespace": place,
        "workload": workload,
        "namespace": namespace,
        "applications": sorted(apps),
    }
    if if_readable(lambda: cluster.find("apps/v1", kind, workload, place)) is not None:
        unmet("argocd-unmanaged", seen=sorted(apps), wanted="Application", **details)
    absent("argocd-managed-absent", seen=sorted(apps), wanted="Application", **details)


def test_rolled_back(cluster: Cluster, name: str, namespace: str) -> None:
    """The Application {name} has gone back to an earlier state, and Git or Argo CD made it."""
    app = argocd.application(cluster.get(API_VERSION, "Application", name, namespace))
    argocd_clusters.require_local(cluster, app)
    argocd_rollback.require_rollback(cluster, app)

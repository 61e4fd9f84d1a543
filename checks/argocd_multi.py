"""Argo CD over several Applications and clusters: App of Apps, ApplicationSets, registered clusters.

The local cluster counts without a Secret. A registration is not a connection: whether
Argo CD reaches a cluster is told by its own API where that may be read, else by an
Application that it could compare there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_k8sgrade.cluster import Cluster
from pytest_k8sgrade.kube.times import parse_time
from pytest_k8sgrade.outcome import Findings, Unmet, absent, too_early, unmet
from pytest_k8sgrade.services.diagnosis import if_readable, require_lasting
from pytest_k8sgrade.services.gitops import argocd, argocd_children, argocd_clusters
from pytest_k8sgrade.services.gitops.argocd import API_VERSION, Application
from pytest_k8sgrade.services.gitops.argocd_clusters import Destination
from pytest_k8sgrade.services.gitops.syncing import UNWATCHED, require_synced


def test_app_of_apps(
    cluster: Cluster, name: str, namespace: str, *, children: list[str] | None = None, at_least: int = 1
) -> None:
    """The Application {name} manages other Applications, and each of them is synced and healthy."""
    root = argocd.application(cluster.get(API_VERSION, "Application", name, namespace))
    require_synced(cluster, root)
    argocd_children.require_children(cluster, root, children or [], at_least)


def test_applicationset(
    cluster: Cluster, name: str, namespace: str, *, children: list[str] | None = None, at_least: int = 1
) -> None:
    """The ApplicationSet {name} has made its Applications without error, and each of them works."""
    item = cluster.get(API_VERSION, "ApplicationSet", name, namespace)
    params = {"namespace": namespace, "name": name}
    require_lasting(item)
    if not (item.get("status") or {}).get("conditions"):
        created = parse_time(item["metadata"].get("creationTimestamp"))
        say = too_early if created is not None and cluster.now - created < UNWATCHED else unmet
        say("argocd-set-not-evaluated", seen=None, wanted="ResourcesUpToDate", **params)
    found, made = Findings(), argocd_children.generated(cluster, name, namespace)
    argocd_children.require_generating(found, item)
    argocd_children.require_each(cluster, found, made, children or [], at_least, params)
    found.close()


def test_cluster(
    cluster: Cluster,
    namespace: str,
    *,
    name: str = "",
    server: str = "",
    connected: bool = True,
    secret: bool = False,
) -> None:
    """A cluster is registered with Argo CD under its name or address, and Argo CD reaches it.

    `secret` asks for a registration of the local cluster too, which works without one.
    """
    known = [one for one in argocd_clusters.registered(cluster, namespace) if one.secret or not secret]
    one = argocd_clusters.chosen(known, name, server or ("" if name else argocd_clusters.LOCAL_SERVER))
    names = [f"{each.name} {each.server}" for each in known]
    if one is None:
        wanted = name or server
        absent(
            "argocd-cluster-absent",
            seen=names,
            wanted=wanted,
            asked=wanted,
            clusters=names,
            namespace=namespace,
        )
    params = {"namespace": namespace, "name": one.name, "server": one.server}
    if one.loopback:
        unmet("argocd-cluster-loopback", seen=one.server, wanted="<address that pods reach>", **params)
    if connected or not one.secret:
        _require_connected(cluster, known, one, params)


def _require_connected(
    cluster: Cluster, known: list[Destination], one: Destination, params: Mapping[str, Any]
) -> None:
    namespace = params["namespace"]
    state = argocd_clusters.connection_state(cluster, namespace, one)
    if state == "Successful":
        return
    listed = _applications(cluster, namespace, needed=not one.secret or state is None)
    own = [app for app in listed if argocd_clusters.destination_of(known, app) == one]
    details = {**params, "applications": sorted(app.name for app in own), "state": state or "-"}
    if state == "Failed":
        unmet("argocd-cluster-unreachable", seen=state, wanted="Successful", **details)
    if any(argocd_clusters.reached(app) for app in own):
        return
    if own:
        unmet("argocd-cluster-unreachable", seen=state, wanted="Successful", **details)
    found = Findings()
    found.require(bool(one.secret), "argocd-cluster-unused", part="registered", **details)
    found.require(
        False, "argocd-cluster-unused", part="connected", seen=state, wanted="Successful", **details
    )
    found.close()


def _applications(cluster: Cluster, namespace: str, *, needed: bool) -> list[Application]:
    """The Applications; needed where nothing else shows a connection, or that Argo CD is there at all."""
    if needed:
        return argocd_clusters.applications(cluster, namespace)
    return if_readable(lambda: argocd_clusters.applications(cluster, namespace)) or []


def test_clusters(cluster: Cluster, namespace: str, at_least: int = 2) -> None:
    """Argo CD deploys to several clusters; the local one is one of them."""
    known = argocd_clusters.registered(cluster, namespace)
    apps = argocd_clusters.applications(cluster, namespace)
    used = {
        place.server: place.name
        for app in apps
        if argocd_clusters.reached(app) and (place := argocd_clusters.destination_of(known, app)) is not None
    }
    names = [f"{one.name} {one.server}" for one in known]
    if len(used) < at_least:
        params = {"clusters": names, "used": sorted(used.values()), "least": at_least, "namespace": namespace}
        unmet("argocd-too-few-clusters", seen=sorted(used), wanted=at_least, **params)


def test_everywhere(cluster: Cluster, name: str) -> None:
    """Every Application named {name}, in whichever namespace, is synced and healthy."""
    items = cluster.list(API_VERSION, "Application")
    own = [argocd.application(item) for item in items if item["metadata"]["name"] == name]
    if not own:
        absent("object-absent", kind="Application", name=name, namespace="*")
    if len(own) == 1:
        require_synced(cluster, own[0])
        return
    found, places = Findings(), sorted(app.namespace for app in own)
    for app in sorted(own, key=lambda one: one.namespace):
        why = _lacking(cluster, app)
        found.require(
            why is None,
            "argocd-same-name",
            part=f"{app.namespace}/{app.name}",
            seen=f"{app.sync}, {app.health}",
            wanted="Synced, Healthy",
            namespace=app.namespace,
            name=app.name,
            namespaces=places,
            sync=app.sync or "-",
            health=app.health or "-",
            early=why is not None and why.status == "early",
        )
    found.close()


def _lacking(cluster: Cluster, app: Application) -> Unmet | None:
    try:
        require_synced(cluster, app)
    except Unmet as why:
        return why
    return None

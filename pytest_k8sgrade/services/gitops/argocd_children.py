"""Applications that others make: the children of an App of Apps and of an ApplicationSet.

A parent does not take over the health of its children, and a parent without children is
Synced and Healthy as well. So each child is looked at for itself, and none is no pass.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pytest_k8sgrade.kube.conditions import conditions
from pytest_k8sgrade.outcome import CannotTell, Findings, Unmet, unmet
from pytest_k8sgrade.services.diagnosis import if_readable
from pytest_k8sgrade.services.gitops.argocd import API_VERSION, Application, application
from pytest_k8sgrade.services.gitops.argocd_clusters import LOCAL_SERVER, elsewhere
from pytest_k8sgrade.services.gitops.syncing import require_synced

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster

Object = Mapping[str, Any]

TRACKING, INSTANCE = "argocd.argoproj.io/tracking-id", "app.kubernetes.io/instance"
GROUP, SETTINGS = "argoproj.io", "argocd-cm"


def require_children(cluster: Cluster, root: Application, asked: list[str], at_least: int) -> None:
    """Unmet unless the root manages the children that were asked for, and each of them works.

    A child that cannot be read hides no other that is known not to work.
    """
    entries = [one for one in root.resources if (one.get("group"), one.get("kind")) == (GROUP, "Application")]
    names = sorted(one["name"] for one in entries)
    params = {"namespace": root.namespace, "name": root.name, "children": names}
    place = elsewhere(cluster, root) if entries else None
    if place is not None:
        details = {**params, "server": place.server, "wanted_server": LOCAL_SERVER}
        unmet("argocd-children-elsewhere", seen=place.server, wanted=LOCAL_SERVER, **details)
    missing = sorted(set(asked) - set(names))
    if not entries or len(entries) < at_least or missing:
        wanted = asked or at_least
        reason = "argocd-children-missing" if entries else "argocd-no-children"
        unmet(reason, seen=names, wanted=wanted, missing=missing or f">= {at_least}", **params)
    doubts: list[CannotTell] = []
    for entry in sorted(entries, key=lambda one: str(one["name"])):
        try:
            _require_child(cluster, root, entry, params)
        except CannotTell as doubt:
            doubts.append(doubt)
    if doubts:
        raise doubts[0]


def _require_child(cluster: Cluster, root: Application, entry: Object, params: Mapping[str, Any]) -> None:
    namespace = entry.get("namespace") or root.namespace
    item = cluster.find(API_VERSION, "Application", entry["name"], namespace)
    details = {**params, "child": f"{namespace}/{entry['name']}"}
    if item is None:
        unmet("argocd-child-absent", seen=None, wanted=entry["name"], **details)
    owner = tracked_by(cluster, item, root.controller)
    if owner is not None and owner not in (root.name, f"{root.namespace}_{root.name}"):
        unmet("argocd-child-of-other", seen=owner, wanted=root.name, owner=owner, **details)
    child = application(item)
    try:
        require_synced(cluster, child)
    except Unmet as why:
        if why.reason.id != "argocd-not-healthy":
            raise type(why)(why.reason, seen=why.seen, wanted=why.wanted) from None
        unmet("argocd-child-unhealthy", seen=child.health, wanted="Healthy", health=child.health, **details)


def tracked_by(cluster: Cluster, item: Object, namespace: str) -> str | None:
    """The Application that manages an object, by the annotation or else by the older label.

    Which label that is may be set for an Argo CD, in a ConfigMap of its namespace.
    """
    metadata = item["metadata"]
    tracking = (metadata.get("annotations") or {}).get(TRACKING)
    if tracking:
        return str(tracking).partition(":")[0]
    settings = if_readable(lambda: cluster.find("v1", "ConfigMap", SETTINGS, namespace)) or {}
    key = (settings.get("data") or {}).get("application.instanceLabelKey") or INSTANCE
    instance = (metadata.get("labels") or {}).get(key)
    return str(instance) if instance else None


def generated(cluster: Cluster, name: str, namespace: str) -> list[Application]:
    """The Applications that an ApplicationSet has made, by their owner reference."""
    return [
        application(item)
        for item in cluster.list(API_VERSION, "Application", namespace)
        if any(
            owner.get("kind") == "ApplicationSet" and owner.get("name") == name
            for owner in item["metadata"].get("ownerReferences") or []
        )
    ]


def require_generating(found: Findings, item: Object) -> None:
    """Record as one part whether an ApplicationSet says that it could make all its Applications."""
    said = conditions(item)
    error, invalid = said.get("ErrorOccurred"), said.get("InvalidRolloutConfig")
    bad = next((one for one in (error, invalid) if one is not None and one.true), None)
    lacking = next(
        (
            kind
            for kind in ("ParametersGenerated", "ResourcesUpToDate")
            if kind not in said or not said[kind].true
        ),
        None,
    )
    rolling = said.get("RolloutProgressing")
    reason = "argocd-set-error" if bad is not None else "argocd-set-not-up-to-date"
    found.require(
        bad is None and lacking is None,
        reason,
        part="generated",
        seen=bad.reason if bad is not None else lacking,
        wanted="ResourcesUpToDate",
        condition=bad.type if bad is not None else lacking,
        why=bad.reason if bad is not None else "-",
        rolling=rolling is not None and rolling.true,
        namespace=item["metadata"].get("namespace", ""),
        name=item["metadata"]["name"],
    )


def require_each(
    cluster: Cluster,
    found: Findings,
    children: list[Application],
    asked: list[str],
    at_least: int,
    params: Mapping[str, Any],
) -> None:
    """Record whether there are the children that were asked for, and for each whether it works."""
    names = sorted(child.name for child in children)
    missing = sorted(set(asked) - set(names))
    found.require(
        bool(children) and len(children) >= at_least and not missing,
        "argocd-children-missing" if children else "argocd-no-children",
        part="children",
        seen=names,
        wanted=asked or at_least,
        children=names,
        missing=missing or f">= {at_least}",
        **params,
    )
    for child in sorted(children, key=lambda one: one.name):
        why = _why_not(cluster, child)
        found.require(
            why is None,
            why.reason.id if why is not None else "argocd-out-of-sync",
            part=f"child/{child.name}",
            weight=1 / len(children),
            seen=why.seen if why is not None else None,
            wanted=why.wanted if why is not None else None,
            early=why is not None and why.status == "early",
            **(why.reason.params if why is not None else {}),
        )


def _why_not(cluster: Cluster, child: Application) -> Unmet | None:
    try:
        require_synced(cluster, child)
    except Unmet as why:
        return why
    return None

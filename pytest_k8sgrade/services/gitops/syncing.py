"""Whether an Application is in sync and healthy, and the cause when it is not.

Sync, health and the last operation are three things; each can be good while
another is bad. Conditions come first: where the source cannot be compared, sync
and health say nothing, and an old history says nothing about now. Two harmless
differences are told apart from drift: objects that wait for pruning, and replicas
that an autoscaler manages.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pytest_k8sgrade.kube.duration import format_duration
from pytest_k8sgrade.kube.times import parse_time
from pytest_k8sgrade.outcome import Findings, hopeless, too_early, unmet
from pytest_k8sgrade.services.diagnosis import if_readable
from pytest_k8sgrade.services.gitops import (
    argocd_backoff,
    argocd_causes,
    argocd_clusters,
    argocd_current,
    argocd_health,
    argocd_windows,
)
from pytest_k8sgrade.services.gitops.argocd import API_VERSION, Application, identity, label
from pytest_k8sgrade.services.running import workloads

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster

SETTLED = timedelta(seconds=60)
"""An error of this age was met again by the controller's retries."""
UNWATCHED = timedelta(minutes=3)
STALE = timedelta(minutes=15)
"""Several times the interval in which the controller compares every Application anew."""
SYNC_TAKES = timedelta(minutes=10)
"""As long as a rollout may take by default; a sync that waits for a hook has no limit of its own."""
_CONTROLLER, _REPO_SERVER = "argocd-application-controller", "argocd-repo-server"


def require_synced(cluster: Cluster, app: Application) -> None:
    """Unmet, or hopeless, unless the Application is Synced, Healthy and manages something."""
    params = {"namespace": app.namespace, "name": app.name}
    argocd_current.require_lasting(app, params)
    _require_status(cluster, app, params)
    _require_comparable(cluster, app, params)
    argocd_current.require_hydrated(app, params)
    require_operation(cluster, app)
    if app.sync != "Synced":
        _explain_out_of_sync(cluster, app, params)
    if app.health != "Healthy":
        argocd_health.explain(cluster, app, params)
    _require_resources(app, params)


def require_compared(cluster: Cluster, app: Application) -> None:
    """Unmet, or hopeless, unless Argo CD reads the source, compares it, and finds manifests in it.

    Whether they could be applied is another question.
    """
    params = {"namespace": app.namespace, "name": app.name}
    argocd_current.require_lasting(app, params)
    _require_status(cluster, app, params)
    if app.error != "SyncError":
        _require_comparable(cluster, app, params)
    _require_resources(app, params)


def require_alone(cluster: Cluster, app: Application) -> None:
    """Unmet when another Application manages some of the same objects, whichever of them is winning now."""
    others = argocd_clusters.sharing(cluster, app)
    if others:
        common = sorted({one for each in others.values() for one in each})
        params = {"namespace": app.namespace, "name": app.name, "resources": common, "others": sorted(others)}
        unmet("argocd-not-alone", seen=sorted(others), wanted=[], **params)


def _require_resources(app: Application, params: Mapping[str, Any]) -> None:
    if not app.resources:
        paths = [source.path or source.chart for source in app.sources]
        unmet("argocd-no-resources", seen=0, wanted=1, paths=paths, **params)


def _require_status(cluster: Cluster, app: Application, params: Mapping[str, Any]) -> None:
    created, reconciled = parse_time(app.created), parse_time(app.reconciled_at)
    if not app.has_status:
        old = created is not None and cluster.now - created > UNWATCHED
        new = created is not None and not old
        say = too_early if new else unmet
        say(
            "argocd-application-new" if new else "argocd-application-ignored",
            seen=None,
            wanted="status",
            age=format_duration(cluster.now - created) if created is not None else "-",
            **params,
        )
    if reconciled is None or _controller_runs(cluster, app, cluster.now - reconciled):
        return
    details = {**params, "at": app.reconciled_at, "controller_namespace": app.controller}
    unmet("argocd-status-stale", seen=app.reconciled_at, wanted=_CONTROLLER, **details)


def _controller_runs(cluster: Cluster, app: Application, age: timedelta) -> bool:
    """Whether the status counts: one that restarts keeps it a while, one that is switched off does not."""
    missing = argocd_causes.component_down(cluster, _CONTROLLER, app.controller)
    return missing is None or (age <= STALE and missing.reason != "workload-scaled-to-zero")


def _require_comparable(cluster: Cluster, app: Application, params: Mapping[str, Any]) -> None:
    error = app.error
    if error is None or (error == "SyncError" and app.sync == "Synced"):
        return
    since = parse_time(app.error_since)
    settled = since is None or cluster.now - since > SETTLED
    say = hopeless if settled else unmet
    source = app.sources[0] if app.sources else None
    details = {
        **params,
        "repository": (source.repository if source else "") or "-",
        "revision": (source.revision if source else "") or "-",
        "path": (source.path or source.chart if source else "") or "-",
        "project": app.project,
        "project_namespace": app.controller,
        "server": app.destination.get("server") or app.destination.get("name", ""),
        "failed": app.failed_resources(),
        "target_namespace": app.destination.get("namespace", ""),
        "why": error,
    }
    if error == "InvalidSpecError":
        reason, more = _why_invalid(cluster, app)
        say(reason, seen=error, wanted=None, **details, **more)
    if error == "ComparisonError":
        missing = argocd_causes.component_down(cluster, _REPO_SERVER, app.controller)
        if missing is not None:
            workloads.raise_shortfall(missing)
    if error == "SyncError":
        argocd_current.require_something_left(app, params)
        require_operation(cluster, app)
        say(why_sync_failed(cluster, app), seen=error, wanted=None, **details)
    reasons = {"ComparisonError": "argocd-source-unreadable"}
    say(reasons.get(error, "argocd-application-error"), seen=error, wanted=None, **details)


def _why_invalid(cluster: Cluster, app: Application) -> tuple[str, dict[str, Any]]:
    """The reason, and for a project that forbids, the field and what it leaves out."""
    known = if_readable(lambda: argocd_clusters.registered(cluster, app.controller)) or []
    place = argocd_clusters.destination_of(known, app)
    if known and app.destination and place is None:
        return "argocd-destination-unknown", {"clusters": [f"{one.name} {one.server}" for one in known]}
    project = if_readable(lambda: [cluster.find(API_VERSION, "AppProject", app.project, app.controller)])
    if project == [None]:
        return "argocd-project-absent", {}
    both = {"name": place.name, "server": place.server} if place is not None else {}
    forbidden = argocd_causes.forbidden(project[0], app, both) if project and project[0] else None
    if forbidden is None:
        return "argocd-spec-invalid", {}
    field, left_out = forbidden
    return "argocd-project-forbids", {"field": field, "left_out": left_out}


def require_operation(cluster: Cluster, app: Application) -> None:
    """Unmet, early or hopeless, with the cause, while the last operation runs or when it failed."""
    failed = app.failed_resources()
    started = parse_time(app.operation.get("startedAt"))
    details: dict[str, Any] = {
        "namespace": app.namespace,
        "name": app.name,
        "failed": failed,
        "retries": app.retries,
        "phase": app.phase,
        "target_namespace": app.destination.get("namespace", ""),
        "hooks": [label(one) for one in app.running_hooks()],
        "since": app.operation.get("startedAt") or "-",
    }
    if app.phase in ("Failed", "Error") and not _is_past(app):
        hopeless(why_sync_failed(cluster, app), seen=app.phase, wanted="Succeeded", **details)
    if app.phase in (None, "Succeeded", "Failed", "Error"):
        return
    if app.retries or failed:
        why = why_sync_failed(cluster, app)
        reason = "argocd-sync-retrying" if why == "argocd-sync-failed" else why
        unmet(reason, seen=app.phase, wanted="Succeeded", **details)
    early = started is None or cluster.now - started < SYNC_TAKES
    argocd_health.require_advancing(cluster, app, early=early)
    found = Findings()
    for part, met, weight in (
        ("synced", app.sync == "Synced", 1),
        ("healthy", app.health == "Healthy", 1),
        ("operation", False, 2),
    ):
        more = {"weight": weight, "early": early, **details}
        found.require(met, "argocd-sync-running", part=part, seen=app.phase, wanted="Succeeded", **more)
    found.close()


def _is_past(app: Application) -> bool:
    """Whether an operation failed at another revision than is in sync now, or at objects that came since."""
    if app.sync != "Synced":
        return False
    failures = app.sync_failures()
    there = [identity(one) for one in app.resources if one.get("status") == "Synced"]
    if failures and all(not one.get("hookType") and identity(one) in there for one in failures):
        return True
    return bool(app.operated_revisions and app.revisions) and app.operated_revisions != app.revisions


def why_sync_failed(cluster: Cluster, app: Application) -> str:
    """The message for an operation that failed: what lacks, or that something could not be applied."""
    kinds = {result.get("kind") for result in app.sync_failures()}
    if kinds == {"CustomResourceDefinition"} and app.sync_options.get("ServerSideApply") != "true":
        return "argocd-crd-sync-failed"
    namespace, made = app.destination.get("namespace", ""), app.sync_options.get("CreateNamespace") == "true"
    if not namespace or made or not _is_local(app):
        return "argocd-sync-failed"
    found = if_readable(lambda: [cluster.find("v1", "Namespace", namespace)])
    return "argocd-namespace-absent" if found == [None] else "argocd-sync-failed"


def _is_local(app: Application) -> bool:
    local = argocd_clusters.Destination(argocd_clusters.LOCAL_NAME, argocd_clusters.LOCAL_SERVER)
    return argocd_clusters.destination_of([local], app) is not None


def _explain_out_of_sync(cluster: Cluster, app: Application, params: Mapping[str, Any]) -> None:
    differing = [one for one in app.resources if one.get("status") not in (None, "Synced")]
    details = {
        **params,
        "sync": app.sync,
        "health": app.health,
        "resources": [label(one) for one in differing],
    }
    if "SharedResourceWarning" in app.conditions:
        others = sorted(if_readable(lambda: argocd_clusters.sharing(cluster, app)) or {})
        unmet("argocd-shared-resource", seen=app.sync, wanted="Synced", others=others, **details)
    if not app.automated.on and not app.operation and not app.history:
        unmet("argocd-never-synced", seen=app.sync, wanted="Synced", **details)
    reason = "argocd-out-of-sync"
    if differing and app.sync == "OutOfSync":
        if all(one.get("requiresPruning") for one in differing):
            reason = "argocd-prune-pending"
        elif all(_scaled_by_autoscaler(cluster, app, one) for one in differing):
            reason = "argocd-replicas-under-hpa"
    if app.automated.on and reason == "argocd-out-of-sync":
        argocd_windows.require_open(cluster, app, details)
        argocd_backoff.require_over(cluster, app, details)
    if reason == "argocd-out-of-sync" or app.health != "Healthy":
        unmet(reason, seen=app.sync, wanted="Synced", **details)
    found = Findings()
    found.require(True, reason, part="deployed")
    found.require(False, reason, part="synced", seen=app.sync, wanted="Synced", **details)
    found.close()


def _scaled_by_autoscaler(cluster: Cluster, app: Application, resource: Mapping[str, Any]) -> bool:
    if resource.get("kind") not in ("Deployment", "StatefulSet") or argocd_current.ignores_replicas(
        app, resource
    ):
        return False
    namespace = resource.get("namespace", "")
    listed = if_readable(lambda: cluster.list("autoscaling/v2", "HorizontalPodAutoscaler", namespace))
    targets = [one["spec"]["scaleTargetRef"] for one in listed or []]
    if any(ref["kind"] == resource["kind"] and ref["name"] == resource["name"] for ref in targets):
        return True
    managed = [one for one in app.resources if one.get("kind") == "HorizontalPodAutoscaler"]
    return not listed and any(one.get("namespace") == namespace for one in managed)

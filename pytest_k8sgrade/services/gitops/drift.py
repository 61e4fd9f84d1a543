"""A drift that the check makes: Argo CD has to undo it, by an operation of its own.

The replicas of a managed Deployment go up by one, which hurts nobody. They are put back
by the check as well, if they are still what it made of them, and a note in the namespace
lets a later run do it should everything else fail.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from pytest_k8sgrade.cluster.acting_leftovers import note
from pytest_k8sgrade.cluster.acting_rules import scale
from pytest_k8sgrade.kube.times import parse_time
from pytest_k8sgrade.outcome import Findings, cannot_tell, unmet
from pytest_k8sgrade.services.gitops import argocd, argocd_backoff, argocd_history
from pytest_k8sgrade.services.gitops.argocd import API_VERSION, Application
from pytest_k8sgrade.services.gitops.syncing import require_synced
from pytest_k8sgrade.services.running import workloads

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster
    from pytest_k8sgrade.cluster.acting import Actor

Object = Mapping[str, Any]

UNDONE_S: Final = 90.0
"""Self-heal starts within seconds, a repeated one backs off."""
TOLD_S: Final = 20.0
_SECOND: Final = timedelta(seconds=1)


def require_undone(actor: Actor, name: str, namespace: str, workload: str) -> None:
    """Scale, wait, compare, restore; say what was not undone, or by whom it was."""
    cluster = actor.look()
    app = _application(cluster, name, namespace)
    told: dict[str, Any] = {"namespace": namespace, "name": name, "who": argocd_history.initiator(app)}
    require_synced(cluster, app)
    if "SharedResourceWarning" in app.conditions:
        unmet("argocd-heals-against-other", seen="SharedResourceWarning", wanted=None, **told)
    if not (app.automated.on and app.automated.self_heal):
        unmet("argocd-self-heal-off", seen=False, wanted=True, **told)
    deployment = _chosen(cluster, app, workload, told)
    metadata, before = deployment["metadata"], deployment["spec"]["replicas"]
    place, own = metadata["namespace"], metadata["name"]
    told |= {"deployment": f"{place}/{own}", "before": before, "after": before + 1}
    began = cluster.now - _SECOND
    back = scale(place, own, before + 1, before)
    actor.create(note(actor.manifest("ConfigMap", "drift", place), back))
    actor.do(scale(place, own, before, before + 1), back)
    undone = actor.until(UNDONE_S, lambda fresh: _replicas(fresh, place, own) == before or None, pause=1.0)
    app = _application(actor.look(), name, namespace)
    if not undone and app.sync == "Synced":
        cannot_tell("drift-no-difference", seen=app.sync, wanted="OutOfSync", **told)
    healed = undone and actor.until(
        TOLD_S, lambda fresh: _healed(_application(fresh, name, namespace), began) or None
    )
    if not undone:
        argocd_backoff.require_over(actor.look(), app, told)
    _conclude(app, bool(undone), bool(healed), told)
    actor.seen = {"deployment": told["deployment"], "replicas": [before, before + 1, before]}


def _conclude(app: Application, undone: bool, healed: bool, told: Mapping[str, Any]) -> None:
    found = Findings()
    state: dict[str, Any] = {"sync": app.sync, "phase": app.phase or "-"}
    found.require(undone, "drift-not-undone", part="undone", seen=app.sync, wanted="Synced", **state, **told)
    if undone:
        found.require(
            healed, "drift-undone-by-other", part="by Argo CD", seen=told["who"], wanted="automated", **told
        )
    found.close()


def _application(cluster: Cluster, name: str, namespace: str) -> Application:
    return argocd.application(cluster.get(API_VERSION, "Application", name, namespace))


def _healed(app: Application, began: datetime) -> bool:
    """Whether an operation of the automated policy began after the drift and succeeded."""
    started = parse_time(app.operation.get("startedAt"))
    after = started is not None and started >= began
    return after and app.phase == "Succeeded" and argocd_history.automatic(app)


def _replicas(cluster: Cluster, namespace: str, name: str) -> int:
    return int(workloads.get(cluster, "Deployment", name, namespace)["spec"]["replicas"])


def _chosen(cluster: Cluster, app: Application, workload: str, told: Mapping[str, Any]) -> Object:
    """The Deployment to scale: the one that is named, else the first that runs and nobody else scales."""
    managed = [one for one in app.resources if one.get("group") == "apps" and one.get("kind") == "Deployment"]
    places = sorted((str(one.get("namespace", "")), str(one["name"])) for one in managed)
    names = [name for _, name in places]
    if workload and workload not in names:
        unmet("drift-workload-unmanaged", seen=names, wanted=workload, workload=workload, **told)
    wanted = [(namespace, name) for namespace, name in places if workload in ("", name)]
    free = [place for place in wanted if not _is_scaled(cluster, *place)]
    found = [workloads.get(cluster, "Deployment", name, namespace) for namespace, name in free]
    running = [one for one in found if one["spec"].get("replicas", 1) > 0]
    if not running:
        shown = [f"{namespace}/{name}" for namespace, name in wanted]
        cannot_tell("drift-nothing-to-scale", seen=shown, deployments=shown, **told)
    return running[0]


def _is_scaled(cluster: Cluster, namespace: str, name: str) -> bool:
    """Whether an autoscaler decides about its replicas."""
    listed = cluster.list("autoscaling/v2", "HorizontalPodAutoscaler", namespace)
    targets = [(one.get("spec") or {}).get("scaleTargetRef") or {} for one in listed]
    return any(target.get("kind") == "Deployment" and target.get("name") == name for target in targets)

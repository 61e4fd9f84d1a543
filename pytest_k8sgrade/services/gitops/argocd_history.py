"""What an Application's past proves: a drift that was undone, a commit that was deployed.

The history counts revisions of the repository, not of the path: an Application that is
out of sync goes to any new commit, also one in another folder. So a second entry proves
a push only together with something that the sync changed. A self-heal leaves its mark
in the last operation alone, which the next operation overwrites.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from pytest_k8sgrade.kube.times import parse_time
from pytest_k8sgrade.services.diagnosis import if_readable
from pytest_k8sgrade.services.gitops.argocd import Application, label
from pytest_k8sgrade.services.running import workloads

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster

Object = Mapping[str, Any]

SLACK = timedelta(seconds=10)
"""Times are whole seconds, and a controller acts a moment after the sync."""
_REVISION = "deployment.kubernetes.io/revision"


def healed(app: Application) -> list[str] | None:
    """What the last operation repaired by itself; None when it was no self-heal that succeeded."""
    sync = (app.operation.get("operation") or {}).get("sync") or {}
    resources = sync.get("resources") or []
    # Before 2.13 heals were not counted; of all automated syncs only they name resources.
    if app.phase != "Succeeded" or not (app.heals or (resources and automatic(app))):
        return None
    return [label(one) for one in resources]


def automatic(app: Application) -> bool:
    """Whether the last operation was the automated policy's."""
    return bool(_initiator(app).get("automated"))


def by_policy(app: Application) -> bool:
    """Whether the automated policy deployed what is there now; who synced it once more does not count."""
    latest: Object = {}
    for entry in reversed(_entries(app.history)):
        if _revision(entry) != "+".join(app.revisions):
            break
        latest = entry
    return automatic(app) or bool((latest.get("initiatedBy") or {}).get("automated"))


def initiator(app: Application) -> str:
    """Who asked for the last operation."""
    return str(_initiator(app).get("username") or "-")


def _initiator(app: Application) -> Mapping[str, Any]:
    operation = app.operation.get("operation") or {}
    return operation.get("initiatedBy") or (app.history[-1].get("initiatedBy") if app.history else None) or {}


def sequence(app: Application) -> list[str]:
    """The revision of each deploy, oldest first; of several sources all of them."""
    return [_revision(entry) for entry in _entries(app.history)]


def _revision(entry: Object) -> str:
    return "+".join(entry.get("revisions") or [entry.get("revision") or ""])


def states(app: Application) -> list[str]:
    """What each deploy was made of, oldest first: the revision, and the source with its parameters."""
    parts = ("revision", "revisions", "source", "sources")
    return [
        json.dumps([entry.get(part) for part in parts], sort_keys=True) for entry in _entries(app.history)
    ]


def revisions(app: Application) -> list[str]:
    """The revisions that were deployed, each once, oldest first."""
    return list(dict.fromkeys(sequence(app)))


def _entries(history: Iterable[Object]) -> list[Object]:
    return sorted(history, key=lambda entry: int(entry.get("id", 0)))


def deploys(app: Application) -> list[tuple[datetime, datetime]]:
    """When each entry of the history was deployed, from its start to its end."""
    stamps = [
        (parse_time(one.get("deployStartedAt")), parse_time(one.get("deployedAt")))
        for one in _entries(app.history)
    ]
    return [(start or end, end) for start, end in stamps if end is not None]


def changed(cluster: Cluster, app: Application) -> bool:
    """Whether a later deploy made a workload, or gave one a new template."""
    spans = [(start - SLACK, end + SLACK) for start, end in deploys(app)[1:]]
    made = [moment for one in app.resources for moment in _births(cluster, one)]
    return any(start <= moment <= end for moment in made for start, end in spans)


def _births(cluster: Cluster, resource: Object) -> list[datetime]:
    """When a managed workload and its templates were made."""
    if resource.get("group") != "apps" or resource.get("kind") not in workloads.KINDS:
        return []
    kind = cast("workloads.WorkloadKind", resource["kind"])
    name, namespace = resource["name"], resource.get("namespace", "")
    workload = if_readable(lambda: workloads.get(cluster, kind, name, namespace))
    if workload is None:
        return []
    items = [workload]
    if kind == "Deployment" and revision_number(workload) > 1:
        items += if_readable(lambda: replica_sets(cluster, workload)) or []
    moments = [parse_time(one["metadata"].get("creationTimestamp")) for one in items]
    return [moment for moment in moments if moment is not None]


def revision_number(deployment: Object) -> int:
    """How often a Deployment has changed its template, the first one included."""
    written = (deployment["metadata"].get("annotations") or {}).get(_REVISION, "1")
    return int(written) if str(written).isdecimal() else 1


def replica_sets(cluster: Cluster, deployment: Object) -> list[Object]:
    """The templates that a Deployment has had, as far as they were kept."""
    metadata = deployment["metadata"]
    listed = cluster.list("apps/v1", "ReplicaSet", metadata["namespace"])
    return [
        one
        for one in listed
        if any(
            owner.get("kind") == "Deployment" and owner.get("name") == metadata["name"]
            for owner in one["metadata"].get("ownerReferences") or []
        )
    ]

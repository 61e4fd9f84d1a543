"""Whether an Application has gone back to an earlier state, as far as the cluster remembers it.

Two traces prove it. The history of the Application has a revision, or a source with the
same parameters, a second time, after another one:
that is a rollback by Argo CD. Or a Deployment's ReplicaSet was taken into service again, which the
Deployment's controller notes in an annotation: that is a commit that restores an earlier template.
The second may also be a change by hand that was healed, so the Deployment must not have changed
its template more often than the Application has deployed, nor at another time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pytest_k8sgrade.kube.times import parse_time
from pytest_k8sgrade.outcome import cannot_tell, unmet
from pytest_k8sgrade.services.gitops.argocd import Application, label
from pytest_k8sgrade.services.gitops.argocd_history import (
    SLACK,
    deploys,
    replica_sets,
    revision_number,
    sequence,
    states,
)

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster

Object = Mapping[str, Any]

_EARLIER = "deployment.kubernetes.io/revision-history"


@dataclass(frozen=True, slots=True)
class _Past:
    """What is known of a Deployment's templates."""

    name: str
    returned: bool
    switches: int
    made: tuple[datetime, ...]


def require_rollback(cluster: Cluster, app: Application) -> None:
    """Unmet where nothing shows a way back; CannotTell where a change by hand may have left the trace."""
    known = sequence(app)
    params: dict[str, Any] = {"namespace": app.namespace, "name": app.name, "deployed": len(known)}
    if _comes_again(known) or _comes_again(states(app)):
        return
    pasts = [_past(cluster, one) for one in app.resources if _is_deployment(one)]
    returned = [past for past in pasts if past is not None and past.returned]
    if not returned:
        unmet("argocd-no-rollback", seen=known, wanted="<an earlier revision again>", **params)
    if not any(_by_deploys(past, app) for past in returned):
        names = [past.name for past in returned]
        cannot_tell("argocd-rollback-unclear", seen=names, wanted=len(known), workloads=names, **params)


def _comes_again(known: list[str]) -> bool:
    """Whether a revision was deployed again after another one."""
    steps = [one for at, one in enumerate(known) if at == 0 or one != known[at - 1]]
    return len(steps) > len(set(steps))


def _is_deployment(resource: Object) -> bool:
    return (resource.get("group"), resource.get("kind")) == ("apps", "Deployment")


def _past(cluster: Cluster, resource: Object) -> _Past | None:
    deployment = cluster.find("apps/v1", "Deployment", resource["name"], resource.get("namespace", ""))
    if deployment is None:
        return None
    sets = replica_sets(cluster, deployment)
    stamps = [parse_time(one["metadata"].get("creationTimestamp")) for one in sets]
    return _Past(
        name=label(resource),
        returned=any((one["metadata"].get("annotations") or {}).get(_EARLIER) for one in sets),
        switches=revision_number(deployment) - 1,
        made=tuple(stamp for stamp in stamps if stamp is not None),
    )


def _by_deploys(past: _Past, app: Application) -> bool:
    """Whether the deploys explain every template: enough of them, and each template made in one.

    Old entries of the history are dropped, but their numbers go on.
    """
    spans, later = deploys(app), max((int(entry.get("id", 0)) for entry in app.history), default=0)
    if not spans or past.switches > later:
        return False
    first = spans[0][0] - SLACK
    return all(
        moment < first or any(start - SLACK <= moment <= end + SLACK for start, end in spans)
        for moment in past.made
    )

"""KEDA's ScaledJobs: taken by the operator, and the Jobs that they made.

A ScaledJob has no autoscaler and nothing that stays up: what it did is seen in the Jobs
that it owns, as long as it keeps them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from pytest_k8sgrade.kube import scaled_objects
from pytest_k8sgrade.kube.conditions import Condition, condition, conditions
from pytest_k8sgrade.kube.objects import spec_of
from pytest_k8sgrade.kube.selectors import controller
from pytest_k8sgrade.outcome import cannot_tell, too_early, unmet
from pytest_k8sgrade.services.autoscalers import keda
from pytest_k8sgrade.services.diagnosis import require_known

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster

Object = Mapping[str, Any]

LABEL = "scaledjob.keda.sh/name"
READY_REASONS = frozenset({"ScaledJobReady"})
ACTIVE_REASONS = frozenset({"ScalerActive", "ScalerNotActive"})
_TRIGGER_REASONS = frozenset({"TriggerError", "PartialTriggerError"})
_KEPT = 100
"""How many Jobs that have ended are kept unless a ScaledJob says otherwise."""


def get(cluster: Cluster, name: str, namespace: str) -> Object:
    """The ScaledJob, which is not being deleted."""
    return keda.get_lasting(cluster, keda.JOB_KIND, name, namespace)


def _details(scaled: Object) -> dict[str, Any]:
    metadata = scaled["metadata"]
    return {
        "namespace": metadata.get("namespace", ""),
        "name": metadata.get("name", ""),
        "triggers": [str(trigger) for trigger in scaled_objects.triggers(scaled)],
    }


def require_accepted(cluster: Cluster, scaled: Object) -> None:
    """Unmet or early, with its cause, unless KEDA has taken the object and reads its triggers."""
    if scaled_objects.switched_on(scaled, "paused"):
        annotation = scaled_objects.PREFIX + "paused"
        unmet("keda-job-paused", seen=annotation, wanted=None, annotation=annotation, **_details(scaled))
    said = conditions(scaled)
    ready, active = said.get("Ready"), said.get("Active")
    if ready is None or not ready.reason:
        _not_looked_at(cluster, scaled, ready)
    if not ready.true:
        trigger = ready.reason in _TRIGGER_REASONS
        reason = "keda-job-trigger-error" if trigger else "keda-job-not-ready"
        unmet(reason, seen=ready.reason, wanted="ScaledJobReady", why=ready.reason, **_details(scaled))
    require_known(scaled, ready, READY_REASONS)
    if active is None or active.status not in ("True", "False"):
        _not_looked_at(cluster, scaled, active)
    require_known(scaled, active, ACTIVE_REASONS)


def _not_looked_at(cluster: Cluster, scaled: Object, said: Condition | None) -> NoReturn:
    say = too_early if keda.is_new(cluster, scaled) else unmet
    say("keda-job-not-evaluated", seen=said.status if said else None, wanted="Active", **_details(scaled))


def require_completed(cluster: Cluster, scaled: Object, at_least: int) -> None:
    """Unmet unless so many of the Jobs that the ScaledJob made are complete."""
    subject = _details(scaled)
    listed = cluster.list("batch/v1", "Job", subject["namespace"], labels={LABEL: subject["name"]})
    own = [job for job in listed if _made_by(scaled, job)]
    done, failed = _ended(own, "Complete"), _ended(own, "Failed")
    if done >= at_least:
        return
    kept = spec_of(scaled).get("successfulJobsHistoryLimit")
    kept = _KEPT if kept is None else int(kept)
    counted = {"done": done, "failed": failed, "made": len(own), "least": at_least, "kept": kept, **subject}
    if failed:
        unmet("keda-jobs-failed", seen=done, wanted=at_least, **counted)
    if kept < at_least and (scaled.get("status") or {}).get("lastActiveTime"):
        cannot_tell("keda-jobs-not-kept", seen=done, wanted=at_least, **counted)
    unmet("keda-jobs-too-few", seen=done, wanted=at_least, **counted)


def _made_by(scaled: Object, job: Object) -> bool:
    owner = controller(job)
    return owner is not None and (owner["kind"], owner["name"]) == (keda.JOB_KIND, scaled["metadata"]["name"])


def _ended(jobs: Sequence[Object], how: str) -> int:
    found = [condition(job, how) for job in jobs]
    return sum(one is not None and one.true for one in found)

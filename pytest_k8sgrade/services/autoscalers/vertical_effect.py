"""Whether pods have what a VerticalPodAutoscaler recommends, and why one has not.

What is compared is the recommendation as the pod can get it: containers that the VPA
lets be are left out, and numbers are fitted to limits and LimitRanges. The object shows
neither.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from pytest_k8sgrade.kube import budgets, vertical_boost, vertical_caps, verticals
from pytest_k8sgrade.kube.conditions import condition, conditions
from pytest_k8sgrade.kube.quantity import parse_quantity
from pytest_k8sgrade.kube.rollout import living
from pytest_k8sgrade.kube.selectors import controller
from pytest_k8sgrade.kube.times import parse_time
from pytest_k8sgrade.kube.vertical_ranges import Allowed, allowed_by
from pytest_k8sgrade.services.autoscalers import vertical
from pytest_k8sgrade.services.diagnosis import if_readable, if_recorded
from pytest_k8sgrade.services.running import workloads

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster

Object = Mapping[str, Any]
Requests = Mapping[str, Mapping[str, str]]

FIRST_UPDATE = timedelta(minutes=3)
"""The updater looks every minute; an evicted pod's successor needs time to start."""
_BY_RUNS = ("CronJob", "Job")
"""Kinds whose pods end by themselves: then only those of the next run can have new numbers."""
_OWNING = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job")
"""Kinds whose pods name them as their owner, a Deployment's by way of a ReplicaSet."""
_ENDED = ("Succeeded", "Failed")


def pods_of(cluster: Cluster, target: Object) -> list[Object]:
    """The pods that ought to have the numbers: the target's that live, or those of a CronJob's last run."""
    pods = [pod for pod in workloads.selected_pods(cluster, target) if not _foreign(target, pod)]
    if target["kind"] not in _BY_RUNS:
        return living(pods)
    others = _jobs_of_others(cluster, target) if target["kind"] == "CronJob" else set()
    made = [pod for pod in pods if _job_of(pod) not in {None, *others}]
    last = max(made, key=lambda pod: str(pod["metadata"].get("creationTimestamp", "")), default=None)
    return [pod for pod in made if last is not None and _job_of(pod) == _job_of(last)]


def _job_of(pod: Object) -> str | None:
    owner = controller(pod) or {}
    return owner.get("name") if owner.get("kind") == "Job" else None


def _jobs_of_others(cluster: Cluster, target: Object) -> set[str]:
    """The Jobs that are known not to be a CronJob's, whose pods may have its labels all the same."""
    name, namespace = target["metadata"]["name"], target["metadata"]["namespace"]
    none: list[dict[str, Any]] = []
    jobs = if_recorded(lambda: cluster.list("batch/v1", "Job", namespace), none)
    owners = {job["metadata"]["name"]: controller(job) or {} for job in jobs}
    own = ("CronJob", name)
    return {job for job, owner in owners.items() if (owner.get("kind"), owner.get("name")) != own}


def _foreign(target: Object, pod: Object) -> bool:
    """Whether a pod is known to be somebody else's, although the labels are the target's: no VPA minds it."""
    owner, hashed = controller(pod), "pod-template-hash" in (pod["metadata"].get("labels") or {})
    told = target["kind"] in _OWNING and (target["kind"] != "Deployment" or hashed)
    return owner is not None and told and not workloads.owns(target, pod)


@dataclass(frozen=True, slots=True)
class Difference:
    """A request that no VPA has set.

    `unchanged` says that it is what the template asks and that this is near enough, `fitted`
    that limits leave of the recommendation only what the template asks.
    """

    container: str = "*"
    resource: str = "-"
    has: str | None = None
    recommended: str | None = None
    unchanged: bool = False
    fitted: bool = False
    controlled: bool = True

    @property
    def params(self) -> dict[str, Any]:
        """For messages."""
        return {
            "container": self.container,
            "resource": self.resource,
            "has": self.has,
            "recommended": self.recommended,
        }


def difference(cluster: Cluster, vpa: Object, pod: Object, asked: Requests) -> Difference | None:
    """The first controlled request of a pod that no VPA has set, None when all of them were.

    A request was set by the VPA if it equals the recommendation, or if it differs from the
    template's and lies within the bounds: recommendations move on after they were applied.
    """
    compared = [*_compared(vpa, pod)]
    if not compared:
        return Difference(controlled=False)
    plain = Allowed()
    if all(_judged(vpa, pod, asked, one, plain) is None for one in compared):
        return None
    allowed = if_recorded(lambda: _allowed(cluster, pod), plain)
    wrong = (_judged(vpa, pod, asked, one, allowed) for one in compared)
    return next((one for one in wrong if one is not None), None)


def _allowed(cluster: Cluster, pod: Object) -> Allowed:
    return allowed_by(cluster.list("v1", "LimitRange", pod["metadata"].get("namespace")))


def _compared(vpa: Object, pod: Object) -> Iterator[tuple[str, str]]:
    """Containers of the pod with the resources that the VPA looks after.

    Native sidecars are looked after by newer versions only, if they are told to: those with numbers count.
    """
    advice = verticals.recommendations(vpa)
    left = verticals.sidecars_of(pod) - advice.keys()
    for container in sorted(verticals.requests_of(pod).keys() - left):
        if verticals.observed(pod, container):
            for resource in verticals.controlled(vpa, container):
                if container not in advice or resource in advice[container].target:
                    yield container, resource


def _judged(
    vpa: Object, pod: Object, asked: Requests, where: tuple[str, str], allowed: Allowed
) -> Difference | None:
    container, resource = where
    text = verticals.requests_of(pod)[container].get(resource)
    own = verticals.recommendations(vpa).get(container)
    if own is None:
        return Difference(container, resource, text)
    amount = parse_quantity(text) if text is not None else None
    if amount is not None and resource == "cpu" and container in vertical_boost.boosted(pod):
        amount = vertical_boost.without(vpa, container, amount)
    template = verticals.amounts(asked.get(container)).get(resource)
    fitted = vertical_caps.capped(vpa, pod, allowed)[container]
    target, less = fitted.target[resource], fitted.target[resource] != own.target[resource]
    within = amount is not None and fitted.allows(resource, amount)
    if amount == own.target[resource] or ((amount == target or within) and amount != template):
        return None
    recommended = _written(vpa, container, resource)
    same = less and amount == target
    return Difference(container, resource, text, recommended, unchanged=within, fitted=same)


def _written(vpa: Object, container: str, resource: str) -> str:
    """The recommendation as the object writes it."""
    listed = vpa["status"]["recommendation"]["containerRecommendations"]
    return str(next(one["target"][resource] for one in listed if one["containerName"] == container))


@dataclass(frozen=True, slots=True)
class Looked:
    """What is looked at: the VPA with its target and their pods, and the namespace of its programs.

    `least` is how many pods there must be for a change.
    """

    vpa: Object
    target: Object
    pods: Sequence[Object]
    system: str
    least: int


def why_not_applied(
    cluster: Cluster, at: Looked, pod: Object, wrong: Difference
) -> tuple[str, bool, dict[str, Any]]:
    """The message for a pod without the recommended requests, whether it is only early, and its facts."""
    boosted = vertical_boost.boosted(pod)
    if boosted:
        return _why_boosted(cluster, at, pod, boosted)
    told = _why_left_alone(pod, wrong)
    if told is not None:
        return told, False, {}
    ended = (pod.get("status") or {}).get("phase") in _ENDED
    if ended or verticals.update_mode(at.vpa) == "Initial":
        reason, facts = _webhook_fault(cluster)
        by_runs = at.target["kind"] in _BY_RUNS
        return reason or ("vpa-next-run" if by_runs else "vpa-initial-only-new-pods"), False, facts
    reason, facts = _why_not_updated(cluster, at, pod)
    return reason or "vpa-not-applied", reason is None and _recent(cluster, at.vpa, pod), facts


def _why_boosted(
    cluster: Cluster, at: Looked, pod: Object, boosted: Sequence[str]
) -> tuple[str, bool, dict[str, Any]]:
    """The message for a pod that waits for the end of its boost: for the updater, once that is over."""
    lasts_s, ready = max(vertical_boost.lasts_s(at.vpa, one) for one in boosted), condition(pod, "Ready")
    since = ready.since if ready is not None and ready.true else None
    begun = since or parse_time((pod.get("status") or {}).get("startTime"))
    bound = FIRST_UPDATE + (timedelta(seconds=lasts_s) if since else timedelta(0))
    early = begun is not None and cluster.now - begun < bound
    down = not early and since is not None and vertical.component_down(cluster, at.system, "updater")
    return "vpa-updater-down" if down else "vpa-startup-boost", early, {"lasts_s": lasts_s}


def _why_left_alone(pod: Object, wrong: Difference) -> str | None:
    """The message where the objects alone tell it."""
    waiting = condition(pod, "PodResizePending")
    told = {
        "vpa-controls-nothing": not wrong.controlled,
        "vpa-container-without-recommendation": wrong.recommended is None,
        "vpa-resize-pending": waiting is not None and waiting.true,
        "vpa-capped-by-limits": wrong.fitted,
        "vpa-nothing-to-change": wrong.unchanged,
    }
    return next((reason for reason, so in told.items() if so), None)


def _why_not_updated(cluster: Cluster, at: Looked, pod: Object) -> tuple[str | None, dict[str, Any]]:
    mode = verticals.update_mode(at.vpa)
    evicting = mode in verticals.EVICTING_MODES
    fault, facts = _webhook_fault(cluster) if evicting else (None, {})
    told: dict[str, Callable[[], bool]] = {
        "vpa-webhook-absent": lambda: fault == "vpa-webhook-absent",
        "vpa-too-few-replicas": lambda: len(at.pods) < at.least,
        "vpa-updater-down": lambda: vertical.component_down(cluster, at.system, "updater"),
        "vpa-webhook-without-backend": lambda: fault == "vpa-webhook-without-backend",
        "vpa-change-not-wanted": lambda: not verticals.change_wanted(at.vpa, pod),
    }
    reason = next((reason for reason, so in told.items() if so()), None)
    if reason is not None or not verticals.is_one_of(mode, ["Recreate"]):
        return reason, facts
    strict = _strict_budgets(cluster, pod)
    return ("vpa-eviction-forbidden", {"budgets": strict}) if strict else (None, {})


def _webhook_fault(cluster: Cluster) -> tuple[str | None, dict[str, Any]]:
    """What is known to be wrong with the webhook; a doubt is nothing."""
    found = if_readable(lambda: vertical.webhook_shortfall(cluster))
    return (None, {}) if found is None else (found.reason, {"webhook": found.webhook})


def _strict_budgets(cluster: Cluster, pod: Object) -> list[str]:
    namespace = pod["metadata"].get("namespace")
    listed = if_readable(lambda: cluster.list("policy/v1", "PodDisruptionBudget", namespace))
    return budgets.forbidding(listed or [], pod)


def _recent(cluster: Cluster, vpa: Object, pod: Object) -> bool:
    """Whether the numbers or the pod are so new that the updater may not have come by."""
    provided = conditions(vpa).get("RecommendationProvided")
    started = parse_time((pod.get("status") or {}).get("startTime"))
    moments: list[datetime | None] = [provided.since if provided is not None else None, started]
    return any(moment is not None and cluster.now - moment < FIRST_UPDATE for moment in moments)

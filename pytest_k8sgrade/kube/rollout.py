"""Whether a workload runs as its newest template asks, and why its pods do not start.

Pure: works on objects as the API returns them, where counters of zero are left
out. A shortfall carries a message id and its parameters; the caller decides what
to raise. Conditions alone are not enough: old pods keep a Deployment Available
while a new template is stuck.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from pytest_k8sgrade.kube.pod_spec import is_sidecar, probe_text
from pytest_k8sgrade.kube.selectors import controller
from pytest_k8sgrade.kube.times import parse_time

Object: TypeAlias = Mapping[str, Any]

IMAGE_REASONS = frozenset(
    {
        "ErrImageNeverPull",
        "ErrImagePull",
        "ImageInspectError",
        "ImagePullBackOff",
        "InvalidImageName",
        "RegistryUnavailable",
    }
)
START_REASONS = frozenset({"CreateContainerConfigError", "CreateContainerError", "RunContainerError"})
"""Waiting reasons that, like those of images, somebody's hand has to end."""
CRASH_LOOP = "CrashLoopBackOff"
CRASHES_UNTIL_TERMINAL = 4
"""Fewer crashes may be a container that waits for another one by failing."""


@dataclass(frozen=True, slots=True)
class Shortfall:
    """What is missing: a message id, its parameters, and whether waiting is in vain, or not over yet."""

    reason: str
    params: Mapping[str, Any] = field(default_factory=dict)
    terminal: bool = False
    early: bool = False
    seen: Any = None
    wanted: Any = None


def rollout_shortfall(workload: Object) -> Shortfall | None:
    """What keeps a Deployment, StatefulSet or DaemonSet from being rolled out, or None."""
    params = named(workload)
    metadata, status = workload["metadata"], workload.get("status") or {}
    if metadata.get("deletionTimestamp"):
        return Shortfall("workload-terminating", params)
    generation = metadata.get("generation")
    if generation is not None and status.get("observedGeneration", 0) < generation:
        observed = status.get("observedGeneration", 0)
        counted = {**params, "observed": observed, "generation": generation}
        return Shortfall("workload-not-observed", counted, early=True, seen=observed, wanted=generation)
    if workload["kind"] != "DaemonSet" and workload["spec"].get("replicas", 1) == 0:
        return Shortfall("workload-scaled-to-zero", _scaled_by(workload), seen=0, wanted=1)
    match workload["kind"]:
        case "DaemonSet":
            return _daemon_set(workload["spec"], status, params)
        case "StatefulSet":
            return _stateful_set(workload["spec"], status, params)
        case _:
            return _deployment(workload["spec"], status, params)


def named(item: Object) -> dict[str, Any]:
    """Kind, namespace and name for a message."""
    metadata = item.get("metadata") or {}
    return {
        "kind": item.get("kind", ""),
        "namespace": metadata.get("namespace", ""),
        "name": metadata.get("name", ""),
    }


def _scaled_by(workload: Object) -> dict[str, Any]:
    """The object whose spec.replicas counts: an operator undoes changes in a workload that it made."""
    params, owner = named(workload), controller(workload)
    return params if owner is None else {**params, "kind": owner["kind"], "name": owner["name"]}


def _deployment(spec: Object, status: Object, params: Mapping[str, Any]) -> Shortfall | None:
    wanted = spec.get("replicas", 1)
    updated = status.get("updatedReplicas", 0)
    if spec.get("paused") and updated < wanted:
        counted = {**params, "updated": updated, "replicas": wanted}
        return Shortfall("deployment-paused", counted, seen=updated, wanted=wanted)
    refused = _condition(status, "ReplicaFailure")
    if refused is not None and refused[0] == "True" and updated < wanted:
        return Shortfall("workload-pods-refused", {**params, "why": refused[1]}, seen=updated, wanted=wanted)
    if _condition(status, "Progressing") == ("False", "ProgressDeadlineExceeded"):
        ready = status.get("readyReplicas", 0)
        counted = {**params, "updated": updated, "ready": ready, "replicas": wanted}
        return Shortfall("workload-deadline-exceeded", counted, terminal=True, seen=ready, wanted=wanted)
    progress = _condition(status, "Progressing")
    if progress is not None and progress[0] == "False":
        stopped = {**params, "why": progress[1]}
        return Shortfall("workload-not-progressing", stopped, seen=updated, wanted=wanted)
    missing = _counted(params, wanted, updated, status) or _old_pods(params, status, updated)
    return missing or _available(params, spec, status, wanted)


def _stateful_set(spec: Object, status: Object, params: Mapping[str, Any]) -> Shortfall | None:
    wanted = spec.get("replicas", 1)
    partition = ((spec.get("updateStrategy") or {}).get("rollingUpdate") or {}).get("partition", 0)
    updated = status.get("updatedReplicas", 0)
    # Pods below the partition are meant to keep the older template.
    updated = wanted if updated >= wanted - partition else updated
    missing = _on_delete(params, spec, wanted, updated) or _counted(params, wanted, updated, status)
    return missing or _available(params, spec, status, wanted)


def _daemon_set(spec: Object, status: Object, params: Mapping[str, Any]) -> Shortfall | None:
    wanted = status.get("desiredNumberScheduled", 0)
    if wanted == 0:
        return Shortfall("daemonset-without-nodes", params, seen=0, wanted=1)
    # A controller that has counted has also observed: a status without both says nothing of updates.
    updated = status.get("updatedNumberScheduled", 0 if "observedGeneration" in status else wanted)
    missing = _on_delete(params, spec, wanted, updated)
    return missing or _counted(params, wanted, updated, {"readyReplicas": status.get("numberReady", 0)})


def _on_delete(params: Mapping[str, Any], spec: Object, wanted: int, updated: int) -> Shortfall | None:
    """Pods of an older template that stay until somebody deletes them."""
    if updated >= wanted or (spec.get("updateStrategy") or {}).get("type") != "OnDelete":
        return None
    counted = {**params, "updated": updated, "replicas": wanted}
    return Shortfall("workload-on-delete", counted, seen=updated, wanted=wanted)


def progress_deadline(workload: Object) -> datetime | None:
    """Until when a Deployment that progresses may take for its rollout; None where there is no such bound."""
    if workload["kind"] != "Deployment":
        return None
    seconds = (workload.get("spec") or {}).get("progressDeadlineSeconds", 600)
    for condition in (workload.get("status") or {}).get("conditions") or []:
        if (condition["type"], condition["status"]) == ("Progressing", "True"):
            moment = parse_time(condition.get("lastUpdateTime") or condition.get("lastTransitionTime"))
            return moment + timedelta(seconds=seconds) if moment is not None else None
    return None


def _counted(params: Mapping[str, Any], wanted: int, updated: int, status: Object) -> Shortfall | None:
    ready = status.get("readyReplicas", 0)
    if updated < wanted:
        counted = {**params, "updated": updated, "replicas": wanted}
        return Shortfall("workload-rolling-out", counted, seen=updated, wanted=wanted)
    if ready < wanted:
        counted = {**params, "ready": ready, "replicas": wanted}
        return Shortfall("workload-not-ready", counted, seen=ready, wanted=wanted)
    return None


def _available(params: Mapping[str, Any], spec: Object, status: Object, wanted: int) -> Shortfall | None:
    """Pods that are ready, but not yet for `minReadySeconds`: they become available by themselves."""
    least, available = spec.get("minReadySeconds", 0), status.get("availableReplicas", 0)
    if not least or available >= wanted:
        return None
    counted = {**params, "available": available, "replicas": wanted, "seconds": least}
    return Shortfall("workload-not-available", counted, early=True, seen=available, wanted=wanted)


def _old_pods(params: Mapping[str, Any], status: Object, updated: int) -> Shortfall | None:
    old = status.get("replicas", 0) - updated
    return Shortfall("workload-old-pods", {**params, "old": old}, seen=old, wanted=0) if old > 0 else None


def _condition(status: Object, kind: str) -> tuple[str, str] | None:
    for condition in status.get("conditions") or []:
        if condition["type"] == kind:
            return condition["status"], condition.get("reason", "")
    return None


def pods_shortfall(pods: Sequence[Object]) -> Shortfall | None:
    """Why pods do not start: the worst cause, terminal ones first, then by pod name."""
    troubles = [trouble for pod in living(pods) if (trouble := pod_shortfall(pod)) is not None]
    return min(troubles, key=_order, default=None)


def _order(trouble: Shortfall) -> tuple[bool, bool, str]:
    waiting = trouble.reason in ("pod-starting", "pod-initializing", "pod-not-ready")
    return not trouble.terminal, waiting, str(trouble.params.get("pod"))


def living(pods: Sequence[Object]) -> list[Object]:
    """Pods that are neither being deleted, nor finished work, nor failed and replaced by their controller."""
    done = [controller(pod) for pod in pods if _phase(pod) == "Succeeded"]
    return [pod for pod in pods if not pod["metadata"].get("deletionTimestamp") and not _over(pod, done)]


def _over(pod: Object, done: Sequence[Object | None]) -> bool:
    """Whether a pod has ended for good and as it should: a Job tries again, other controllers replace."""
    owner = controller(pod)
    if _phase(pod) == "Failed" and owner is not None:
        return owner.get("kind") != "Job" or owner in done
    return _phase(pod) == "Succeeded"


def _phase(pod: Object) -> str:
    return str((pod.get("status") or {}).get("phase", ""))


def pod_ready(pod: Object) -> bool:
    """Whether a pod is Ready and stays: the phase Running alone says nothing."""
    if pod["metadata"].get("deletionTimestamp"):
        return False
    ready = _condition(pod.get("status") or {}, "Ready")
    return ready is not None and ready[0] == "True"


def pod_shortfall(pod: Object) -> Shortfall | None:
    """Why one pod is not Ready, naming the container; None when it is."""
    if pod_ready(pod):
        return None
    status = pod.get("status") or {}
    params = {"namespace": pod["metadata"].get("namespace", ""), "pod": pod["metadata"]["name"]}
    if _phase(pod) == "Failed":
        why = status.get("reason") or "Error"
        again = (controller(pod) or {}).get("kind") == "Job"
        return Shortfall("pod-failed", {**params, "why": why}, terminal=not again, seen=why, wanted="Ready")
    scheduled = _condition(status, "PodScheduled")
    if scheduled and scheduled[0] == "False":
        return Shortfall("pod-unschedulable", {**params, "why": scheduled[1]}, seen=scheduled[1])
    for container in _containers(status):
        found = _container_shortfall(container, params)
        if found is not None:
            return found
    early = _not_started(pod, params)
    if early is not None:
        return early
    waiting = [container["name"] for container in _containers(status) if not container.get("ready")]
    probes = [
        probe
        for one in (pod.get("spec") or {}).get("containers") or []
        if one["name"] in waiting and (probe := probe_text(one))
    ]
    details = {**params, "containers": waiting, "probe": ", ".join(probes) or "-"}
    return Shortfall("pod-not-ready", details, seen=status.get("phase"), wanted="Ready")


def _not_started(pod: Object, params: Mapping[str, Any]) -> Shortfall | None:
    """What comes before a pod runs: a container that initialises, or one that is still being made."""
    status = pod.get("status") or {}
    seen: dict[str, Any] = {"seen": status.get("phase"), "wanted": "Ready"}
    sidecars = {one["name"] for one in (pod.get("spec") or {}).get("initContainers") or [] if is_sidecar(one)}
    for one in status.get("initContainerStatuses") or []:
        if "running" in (one.get("state") or {}) and one["name"] not in sidecars:
            return Shortfall("pod-initializing", {**params, "container": one["name"]}, **seen)
    states = [one.get("state") or {} for one in status.get("containerStatuses") or []]
    if any("running" in state for state in states) and not any("waiting" in state for state in states):
        return None
    waiting = [container["name"] for container in _containers(status) if not container.get("ready")]
    details = {**params, "containers": waiting, "why": _waits_for(status)}
    return Shortfall("pod-starting", details, **seen)


def _waits_for(status: Object) -> list[str]:
    states = [(one.get("state") or {}).get("waiting") or {} for one in _containers(status)]
    return sorted({str(one["reason"]) for one in states if one.get("reason")})


def _containers(status: Object) -> Iterator[Object]:
    yield from status.get("initContainerStatuses") or []
    yield from status.get("containerStatuses") or []


def _container_shortfall(container: Object, pod: Mapping[str, Any]) -> Shortfall | None:
    state = container.get("state") or {}
    params = {**pod, "container": container["name"], "image": container.get("image", "")}
    waiting = (state.get("waiting") or {}).get("reason", "")
    if waiting in IMAGE_REASONS | START_REASONS:
        reason = "container-image-missing" if waiting in IMAGE_REASONS else "container-cannot-start"
        return Shortfall(reason, {**params, "why": waiting}, terminal=True, seen=waiting, wanted="Running")
    last = (container.get("lastState") or {}).get("terminated") or {}
    ended = state.get("terminated") or (last if waiting == CRASH_LOOP else {})
    if waiting == CRASH_LOOP or ended.get("exitCode", 0) != 0:
        crashes = container.get("restartCount", 0)
        details = {
            **params,
            "restarts": crashes,
            "exit_code": ended.get("exitCode"),
            "why": ended.get("reason", waiting),
            "state": waiting or "terminated",
        }
        terminal = waiting == CRASH_LOOP and crashes >= CRASHES_UNTIL_TERMINAL
        return Shortfall(
            "container-crashes", details, terminal=terminal, seen=waiting or "terminated", wanted="Running"
        )
    return None

"""Workloads with their pods: whether they are rolled out, and the true cause when not.

The counters of a workload tell that something is missing, its pods tell what. Pods
that only share labels with a workload are kept apart from its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, NoReturn, TypeAlias

from pytest_k8sgrade.kube.objects import GO_TRUE
from pytest_k8sgrade.kube.rollout import Shortfall, pods_shortfall, progress_deadline, rollout_shortfall
from pytest_k8sgrade.kube.selectors import controller, selector_text
from pytest_k8sgrade.outcome import Findings, hopeless, too_early, unmet
from pytest_k8sgrade.services.diagnosis import if_readable
from pytest_k8sgrade.services.running import pod_causes
from pytest_k8sgrade.services.running.startup import is_starting

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster

Object: TypeAlias = Mapping[str, Any]
WorkloadKind: TypeAlias = Literal["Deployment", "StatefulSet", "DaemonSet"]
KINDS: tuple[WorkloadKind, ...] = ("Deployment", "StatefulSet", "DaemonSet")

_UNDER_WAY = ("workload-rolling-out", "workload-old-pods")
_POD_REASONS = frozenset({*_UNDER_WAY, "workload-not-ready", "workload-deadline-exceeded"})


def get(cluster: Cluster, kind: WorkloadKind, name: str, namespace: str) -> Object:
    """A workload; Absent with its reason when it is not there."""
    return cluster.get("apps/v1", kind, name, namespace)


def list_all(cluster: Cluster, namespace: str, kinds: Sequence[WorkloadKind] = KINDS) -> list[Object]:
    """The workloads of a namespace."""
    return [item for kind in kinds for item in cluster.list("apps/v1", kind, namespace)]


def shortfall(cluster: Cluster, workload: Object) -> Shortfall | None:
    """What is missing, as its pods explain it."""
    missing = rollout_shortfall(workload)
    if missing is not None and missing.reason == "workload-pods-refused":
        return pod_causes.refused(cluster, workload, missing)
    if missing is None or missing.reason not in _POD_REASONS:
        return missing
    pods = if_readable(lambda: selected_pods(cluster, workload)) or []
    found = pods_shortfall([pod for pod in pods if owns(workload, pod) or controller(pod) is None])
    cause = pod_causes.explained(cluster, found, pods) if found is not None else missing
    return _in_time(cluster, workload, cause, pods)


def _in_time(cluster: Cluster, workload: Object, found: Shortfall, pods: Sequence[Object]) -> Shortfall:
    """A rollout within its deadline, and a pod that starts within it or its probes' time, are only early."""
    now = if_readable(lambda: cluster.now)
    if now is None or found.reason not in (*_UNDER_WAY, "pod-starting", "pod-initializing", "pod-not-ready"):
        return found
    deadline = progress_deadline(workload)
    in_time = found.reason != "pod-not-ready" and deadline is not None and now < deadline
    return replace(found, early=in_time or (found.reason not in _UNDER_WAY and is_starting(pods, now)))


def require_rolled_out(cluster: Cluster, workload: Object) -> None:
    """Unmet, or hopeless, unless the workload is rolled out."""
    missing = shortfall(cluster, workload)
    if missing is not None:
        raise_shortfall(missing)


def raise_shortfall(missing: Shortfall) -> NoReturn:
    """Say what is missing."""
    say = hopeless if missing.terminal else too_early if missing.early else unmet
    say(missing.reason, seen=missing.seen, wanted=missing.wanted, **missing.params)


def require(findings: Findings, missing: Shortfall | None, part: str, weight: float = 1.0) -> bool:
    """Record a workload as one part of a check."""
    if missing is None:
        return findings.require(True, "workload-not-ready", part=part, weight=weight)
    return findings.require(
        False,
        missing.reason,
        part=part,
        seen=missing.seen,
        wanted=missing.wanted,
        weight=weight,
        terminal=missing.terminal,
        early=missing.early,
        **missing.params,
    )


def pod_template(workload: Object) -> Object:
    """The spec of the pods that the workload makes."""
    return _template(workload).get("spec") or {}


def option(workload: Object, name: str) -> str:
    """The value of an option on the command line of its containers, as `--a=b` or `--a b`; else empty."""
    for words in _command_lines(workload):
        for word, following in zip(words, [*words[1:], ""], strict=False):
            written, _, value = word.partition("=")
            if written == name:
                return str(value or following)
    return ""


def flag(workload: Object, name: str) -> bool:
    """Whether a switch is set on the command line of its containers, as `--a` or `--a=true`."""
    words = [word.partition("=") for words in _command_lines(workload) for word in words]
    values = [value or "true" for written, _, value in words if written == name]
    return bool(values) and values[-1] in GO_TRUE


def _command_lines(workload: Object) -> list[list[str]]:
    containers = pod_template(workload).get("containers") or []
    return [[*(one.get("command") or []), *(one.get("args") or [])] for one in containers]


def _template(workload: Object) -> Object:
    """The template of the pods; a CronJob has it in the template of its Jobs."""
    spec = workload.get("spec") or {}
    if workload.get("kind") == "CronJob":
        spec = (spec.get("jobTemplate") or {}).get("spec") or {}
    return spec.get("template") or {}


def _selector(workload: Object) -> Object:
    """The LabelSelector of the pods; a ReplicationController has plain labels and a CronJob none."""
    selector = (workload.get("spec") or {}).get("selector") or {}
    if workload.get("kind") == "CronJob":
        return {"matchLabels": (_template(workload).get("metadata") or {}).get("labels") or {}}
    return {"matchLabels": selector} if workload.get("kind") == "ReplicationController" else selector


def selected_pods(cluster: Cluster, workload: Object) -> list[Object]:
    """All pods that the workload's selector matches, its own and others."""
    text = selector_text(_selector(workload))
    namespace = workload["metadata"]["namespace"]
    return list(cluster.list("v1", "Pod", namespace, labels=text)) if text else []


def own_pods(workload: Object, pods: Sequence[Object]) -> list[Object]:
    """The pods that the workload's controller made."""
    return [pod for pod in pods if owns(workload, pod)]


def owns(workload: Object, pod: Object) -> bool:
    """Whether a pod belongs to the workload, by its controller reference."""
    name, kind = workload["metadata"]["name"], workload["kind"]
    labels = pod["metadata"].get("labels") or {}
    for owner in pod["metadata"].get("ownerReferences") or []:
        if kind == "Deployment":
            if owner["kind"] == "ReplicaSet" and owner["name"] == f"{name}-{labels.get('pod-template-hash')}":
                return True
        elif owner["kind"] == kind and owner["name"] == name:
            return True
    return False

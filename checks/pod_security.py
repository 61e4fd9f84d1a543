"""Pod Security Standards: what runs meets `baseline` or `restricted`, by every rule of the standard.

Judged are the templates of the workloads and the pods that run, as the API server's admission would:
a namespace need not enforce anything. The standard is taken in the version of the cluster.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from pytest_k8sgrade.cluster import Cluster
from pytest_k8sgrade.kube.pod_security import is_doubtful, version_of, violations
from pytest_k8sgrade.kube.pod_spec import Version, Violation
from pytest_k8sgrade.kube.rollout import living, named
from pytest_k8sgrade.outcome import Findings, absent, cannot_tell
from pytest_k8sgrade.services.diagnosis import require_namespace
from pytest_k8sgrade.services.helm import of_release
from pytest_k8sgrade.services.running import workloads

Object = Mapping[str, Any]


def test_meets(
    cluster: Cluster,
    namespace: str,
    standard: Literal["baseline", "restricted"],
    *,
    release: str = "",
    name: str = "",
    kind: Literal["Deployment", "StatefulSet", "DaemonSet"] = "Deployment",
    version: str = "",
) -> None:
    """What runs in namespace {namespace} meets the Pod Security Standard {standard}."""
    held_to = version_of(version or cluster.server_version)
    if held_to is None:
        cannot_tell("server-version-unknown", seen=version or cluster.server_version)
    found, doubts = Findings(), list[tuple[Object, Violation]]()
    for owner, specs in _subjects(cluster, namespace, release, kind if name else "", name):
        broken = [
            (prefix, one, is_doubtful(spec, one, held_to))
            for prefix, spec in specs
            for one in violations(spec, standard, held_to)
        ]
        doubts += [(owner, one) for _, one, doubtful in broken if doubtful]
        certain = [(prefix, one) for prefix, one, doubtful in broken if not doubtful]
        _require(found, owner, certain, standard)
    found.close()
    _require_certain(doubts, held_to)


def _subjects(
    cluster: Cluster, namespace: str, release: str, kind: str, name: str
) -> Iterator[tuple[Object, Sequence[tuple[str, Object]]]]:
    """Workloads with their template and pods, and pods of nobody; Absent when there is nothing."""
    owners = [
        one
        for one in workloads.list_all(cluster, namespace)
        if (not name or (one["kind"], one["metadata"]["name"]) == (kind, name))
        and (not release or of_release(one, release))
    ]
    pods = living(cluster.list("v1", "Pod", namespace))
    alone = (
        []
        if name or release
        else [pod for pod in pods if not any(workloads.owns(one, pod) for one in owners)]
    )
    if not owners and not alone:
        _absent(cluster, namespace, release, kind, name)
    for one in owners:
        own = workloads.own_pods(one, pods)
        yield one, [("spec.template.", one["spec"]["template"]), *(_as_pod(pod) for pod in own)]
    for pod in alone:
        yield pod, [("", pod)]


def _as_pod(pod: Object) -> tuple[str, Object]:
    return f"pod {pod['metadata']['name']}: ", pod


def _absent(cluster: Cluster, namespace: str, release: str, kind: str, name: str) -> None:
    require_namespace(cluster, namespace)
    if name:
        absent("object-absent", kind=kind, namespace=namespace, name=name, found=[])
    if release:
        absent("helm-release-without-workloads", release=release, namespace=namespace)
    absent("pods-absent", seen=0, wanted=1, namespace=namespace, labels={})


def _require(found: Findings, owner: Object, broken: Sequence[tuple[str, Violation]], standard: str) -> None:
    """One workload is one part: the template's fields are told first, those of its pods where it has none."""
    subject = named(owner)
    part = f"{subject['kind'].lower()}/{subject['name']}"
    if not broken:
        found.require(True, "pod-security-violated", part=part)
        return
    prefix, first = broken[0]
    fields = list(dict.fromkeys(f"{one.rule} ({before}{one.field})" for before, one in broken))
    found.require(
        False,
        "pod-security-violated",
        part=part,
        seen=first.found,
        wanted=first.allowed,
        standard=standard,
        rule=first.rule,
        field=prefix + first.field,
        found=first.found,
        allowed=first.allowed,
        fields=fields,
        **subject,
    )


def _require_certain(doubts: Sequence[tuple[Object, Violation]], version: Version) -> None:
    if doubts:
        owner, one = doubts[0]
        shown = ".".join(map(str, version))
        details: dict[str, Any] = {**named(owner), "field": one.field, "rule": one.rule, "version": shown}
        cannot_tell("pod-security-unknown", seen=one.found, **details)

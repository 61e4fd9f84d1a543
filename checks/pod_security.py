"""Pod Security Standards: what runs meets `baseline` or `restricted`, by every rule of the standard.

Judged are the templates of the workloads and the pods that run, as the API server's admission would:
a namespace need not enforce anything. The standard is taken in the version of the cluster.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pytest_k8sgrade.cluster import Cluster
from pytest_k8sgrade.kube.pod_security import Standard, version_of, violations
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
    found = Findings()
    for owner, pods in _subjects(cluster, namespace, release, kind if name else "", name):
        _require(found, owner, list(_broken(owner, pods, standard, held_to)), standard)
    found.close()


@dataclass(frozen=True, slots=True)
class _Broken:
    """A violation, whose it is, and how messages call its field."""

    subject: Object
    field: str
    violation: Violation


def _broken(owner: Object, pods: Sequence[Object], standard: Standard, held_to: Version) -> Iterator[_Broken]:
    """What a workload's template violates, then what its pods do beyond that; or what a lone pod does."""
    told: set[tuple[str, str]] = set()
    template = (owner.get("spec") or {}).get("template")
    subjects = [(owner, template, "spec.template.")] if template else []
    for subject, spec, prefix in [*subjects, *((pod, pod, "") for pod in pods)]:
        for one in violations(spec, standard, held_to):
            if (one.rule, one.field) not in told:
                told.add((one.rule, one.field))
                yield _Broken(subject, prefix + one.field, one)


def _subjects(
    cluster: Cluster, namespace: str, release: str, kind: str, name: str
) -> Iterator[tuple[Object, Sequence[Object]]]:
    """Workloads with their pods, and pods of nobody; Absent when there is nothing."""
    listed = workloads.list_all(cluster, namespace)
    owners = [one for one in listed if _is_meant(one, release, kind, name)]
    pods = living(cluster.list("v1", "Pod", namespace))
    everything = not name and not release
    alone = [pod for pod in pods if everything and not any(workloads.owns(one, pod) for one in owners)]
    if not owners and not alone:
        _absent(cluster, namespace, release, kind, name)
    yield from ((one, workloads.own_pods(one, pods)) for one in owners)
    yield from ((pod, [pod]) for pod in alone)


def _is_meant(workload: Object, release: str, kind: str, name: str) -> bool:
    named_so = (workload["kind"], workload["metadata"]["name"]) == (kind, name)
    return (not name or named_so) and (not release or of_release(workload, release))


def _absent(cluster: Cluster, namespace: str, release: str, kind: str, name: str) -> None:
    require_namespace(cluster, namespace)
    if name:
        absent("object-absent", kind=kind, namespace=namespace, name=name, found=[])
    if release:
        absent("helm-release-without-workloads", release=release, namespace=namespace)
    absent("pods-absent", seen=0, wanted=1, namespace=namespace, labels={})


def _require(found: Findings, owner: Object, broken: Sequence[_Broken], standard: str) -> None:
    """One workload is one part, met when no field of it or of its pods is against the standard."""
    part = f"{owner['kind'].lower()}/{owner['metadata']['name']}"
    if not broken:
        found.require(True, "pod-security-violated", part=part)
        return
    first = broken[0]
    found.require(
        False,
        "pod-security-violated",
        part=part,
        seen=first.violation.found,
        wanted=first.violation.allowed,
        standard=standard,
        rule=first.violation.rule,
        field=first.field,
        found=first.violation.found,
        allowed=first.violation.allowed,
        fields=[one.field for one in broken],
        **named(first.subject),
    )

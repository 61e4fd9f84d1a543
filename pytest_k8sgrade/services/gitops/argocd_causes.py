"""Why Argo CD itself keeps an Application from being compared: a project's rules, a component that is down.

What an Application's conditions call invalid or unreadable has its cause in other objects.
Rules are compared as Argo CD compares them, by patterns with `*`; one that begins with `!` denies.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from pytest_k8sgrade.kube.rollout import Shortfall
from pytest_k8sgrade.services.diagnosis import if_readable
from pytest_k8sgrade.services.gitops.repositories import permits
from pytest_k8sgrade.services.running import workloads

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster
    from pytest_k8sgrade.services.gitops.argocd import Application

_NAME = "app.kubernetes.io/name"


def component_shortfalls(cluster: Cluster, name: str, namespace: str) -> list[Shortfall | None]:
    """What each workload of a component lacks, by its usual name or its label; empty when none is known."""
    for kind in ("StatefulSet", "Deployment"):
        named = if_readable(lambda: cluster.find("apps/v1", kind, name, namespace))  # noqa: B023 - called at once
        if named is not None:
            return [workloads.shortfall(cluster, named)]
    listed = if_readable(lambda: workloads.list_all(cluster, namespace, ("StatefulSet", "Deployment"))) or []
    own = [one for one in listed if (one["metadata"].get("labels") or {}).get(_NAME) == name]
    return [workloads.shortfall(cluster, one) for one in own]


def component_down(cluster: Cluster, name: str, namespace: str) -> Shortfall | None:
    """What keeps a component from running at all; None where it runs or is not known."""
    found = component_shortfalls(cluster, name, namespace)
    return found[0] if found and all(one is not None for one in found) else None


def forbidden(
    project: Mapping[str, Any], app: Application, cluster: Mapping[str, str]
) -> tuple[str, list[str]] | None:
    """The field of an AppProject that leaves out the source or the destination, and what it leaves out.

    `cluster` is the destination's cluster with its name and its address, as far as both are known:
    rules about either of them count, whichever the Application has written.
    """
    spec, destination = project.get("spec"), {**app.destination, **cluster}
    if spec is None:
        return None
    if app.namespace != app.controller and not _serves(spec.get("sourceNamespaces") or [], app.namespace):
        return "spec.sourceNamespaces", [app.namespace]
    for repository in (source.repository for source in app.sources):
        if not permits(spec.get("sourceRepos") or [], repository):
            return "spec.sourceRepos", [repository]
    rules = spec.get("destinations") or []
    if any(_fits(rule, destination) for rule in rules) and not any(
        _denies(rule, destination) for rule in rules
    ):
        return None
    place = destination.get("server") or destination.get("name", "")
    return "spec.destinations", [place, destination.get("namespace", "")]


def _serves(patterns: Sequence[str], namespace: str) -> bool:
    """Whether a namespace is one of those; a regular expression, written between slashes, may be any."""
    return any(
        (len(one) > 1 and one.startswith("/") and one.endswith("/")) or fnmatchcase(namespace, one)
        for one in patterns
    )


def _allowed(pattern: str, value: str) -> bool:
    """Whether a pattern lets a value in; one that denies lets all others in."""
    if pattern.startswith("!"):
        return not fnmatchcase(value, pattern[1:])
    return fnmatchcase(value, pattern)


def _denies(rule: Mapping[str, Any], destination: Mapping[str, str]) -> bool:
    return any(
        str(rule.get(key, "")).startswith("!") and fnmatchcase(destination.get(key, ""), rule[key][1:])
        for key in ("namespace", "server", "name")
    )


def _fits(rule: Mapping[str, Any], destination: Mapping[str, str]) -> bool:
    """Whether a rule allows the namespace and the cluster, which either has a name or an address."""
    cluster = [key for key in ("server", "name") if destination.get(key)]
    place = any(_allowed(str(rule.get(key) or ""), destination[key]) for key in cluster)
    return place and _allowed(str(rule.get("namespace") or ""), destination.get("namespace", ""))

"""A chart of one's own, judged from what its release has stored: the chart's files are not in the cluster.

The manifest of the newest revision says what the chart makes, its record which dependencies and values
it was made with. `applied` is the other half: what runs carries what the manifest says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, NoReturn, cast

from pytest_k8sgrade.cluster import Cluster
from pytest_k8sgrade.cluster.masking import MASK
from pytest_k8sgrade.kube.applied import Difference, differences
from pytest_k8sgrade.kube.rollout import living, named
from pytest_k8sgrade.outcome import Findings, cannot_tell, unmet
from pytest_k8sgrade.services.diagnosis import if_readable
from pytest_k8sgrade.services.helm import Revision, value_of
from pytest_k8sgrade.services.helm_dependencies import Dependencies
from pytest_k8sgrade.services.helm_releases import documents, installed_revision, require_value
from pytest_k8sgrade.services.running import configured, workloads
from pytest_k8sgrade.services.running.configured import (
    Written,
    require_amounts,
    require_image,
    require_port,
    require_replicas,
)
from pytest_k8sgrade.services.running.hardened import (
    require_context,
    require_dropped,
    require_mounts,
    require_probes,
)

Kind = Literal["Deployment", "StatefulSet", "DaemonSet"]
Object = Mapping[str, Any]


def test_dependencies(
    cluster: Cluster,
    release: str,
    namespace: str,
    dependencies: dict[str, str],
    *,
    off_by: dict[str, str] | None = None,
) -> None:
    """The chart of the Helm release {release} declares its dependencies."""
    revision = installed_revision(cluster, release, namespace)
    record, found = revision.record(), Findings()
    where: dict[str, Any] = {"release": release, "namespace": namespace}
    known, off = Dependencies.of(record), off_by or {}
    unseen = [name for name in dependencies if known.is_hidden(name) and _is_off(record, off.get(name))]
    for name, version in dependencies.items():
        if name in unseen:
            continue
        if known.require(found, name, version, where) and name in off:
            value = value_of(record, off[name])
            found.require(
                value is False and name not in known.enabled,
                "helm-dependency-enabled",
                part=f"{name} off",
                seen=value,
                wanted=False,
                dependency=name,
                path=off[name],
                found=value,
                **where,
            )
    if not unseen or len(unseen) < len(dependencies):
        found.close()
    if unseen:
        cannot_tell("helm-dependencies-unseen", dependencies=unseen, seen=None, **where)


def _is_off(record: Object, path: str | None) -> bool:
    return path is not None and value_of(record, path) is False


def test_values(cluster: Cluster, release: str, namespace: str, values: dict[str, str]) -> None:
    """The Helm release {release} was made with the values that were asked for."""
    record, found = installed_revision(cluster, release, namespace).record(), Findings()
    for path, asked in values.items():
        require_value(found, record, path, asked, {"release": release, "namespace": namespace})
    found.close()


def test_workload(
    cluster: Cluster,
    release: str,
    namespace: str,
    *,
    name: str = "",
    kind: Kind = "Deployment",
    container: str = "",
    image: str = "",
    port: int | None = None,
    port_name: str = "",
    min_replicas: int | None = None,
    max_replicas: int | None = None,
    requests: dict[str, str] | None = None,
    limits: dict[str, str] | None = None,
) -> None:
    """The chart of the Helm release {release} makes its {kind} as asked."""
    written = _written(installed_revision(cluster, release, namespace), kind, name)
    require_replicas(written, min_replicas, max_replicas)
    chosen = configured.container(written, container, image)
    if chosen is not None:
        require_image(written, chosen, image)
        require_port(written, chosen, port, port_name)
        require_amounts(written, chosen, "requests", requests or {})
        require_amounts(written, chosen, "limits", limits or {})
    written.found.close()


def test_probes(
    cluster: Cluster,
    release: str,
    namespace: str,
    probes: dict[str, str],
    *,
    port: str = "",
    name: str = "",
    kind: Kind = "Deployment",
    container: str = "",
) -> None:
    """The chart of the Helm release {release} gives its {kind} the probes that were asked for."""
    written = _written(installed_revision(cluster, release, namespace), kind, name)
    chosen = configured.container(written, container)
    if chosen is not None:
        require_probes(written, chosen, probes, port)
    written.found.close()


def test_security(
    cluster: Cluster,
    release: str,
    namespace: str,
    *,
    context: dict[str, str | int | bool] | None = None,
    drop: list[str] | None = None,
    name: str = "",
    kind: Kind = "Deployment",
) -> None:
    """The chart of the Helm release {release} gives its containers the security context asked for."""
    written = _written(installed_revision(cluster, release, namespace), kind, name)
    require_context(written, context or {})
    require_dropped(written, drop or [])
    written.found.close()


def test_mounts(
    cluster: Cluster,
    release: str,
    namespace: str,
    mounts: dict[str, str],
    *,
    name: str = "",
    kind: Kind = "Deployment",
    container: str = "",
) -> None:
    """The chart of the Helm release {release} mounts the volumes that were asked for."""
    written = _written(installed_revision(cluster, release, namespace), kind, name)
    chosen = configured.container(written, container)
    if chosen is not None:
        require_mounts(written, chosen, mounts)
    written.found.close()


def _written(revision: Revision, kind: str, name: str) -> Written:
    """A workload of the manifest: the named one, else the only one of its kind."""
    made = [one for one in documents(revision) if one.get("kind") == kind]
    chosen = [one for one in made if one["metadata"].get("name") == name] or (made if len(made) == 1 else [])
    if not chosen:
        _without(revision, kind, name, [str(one["metadata"].get("name")) for one in made])
    workload = chosen[0]
    return Written(workload, {**named(workload), "release": revision.release}, Findings(), "chart")


def _without(revision: Revision, kind: str, name: str, found: list[str]) -> NoReturn:
    unmet(
        "helm-manifest-without",
        seen=found,
        wanted=name or kind,
        kind=kind,
        name=name or "-",
        found=found,
        release=revision.release,
        namespace=revision.namespace,
        revision=revision.number,
    )


def test_applied(cluster: Cluster, release: str, namespace: str) -> None:
    """What runs is what the manifest of the Helm release {release} says."""
    revision = installed_revision(cluster, release, namespace)
    made = [one for one in documents(revision) if one.get("kind") in workloads.KINDS]
    if not made:
        _without(revision, "Deployment", "", [])
    found = Findings()
    for one in made:
        _require_applied(cluster, found, revision, one)
    found.close()


def _require_applied(cluster: Cluster, found: Findings, revision: Revision, made: Object) -> None:
    subject = {**named(made), "release": revision.release, "revision": revision.number}
    part = f"{made['kind'].lower()}/{subject['name']}"
    kind = cast("workloads.WorkloadKind", made["kind"])
    live = cluster.find("apps/v1", kind, subject["name"], subject["namespace"])
    if live is None:
        found.require(False, "helm-object-gone", part=part, seen=None, wanted=part, **subject)
        return
    asked = dict(made.get("spec") or {})
    if _is_autoscaled(cluster, live):
        asked.pop("replicas", None)
    _require_same(found, "helm-object-differs", part, list(_compared(asked, live["spec"], "spec")), subject)
    pods = living(workloads.own_pods(live, workloads.selected_pods(cluster, live)))
    if pods:
        missing = workloads.shortfall(cluster, live)
        early = missing is not None and missing.early
        template = (asked.get("template") or {}).get("spec") or {}
        _require_pods(found, part, template, pods, subject, early=early)
    elif asked.get("replicas") != 0:
        found.require(False, "workload-without-pods", part=f"{part} pods", seen=0, wanted=1, **subject)


def _require_pods(
    found: Findings,
    part: str,
    asked: Object,
    pods: Sequence[Object],
    subject: Mapping[str, Any],
    *,
    early: bool,
) -> None:
    """All pods are one part; the first that differs is told. During a rollout older ones are still there."""
    differing = ((pod, broken) for pod in pods if (broken := list(_compared(asked, pod["spec"], "spec"))))
    pod, broken = next(differing, (pods[0], []))
    told = {**subject, "pod": pod["metadata"]["name"]}
    _require_same(found, "helm-pod-differs", part, broken, told, early=early)


def _compared(asked: Any, has: Any, path: str) -> Iterator[Difference]:
    return differences(asked, has, path, unknown=(MASK,))


def _require_same(
    found: Findings,
    reason: str,
    part: str,
    broken: list[Difference],
    subject: Mapping[str, Any],
    *,
    early: bool = False,
) -> None:
    if not broken:
        found.require(True, reason, part=f"{part} {reason}")
        return
    first = broken[0]
    found.require(
        False,
        reason,
        part=f"{part} {reason}",
        seen=first.found,
        wanted=first.asked,
        field=first.field,
        found=first.found,
        asked=first.asked,
        fields=[one.field for one in broken],
        early=early,
        **subject,
    )


def _is_autoscaled(cluster: Cluster, live: Object) -> bool:
    """Whether an autoscaler sets the number of replicas, which is then nobody's deviation."""
    own = (live["kind"], live["metadata"]["name"])
    scalers = if_readable(
        lambda: cluster.list("autoscaling/v2", "HorizontalPodAutoscaler", live["metadata"]["namespace"])
    )
    targets = [one["spec"].get("scaleTargetRef") or {} for one in scalers or []]
    return any((target.get("kind"), target.get("name")) == own for target in targets)

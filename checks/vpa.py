"""VerticalPodAutoscalers: installed, configured, recommending, and applied to running pods.

A recommendation is not its application: `recommends` asks for numbers of now, `applied`
compares them with what the pods have. Pods may get them by eviction, at their creation
or in place, so no new pod name and no restart is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_k8sgrade.cluster import Cluster
from pytest_k8sgrade.kube import autoscalers, verticals
from pytest_k8sgrade.kube.conditions import condition
from pytest_k8sgrade.kube.quantity import parse_quantity
from pytest_k8sgrade.kube.rollout import named
from pytest_k8sgrade.outcome import Findings, unmet
from pytest_k8sgrade.services.autoscalers import autoscaling, node_scaling, vertical, vertical_effect
from pytest_k8sgrade.services.diagnosis import if_readable
from pytest_k8sgrade.services.established import require_established
from pytest_k8sgrade.services.fields import require_equal, require_that
from pytest_k8sgrade.services.running import workloads

CRD = "verticalpodautoscalers.autoscaling.k8s.io"
SYSTEM = "kube-system"


def _get(cluster: Cluster, name: str, namespace: str) -> dict[str, Any]:
    return cluster.get(vertical.API_VERSION, vertical.KIND, name, namespace)


def test_installed(cluster: Cluster, namespace: str = SYSTEM) -> None:
    """The three programs of the VPA run, and its webhook is registered."""
    found = Findings()
    require_established(cluster, found, CRD)
    for part in vertical.COMPONENTS:
        program = vertical.component(cluster, namespace, part)
        if program is None:
            found.require(
                False, "vpa-component-absent", part=part, wanted=part, component=part, namespace=namespace
            )
        else:
            workloads.require(found, workloads.shortfall(cluster, program), part)
    missing = vertical.webhook_shortfall(cluster)
    found.require(
        missing is None,
        missing.reason if missing else "vpa-webhook-absent",
        part="webhook",
        wanted=vertical.WEBHOOK_NAME,
        webhook=missing.webhook if missing else vertical.WEBHOOK,
        namespace=namespace,
    )
    found.close()


def test_configured(
    cluster: Cluster,
    name: str,
    namespace: str,
    *,
    target: str,
    target_kind: str = "Deployment",
    update_modes: list[str] | None = None,
    container: str = "*",
    min_allowed: dict[str, str] | None = None,
    max_allowed: dict[str, str] | None = None,
    controlled_resources: list[str] | None = None,
) -> None:
    """The VerticalPodAutoscaler {name} has the target, mode and limits that were asked for."""
    vpa = _get(cluster, name, namespace)
    subject, found, ref = named(vpa), Findings(), verticals.target_ref(vpa)
    has = f"{ref.get('kind')}/{ref.get('name')}" if ref else None
    require_equal(found, subject, "spec.targetRef", has, f"{target_kind}/{target}")
    if update_modes:
        mode = verticals.update_mode(vpa)
        require_that(
            found,
            subject,
            "spec.updatePolicy.updateMode",
            mode,
            update_modes,
            met=verticals.is_one_of(mode, update_modes),
        )
    policy, field = verticals.container_policy(vpa, container), "spec.resourcePolicy.containerPolicies"
    for side, asked in (("minAllowed", min_allowed), ("maxAllowed", max_allowed)):
        for resource, amount in (asked or {}).items():
            value = (policy.get(side) or {}).get(resource)
            same = value is not None and parse_quantity(value) == parse_quantity(amount)
            require_that(found, subject, f"{field}[{container}].{side}.{resource}", value, amount, met=same)
    if controlled_resources is not None:
        own = sorted(verticals.controlled(vpa, container))
        require_equal(
            found, subject, f"{field}[{container}].controlledResources", own, sorted(controlled_resources)
        )
    found.close()


def test_recommends(cluster: Cluster, name: str, namespace: str, system: str = SYSTEM) -> None:
    """The VerticalPodAutoscaler {name} recommends requests for every container of its target."""
    vpa = _get(cluster, name, namespace)
    vertical.require_recommendation(cluster, vpa, system)
    found, have = Findings(), verticals.recommendations(vpa)
    target = if_readable(lambda: vertical.target_of(cluster, vpa))
    expected = vertical.controlled_containers(vpa, target) if target else []
    for container in sorted(expected or have):
        found.require(
            container in have,
            "vpa-container-without-recommendation",
            part=f"container/{container}",
            seen=sorted(have),
            wanted=container,
            container=container,
            **vertical.details(vpa),
        )
    found.close()
    provided = condition(vpa, "RecommendationProvided")
    cluster.held_since(provided.since if provided else None)


def test_applied(cluster: Cluster, name: str, namespace: str, system: str = SYSTEM) -> None:
    """The pods of the target of {name} have the requests that it recommends."""
    vpa = _get(cluster, name, namespace)
    vertical.require_recommendation(cluster, vpa, system)
    found, subject, mode = Findings(), vertical.details(vpa), verticals.update_mode(vpa)
    found.require(True, "vpa-no-recommendation", part="recommendation")
    reason = "vpa-mode-off" if mode == "Off" else "vpa-mode-unknown"
    for part, weight in (("mode", 1), ("pods", 2)) if mode not in verticals.APPLYING_MODES else ():
        wanted = sorted(verticals.APPLYING_MODES)
        found.require(False, reason, part=part, weight=weight, seen=mode, wanted=wanted, **subject)
    if mode in verticals.APPLYING_MODES:
        found.require(True, reason, part="mode")
        _require_applied(cluster, found, vpa, system)
    found.close()


def _require_applied(cluster: Cluster, found: Findings, vpa: Mapping[str, Any], system: str) -> None:
    target = vertical.target_of(cluster, vpa)
    pods = vertical_effect.pods_of(cluster, target)
    if not pods:
        unmet("vpa-no-pods-matched", seen=0, wanted=1, **vertical.details(vpa))
    asked = verticals.requests_of({"spec": workloads.pod_template(target)})
    ordered = sorted(pods, key=lambda one: str(one["metadata"]["name"]))
    found_in = [(pod, vertical_effect.difference(cluster, vpa, pod, asked)) for pod in ordered]
    least = vertical.least_pods(cluster, vpa, system) if any(wrong for _, wrong in found_in) else 0
    at = vertical_effect.Looked(vpa, target, pods, system, least)
    subject = {**vertical.details(vpa), "replicas": len(pods), "system": system, "least": least}
    for pod, wrong in found_in:
        part = f"pod/{pod['metadata']['name']}"
        own = {**subject, "pod": pod["metadata"]["name"]}
        if wrong is None:
            _require_scheduled(cluster, found, pod, part, 2 / len(pods), own)
            continue
        why, early, facts = vertical_effect.why_not_applied(cluster, at, pod, wrong)
        found.require(
            False,
            why,
            part=part,
            weight=2 / len(pods),
            seen=wrong.has,
            wanted=wrong.recommended,
            early=early,
            **wrong.params,
            **facts,
            **own,
        )


def _require_scheduled(
    cluster: Cluster,
    found: Findings,
    pod: Mapping[str, Any],
    part: str,
    weight: float,
    params: dict[str, Any],
) -> None:
    """Numbers that no node has room for help nobody."""
    since = node_scaling.unschedulable_since(pod)
    early = since is not None and cluster.now - since < vertical_effect.FIRST_UPDATE
    met = not node_scaling.unschedulable(pod)
    requests = verticals.requests_of(pod)
    text = [
        f"{name}: {resource} {amount}" for name, own in requests.items() for resource, amount in own.items()
    ]
    found.require(
        met, "vpa-pod-unschedulable", part=part, weight=weight, early=early, requests=text, **params
    )


def test_no_conflict(cluster: Cluster, name: str, namespace: str, *, alone: bool = False) -> None:
    """Nothing else scales the target of {name} by the resources that it controls.

    A VPA in mode Off only recommends and is no rival, unless {alone} asks that there be no other at all.
    """
    vpa = _get(cluster, name, namespace)
    target, found, subject = vertical.target_of(cluster, vpa), Findings(), vertical.details(vpa)
    acting = verticals.update_mode(vpa) != "Off"
    containers = vertical.controlled_containers(vpa, target) if acting else []
    others = [
        one
        for one in cluster.list(autoscaling.API_VERSION, autoscaling.KIND, namespace)
        if _same_target(one["spec"].get("scaleTargetRef") or {}, vpa)
    ]
    clashing = {
        one["metadata"]["name"]: sorted(
            {metric.name for metric in autoscalers.asked_metrics(one) if _shared(metric, vpa, containers)}
        )
        for one in others
    }
    rivals = [
        one["metadata"]["name"]
        for one in cluster.list(vertical.API_VERSION, vertical.KIND, namespace)
        if one["metadata"]["name"] != name
        and (alone or (acting and verticals.update_mode(one) != "Off"))
        and _same_target(verticals.target_ref(one), vpa)
    ]
    hpas = sorted(one for one, resources in clashing.items() if resources)
    resources = sorted({resource for both in clashing.values() for resource in both})
    found.require(
        not hpas,
        "vpa-hpa-conflict",
        part="hpa",
        seen=hpas,
        wanted=[],
        others=hpas,
        resources=resources,
        **subject,
    )
    found.require(
        not rivals, "vpa-rival", part="vpa", seen=rivals, wanted=[], others=sorted(rivals), **subject
    )
    found.close()


def _shared(metric: autoscalers.Metric, vpa: Mapping[str, Any], containers: list[str]) -> bool:
    """Whether the metric measures a request that the VPA sets; one of a container measures only that one."""
    if metric.type not in ("Resource", "ContainerResource"):
        return False
    measured = [one for one in containers if metric.container in ("", one)]
    return any(metric.name in verticals.controlled(vpa, one) for one in measured)


def _same_target(ref: Mapping[str, str], vpa: Mapping[str, Any]) -> bool:
    own = verticals.target_ref(vpa)
    return (ref.get("kind"), ref.get("name")) == (own.get("kind"), own.get("name"))

"""VerticalPodAutoscalers: installed, configured, recommending, and applied to running pods.

A recommendation is not its application: `recommends` asks for numbers of now, `applied`
compares them with what the pods have. Pods may get them by eviction, at their creation
or in place, so no new pod name and no restart is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pytest_k8sgrade.cluster import Cluster
from pytest_k8sgrade.kube import autoscalers, verticals
from pytest_k8sgrade.kube.conditions import condition
from pytest_k8sgrade.kube.quantity import parse_quantity
from pytest_k8sgrade.kube.rollout import living, named
from pytest_k8sgrade.outcome import Findings, unmet
from pytest_k8sgrade.services.autoscalers import autoscaling, vertical
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
        missing or "vpa-webhook-absent",
        part="webhook",
        wanted=vertical.WEBHOOK,
        webhook=vertical.WEBHOOK,
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
            found, subject, "spec.updatePolicy.updateMode", mode, update_modes, met=mode in update_modes
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
    pods = living(workloads.selected_pods(cluster, target))
    if not pods:
        unmet("vpa-no-pods-matched", seen=0, wanted=1, **vertical.details(vpa))
    asked = verticals.requests_of({"spec": workloads.pod_template(target)})
    for pod in sorted(pods, key=lambda one: str(one["metadata"]["name"])):
        wrong = _first_difference(vpa, pod, asked)
        why, early = (
            _why(cluster, vpa, pods, pod, wrong, system) if wrong is not None else ("vpa-not-applied", False)
        )
        params = {**vertical.details(vpa), **(wrong or {}), "replicas": len(pods), "system": system}
        found.require(
            wrong is None,
            why,
            part=f"pod/{pod['metadata']['name']}",
            weight=2 / len(pods),
            seen=params.get("has"),
            wanted=params.get("recommended"),
            early=early,
            least=verticals.min_replicas(vpa),
            **params,
        )


def _why(
    cluster: Cluster,
    vpa: Mapping[str, Any],
    pods: Sequence[Mapping[str, Any]],
    pod: Mapping[str, Any],
    wrong: Mapping[str, Any],
    system: str,
) -> tuple[str, bool]:
    if not wrong["controlled"]:
        return "vpa-controls-nothing", False
    if wrong["recommended"] is None:
        return "vpa-container-without-recommendation", False
    return vertical.why_not_applied(cluster, vpa, pods, pod, unchanged=wrong["unchanged"], system=system)


def _first_difference(
    vpa: Mapping[str, Any], pod: Mapping[str, Any], asked: Mapping[str, Mapping[str, str]]
) -> dict[str, Any] | None:
    """The first controlled request of a pod that no VPA has set, None when all of them were.

    A request was set by the VPA if it equals the recommendation, or if it differs from the
    template's and lies within the bounds: recommendations move on after they were applied.
    """
    advice, first = verticals.recommendations(vpa), None
    compared = [
        (container, resource, text)
        for container, requests in sorted(verticals.requests_of(pod).items())
        for resource in verticals.controlled(vpa, container)
        for text in [requests.get(resource)]
        if container not in advice or resource in advice[container].target
    ]
    for container, resource, text in compared:
        own = advice.get(container)
        amount = parse_quantity(text) if text is not None else None
        within = own is not None and amount is not None and own.allows(resource, amount)
        template = verticals.amounts(asked.get(container)).get(resource)
        if own is not None and (amount == own.target[resource] or (within and amount != template)):
            continue
        first = first or {
            "container": container,
            "resource": resource,
            "has": text,
            "recommended": _written(vpa, container, resource) if own is not None else None,
            "unchanged": within,
        }
    if compared and first is None:
        return None
    nothing = {"container": "*", "resource": "-", "has": None, "recommended": None, "unchanged": False}
    return {"pod": pod["metadata"]["name"], "controlled": bool(compared), **(first or nothing)}


def _written(vpa: Mapping[str, Any], container: str, resource: str) -> str:
    """The recommendation as the object writes it."""
    listed = vpa["status"]["recommendation"]["containerRecommendations"]
    return str(next(one["target"][resource] for one in listed if one["containerName"] == container))


def test_no_conflict(cluster: Cluster, name: str, namespace: str) -> None:
    """Nothing else scales the target of {name} by the resources that it controls."""
    vpa = _get(cluster, name, namespace)
    target, found, subject = vertical.target_of(cluster, vpa), Findings(), vertical.details(vpa)
    containers = vertical.controlled_containers(vpa, target) if verticals.update_mode(vpa) != "Off" else []
    own = {resource for one in containers for resource in verticals.controlled(vpa, one)}
    others = [
        one
        for one in cluster.list(autoscaling.API_VERSION, autoscaling.KIND, namespace)
        if _same_target(one["spec"].get("scaleTargetRef") or {}, vpa)
    ]
    clashing = {
        one["metadata"]["name"]: sorted(
            {metric.name for metric in autoscalers.asked_metrics(one) if _resource(metric)} & own
        )
        for one in others
    }
    rivals = [
        one["metadata"]["name"]
        for one in cluster.list(vertical.API_VERSION, vertical.KIND, namespace)
        if one["metadata"]["name"] != name and _same_target(verticals.target_ref(one), vpa)
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


def _resource(metric: autoscalers.Metric) -> bool:
    return metric.type in ("Resource", "ContainerResource")


def _same_target(ref: Mapping[str, str], vpa: Mapping[str, Any]) -> bool:
    own = verticals.target_ref(vpa)
    return (ref.get("kind"), ref.get("name")) == (own.get("kind"), own.get("name"))

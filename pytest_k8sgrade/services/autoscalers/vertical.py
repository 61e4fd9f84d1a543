"""Why a VerticalPodAutoscaler recommends nothing, or why a pod does not get what it recommends.

Three programs do the work: the recommender writes the numbers, the updater evicts or
resizes pods, the admission controller's webhook puts the numbers into new ones. The
object alone says little of which of them is missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NoReturn

from pytest_k8sgrade.kube import verticals
from pytest_k8sgrade.kube.conditions import Condition, conditions
from pytest_k8sgrade.kube.duration import format_duration
from pytest_k8sgrade.kube.rollout import rollout_shortfall
from pytest_k8sgrade.kube.selectors import controller
from pytest_k8sgrade.kube.times import parse_time
from pytest_k8sgrade.outcome import absent, hopeless, too_early, unmet
from pytest_k8sgrade.services.diagnosis import if_readable, if_recorded
from pytest_k8sgrade.services.metrics import metrics_api
from pytest_k8sgrade.services.running import workloads
from pytest_k8sgrade.services.running.backends import ready_addresses

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster

Object = Mapping[str, Any]

API_VERSION, KIND = "autoscaling.k8s.io/v1", "VerticalPodAutoscaler"
WEBHOOK = "vpa-webhook-config"
WEBHOOK_NAME = "vpa.k8s.io"
"""What the webhook is called within its configuration, whose own name charts choose."""
_WEBHOOKS, _WEBHOOK_KIND = "admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration"
COMPONENTS: Mapping[str, tuple[str, ...]] = {
    "recommender": ("vpa-recommender", "vertical-pod-autoscaler-recommender"),
    "updater": ("vpa-updater", "vertical-pod-autoscaler-updater"),
    "admission-controller": ("vpa-admission-controller", "vertical-pod-autoscaler-admission-controller"),
}
"""The Deployments' names by upstream's manifests and by the usual charts."""
DEFAULT_RECOMMENDER = "default"
DEFAULT_LEAST_PODS = 2
"""The updater's own default: it neither evicts nor resizes an only pod."""
FIRST_NUMBERS = timedelta(minutes=5)
"""The recommender writes every minute, once metrics-server has seen the pods for some."""


def details(vpa: Object) -> dict[str, Any]:
    """What every message about a VPA may name."""
    ref, metadata = verticals.target_ref(vpa), vpa["metadata"]
    return {
        "namespace": metadata.get("namespace", ""),
        "name": metadata.get("name", ""),
        "target_kind": ref.get("kind", ""),
        "target": ref.get("name", ""),
        "mode": verticals.update_mode(vpa),
    }


def target_of(cluster: Cluster, vpa: Object) -> Object:
    """The workload whose pods are meant; Absent when it is not there."""
    found = _target_or_none(cluster, vpa)
    if found is None:
        absent("vpa-target-absent", seen=None, wanted=verticals.target_ref(vpa).get("name"), **details(vpa))
    return found


def component(cluster: Cluster, namespace: str, part: str) -> Object | None:
    """One of the three programs' Deployments, by its name or its component label."""
    for name in COMPONENTS[part]:
        named = cluster.find("apps/v1", "Deployment", name, namespace)
        if named is not None:
            return named
    labelled = cluster.list("apps/v1", "Deployment", namespace, labels={"app.kubernetes.io/component": part})
    own = [one for one in labelled if _component_label(one) == part]
    return min(own, key=lambda one: str(one["metadata"]["name"]), default=None)


def _component_label(item: Object) -> str | None:
    return (item["metadata"].get("labels") or {}).get("app.kubernetes.io/component")


def component_down(cluster: Cluster, namespace: str, part: str, *, managed: bool = False) -> bool:
    """Whether one of the programs is known to be missing or not ready; a doubt is no.

    `managed` says that it has left traces: then it runs out of sight where it has no Deployment.
    """
    found = if_readable(lambda: [component(cluster, namespace, part)])
    if not found or (found[0] is None and managed):
        return False
    return found[0] is None or rollout_shortfall(found[0]) is not None


def least_pods(cluster: Cluster, vpa: Object, namespace: str) -> int:
    """How many pods there must be before one is changed, by the VPA or by the updater's option."""
    updater = if_readable(lambda: component(cluster, namespace, "updater"))
    in_place = verticals.update_mode(vpa) in verticals.IN_PLACE_MODES
    if in_place and updater and workloads.flag(updater, "--in-place-skip-disruption-budget"):
        return 0
    own = verticals.min_replicas(vpa)
    if own is not None:
        return own
    asked = workloads.option(updater, "--min-replicas") if updater else ""
    return int(asked) if asked.isdecimal() else DEFAULT_LEAST_PODS


def require_recommendation(cluster: Cluster, vpa: Object, system: str) -> None:
    """Unmet, with its cause, unless there are numbers of now for at least one container."""
    said = conditions(vpa)
    unsupported = said.get("ConfigUnsupported")
    if unsupported is not None and unsupported.true:
        _explain_unsupported(cluster, vpa)
    unmatched = said.get("NoPodsMatched")
    if unmatched is not None and unmatched.true:
        _explain_no_pods(cluster, vpa)
    provided = said.get("RecommendationProvided")
    if provided is None or not provided.true or not verticals.recommendations(vpa):
        _explain_no_numbers(cluster, vpa, provided, system)


def _explain_unsupported(cluster: Cluster, vpa: Object) -> NoReturn:
    """Said of a target that is not there, of a part of something else, and of what is no workload."""
    target = if_readable(lambda: [_target_or_none(cluster, vpa)])
    seen, name, subject = "ConfigUnsupported", verticals.target_ref(vpa).get("name"), details(vpa)
    if target == [None]:
        unmet("vpa-target-absent", seen=seen, wanted=name, **subject)
    owner = controller(target[0]) if target and target[0] else None
    if owner is not None:
        part = {"owner_kind": owner.get("kind", ""), "owner": owner.get("name", "")}
        hopeless("vpa-target-owned", seen=seen, wanted=owner.get("name"), **part, **subject)
    hopeless("vpa-config-unsupported", seen=seen, wanted=None, **subject)


def _explain_no_pods(cluster: Cluster, vpa: Object) -> NoReturn:
    target = if_readable(lambda: [_target_or_none(cluster, vpa)])
    reason = "vpa-no-pods-matched"
    if target == [None]:
        reason = "vpa-target-absent"
    elif target and target[0] and (target[0].get("spec") or {}).get("replicas") == 0:
        reason = "vpa-target-at-zero"
    unmet(reason, seen="NoPodsMatched", wanted=verticals.target_ref(vpa).get("name"), **details(vpa))


def _target_or_none(cluster: Cluster, vpa: Object) -> Object | None:
    ref = verticals.target_ref(vpa)
    api_version, kind = ref.get("apiVersion") or "apps/v1", ref.get("kind", "Deployment")
    name = ref.get("name", "")
    return cluster.find(api_version, kind, name, vpa["metadata"].get("namespace", "")) if name else None


def _explain_no_numbers(cluster: Cluster, vpa: Object, provided: Condition | None, system: str) -> NoReturn:
    created = parse_time(vpa["metadata"].get("creationTimestamp"))
    age = cluster.now - created if created is not None else None
    subject = {**details(vpa), "system": system, "age": format_duration(age) if age is not None else "-"}
    seen = provided.status if provided is not None else None
    if _controls_nothing(cluster, vpa):
        unmet("vpa-controls-no-container", seen="Off", wanted="Auto", **subject)
    others = verticals.recommenders(vpa)
    if others and DEFAULT_RECOMMENDER not in others and not conditions(vpa):
        say = too_early if age is None or age <= FIRST_NUMBERS else unmet
        say("vpa-other-recommender", seen=others, wanted=DEFAULT_RECOMMENDER, others=others, **subject)
    if component_down(cluster, system, "recommender", managed=bool(conditions(vpa))):
        unmet("vpa-recommender-down", seen=seen, wanted="RecommendationProvided", **subject)
    api = if_readable(lambda: [metrics_api.registered(cluster, metrics_api.RESOURCE)])
    if api and (api[0] is None or not api[0].available):
        unmet("vpa-metrics-api-down", seen=seen, wanted="RecommendationProvided", **subject)
    if not conditions(vpa) and age is not None and age > FIRST_NUMBERS:
        unmet("vpa-recommender-down", seen=seen, wanted="RecommendationProvided", **subject)
    say = too_early if age is None or age <= FIRST_NUMBERS else unmet
    say("vpa-no-recommendation", seen=seen, wanted="RecommendationProvided", **subject)


def _controls_nothing(cluster: Cluster, vpa: Object) -> bool:
    """Whether the policies are known to leave every container of the target alone."""
    target = if_readable(lambda: target_of(cluster, vpa))
    if target is None or not workloads.pod_template(target).get("containers"):
        return False
    return not controlled_containers(vpa, target)


def controlled_containers(vpa: Object, target: Object) -> list[str]:
    """The containers of the target that the policies do not switch off."""
    names = [one["name"] for one in workloads.pod_template(target).get("containers") or []]
    return [name for name in names if verticals.controlled(vpa, name)]


@dataclass(frozen=True, slots=True)
class WebhookFault:
    """The message for a webhook that is missing or calls nobody, and its name."""

    reason: str
    webhook: str


def _webhook(cluster: Cluster) -> Object | None:
    """The VPA's webhook: by the name that the program gives it, or by what charts call into it."""
    named = cluster.find(_WEBHOOKS, _WEBHOOK_KIND, WEBHOOK)
    if named is not None:
        return named
    none: list[dict[str, Any]] = []
    listed = if_recorded(lambda: cluster.list(_WEBHOOKS, _WEBHOOK_KIND), none)
    own = [item for item in listed if any(_is_called_vpa(one) for one in item.get("webhooks") or [])]
    return min(own, key=lambda item: str(item["metadata"]["name"]), default=None)


def _is_called_vpa(webhook: Object) -> bool:
    return webhook.get("name") == WEBHOOK_NAME


def webhook_shortfall(cluster: Cluster) -> WebhookFault | None:
    """What is wrong with the webhook, None when it works."""
    webhook = _webhook(cluster)
    if webhook is None:
        return WebhookFault("vpa-webhook-absent", WEBHOOK)
    calls = [one.get("clientConfig") or {} for one in webhook.get("webhooks") or []]
    services = [call["service"] for call in calls if call.get("service")]
    if not calls or any(not _answers(cluster, service) for service in services):
        return WebhookFault("vpa-webhook-without-backend", webhook["metadata"]["name"])
    return None


def _answers(cluster: Cluster, service: Mapping[str, str]) -> bool:
    found = cluster.find("v1", "Service", service["name"], service["namespace"])
    return found is not None and bool(ready_addresses(cluster, found))

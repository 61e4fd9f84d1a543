"""Whether KEDA has taken a ScaledObject, and the cause when it has not.

Ready alone says little: it is True before the first look at the triggers, while
scaling is paused, and while a fallback hides a failing trigger. An autoscaler that is
switched off at zero is KEDA's normal state, not a fault.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

from pytest_k8sgrade.kube import scaled_objects
from pytest_k8sgrade.kube.conditions import Condition, condition, conditions
from pytest_k8sgrade.kube.objects import spec_of
from pytest_k8sgrade.kube.times import parse_time
from pytest_k8sgrade.outcome import Absent, absent, hopeless, too_early, unmet
from pytest_k8sgrade.services.autoscalers import autoscaling, triggers
from pytest_k8sgrade.services.diagnosis import if_readable, require_known, require_lasting
from pytest_k8sgrade.services.metrics import adapter, metrics_api
from pytest_k8sgrade.services.metrics.api_services import ApiService

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster

Object = Mapping[str, Any]
BackedApi: TypeAlias = metrics_api.MetricsApi | ApiService

API_VERSION, KIND, JOB_KIND = "keda.sh/v1alpha1", "ScaledObject", "ScaledJob"
_ABSENT = {KIND: "keda-scaledobject-absent", JOB_KIND: "keda-job-absent"}
METRICS_SERVICE = "keda-operator-metrics-apiserver"
PROGRAM, METRICS_PROGRAM = "keda", "keda-metrics-apiserver"
"""The names of KEDA's images, whatever its objects are called."""
_KEDA_LABELS = frozenset({"keda", "keda-operator", "keda-metrics-apiserver", METRICS_SERVICE})
FIRST_LOOK = timedelta(seconds=60)
"""The operator looks at a new object's triggers at once; its first round takes some seconds."""
READY_REASONS = frozenset({"ScaledObjectReady"})
ACTIVE_REASONS = frozenset({"ScalerActive", "ScalerNotActive", "ScalerCooldown"})


def get(cluster: Cluster, name: str, namespace: str) -> Object:
    """The ScaledObject; Absent with what KEDA's admission webhook refuses."""
    return get_lasting(cluster, KIND, name, namespace)


def get_lasting(cluster: Cluster, kind: str, name: str, namespace: str) -> Object:
    """An object of KEDA's that is not being deleted; Absent in words of its own where there is none."""
    try:
        scaled = cluster.get(API_VERSION, kind, name, namespace)
    except Absent as missing:
        if missing.reason.id != "object-absent":
            raise
        absent(_ABSENT[kind], wanted=name, name=name, namespace=namespace)
    require_lasting(scaled)
    return scaled


def details(scaled: Object) -> dict[str, Any]:
    """What every message about a ScaledObject may name."""
    metadata, (_, kind, target) = scaled["metadata"], scaled_objects.target_ref(scaled)
    return {
        "namespace": metadata.get("namespace", ""),
        "name": metadata.get("name", ""),
        "target_kind": kind,
        "target": target,
        "triggers": [str(trigger) for trigger in scaled_objects.triggers(scaled)],
    }


def require_unpaused(cluster: Cluster, scaled: Object) -> None:
    """Unmet while scaling is held by an annotation: what is seen then was not decided by KEDA.

    The condition alone may be left over, or mean one direction only: KEDA deletes its autoscaler
    for a pause, so one that is there shows that scaling goes on.
    """
    paused = condition(scaled, "Paused")
    asked = scaled_objects.pause(scaled)
    held = paused is not None and paused.true and not scaled_objects.paused_one_way(scaled)
    if asked is not None or (held and if_readable(lambda: _hpa(cluster, scaled)) is None):
        where = asked or scaled_objects.PREFIX + "paused"
        unmet("keda-paused", seen=where, wanted=None, annotation=where, **details(scaled))


def require_accepted(cluster: Cluster, scaled: Object) -> None:
    """Unmet, hopeless or early, with its cause, unless KEDA has taken the object and reads its triggers."""
    require_unpaused(cluster, scaled)
    said = conditions(scaled)
    ready, active, fallback = said.get("Ready"), said.get("Active"), said.get("Fallback")
    if ready is None or not ready.true:
        _explain_not_ready(cluster, scaled, ready)
    require_known(scaled, ready, READY_REASONS)
    failing = scaled_objects.failing(scaled)
    if fallback is not None and fallback.true:
        unmet(
            "keda-fallback",
            seen="FallbackExists",
            wanted="NoFallbackFound",
            failing=failing,
            **details(scaled),
        )
    if failing:
        unmet("keda-trigger-failing", seen=failing, wanted="Happy", failing=failing, **details(scaled))
    if active is None or active.status not in ("True", "False"):
        _not_looked_at(cluster, scaled, active)
    require_known(scaled, active, ACTIVE_REASONS)


def _not_looked_at(cluster: Cluster, scaled: Object, said: Condition | None) -> NoReturn:
    say = too_early if is_new(cluster, scaled) else unmet
    say("keda-not-evaluated", seen=said.status if said else None, wanted="Active", **details(scaled))


def is_new(cluster: Cluster, scaled: Object) -> bool:
    """Whether the operator may not have looked at the object's triggers yet."""
    created = parse_time(scaled["metadata"].get("creationTimestamp"))
    wait = FIRST_LOOK + timedelta(seconds=2 * scaled_objects.polling_s(scaled))
    return created is not None and cluster.now - created <= wait


def _explain_not_ready(cluster: Cluster, scaled: Object, ready: Condition | None) -> NoReturn:
    if ready is None or not ready.reason:
        _not_looked_at(cluster, scaled, ready)
    subject = {**details(scaled), "why": ready.reason}
    match ready.reason:
        case "TriggerError" | "PartialTriggerError" | "ScalingDegraded":
            reason, more = triggers.why_failing(cluster, scaled)
            some = ready.reason == "PartialTriggerError"
            unmet(
                "keda-trigger-partial" if some else reason,
                seen=ready.reason,
                wanted="True",
                **subject,
                **more,
            )
        case "ScaledObjectCheckFailed":
            _explain_refused(cluster, scaled, subject)
        case "HPAMetricsUnavailable":  # KEDA 2.20 alone says here what the autoscaler lacks
            require_hpa(cluster, scaled)
        case "ErrorGettingCurrentReplicas":
            _require_target(cluster, scaled, subject)
        case _:
            pass
    unmet("keda-not-ready", seen=ready.reason, wanted="ScaledObjectReady", **subject)


def _require_target(cluster: Cluster, scaled: Object, subject: Mapping[str, Any]) -> None:
    """Hopeless when what is to be scaled is known not to exist."""
    _, kind, name = scaled_objects.target_ref(scaled)
    if if_readable(lambda: [_target(cluster, scaled)]) == [None]:
        hopeless("keda-target-absent", seen=name, wanted=kind, **subject)


def _explain_refused(cluster: Cluster, scaled: Object, subject: Mapping[str, Any]) -> NoReturn:
    _require_target(cluster, scaled, subject)
    rivals = if_readable(lambda: _rivals(cluster, scaled)) or []
    if rivals:
        hopeless("keda-target-has-hpa", seen=rivals, wanted=[], others=rivals, **subject)
    if scaled_objects.cannot_wake(scaled):
        hopeless("keda-cannot-wake", seen=0, wanted=1, **subject)
    reason, more = triggers.why_failing(cluster, scaled)
    if reason != "keda-trigger-error":  # sources that connect at once fail here
        unmet(reason, seen=subject["why"], wanted="True", **subject, **more)
    hopeless("keda-check-failed", seen=subject["why"], wanted="ScaledObjectReady", **subject)


def _rivals(cluster: Cluster, scaled: Object) -> list[str]:
    """Autoscalers of the same target that KEDA has not made for this object."""
    namespace, (_, kind, target) = scaled["metadata"].get("namespace", ""), scaled_objects.target_ref(scaled)
    own = scaled_objects.hpa_name(scaled)
    listed = cluster.list(autoscaling.API_VERSION, autoscaling.KIND, namespace)
    refs = {one["metadata"]["name"]: one["spec"].get("scaleTargetRef") or {} for one in listed}
    return sorted(
        name
        for name, ref in refs.items()
        if name != own and (ref.get("kind"), ref.get("name")) == (kind, target)
    )


def require_hpa(cluster: Cluster, scaled: Object) -> None:
    """Unmet unless the autoscaler that KEDA made works, or is switched off at zero as it should."""
    name, hpa = scaled_objects.hpa_name(scaled), _hpa(cluster, scaled)
    if hpa is None:
        unmet("keda-hpa-absent", seen=None, wanted=name, hpa=name, **details(scaled))
    scaling, active = condition(hpa, "ScalingActive"), condition(scaled, "Active")
    disabled = scaling is not None and scaling.reason == "ScalingDisabled"
    if disabled and scaled_objects.bounds(scaled).zero and not (active is not None and active.true):
        return
    if scaling is not None and scaling.reason == "FailedGetExternalMetric":
        api = if_readable(lambda: [metrics_api.registered(cluster, metrics_api.EXTERNAL)])
        if api and api[0] is not None and not serves_keda(cluster, api[0]):
            unmet("keda-api-taken", seen=api[0].service, wanted=METRICS_SERVICE, hpa=name, **taken(api[0]))
    autoscaling.require_working(cluster, hpa)


def _hpa(cluster: Cluster, scaled: Object) -> Object | None:
    name, namespace = scaled_objects.hpa_name(scaled), scaled["metadata"].get("namespace", "")
    return cluster.find(autoscaling.API_VERSION, autoscaling.KIND, name, namespace)


def taken(api: BackedApi) -> dict[str, Any]:
    """What a message about an API in other hands names."""
    return {
        "api": api.name,
        "service": api.service,
        "service_namespace": api.namespace,
        "wanted_service": METRICS_SERVICE,
    }


def serves_keda(cluster: Cluster, api: BackedApi) -> bool:
    """Whether the Service behind the external metrics API is KEDA's, by its name, labels or program."""
    if api.service == METRICS_SERVICE:
        return True
    service = if_readable(lambda: cluster.find("v1", "Service", api.service, api.namespace))
    labels = ((service or {}).get("metadata") or {}).get("labels") or {}
    names = {labels.get("app"), labels.get("app.kubernetes.io/name"), labels.get("app.kubernetes.io/part-of")}
    if _KEDA_LABELS & names:
        return True
    backend = if_readable(lambda: adapter.adapter_of(cluster, api))
    return backend is not None and METRICS_PROGRAM in adapter.programs(backend)


def replicas_of(cluster: Cluster, scaled: Object) -> tuple[int, int]:
    """How many replicas of the target are asked for and how many there are."""
    target = _target(cluster, scaled)
    if target is None:
        absent("keda-target-absent", seen=None, wanted="scaleTargetRef", why="-", **details(scaled))
    status = target.get("status") or {}
    return int(spec_of(target).get("replicas", 1)), int(status.get("replicas", 0))


def _target(cluster: Cluster, scaled: Object) -> Object | None:
    api_version, kind, name = scaled_objects.target_ref(scaled)
    return cluster.find(api_version, kind, name, scaled["metadata"].get("namespace", "")) if name else None

"""KEDA: installed, and ScaledObjects configured, accepted, at zero when idle, and awake when needed.

A workload at zero proves nothing by itself: it may be paused there, or its trigger may
never become active. The autoscaler that KEDA makes has a minimum of 1 also where the
workload goes to zero, which is the operator's own doing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, NoReturn

from pytest_k8sgrade.cluster import Cluster
from pytest_k8sgrade.kube import scaled_objects
from pytest_k8sgrade.kube.conditions import condition
from pytest_k8sgrade.kube.duration import parse_duration
from pytest_k8sgrade.kube.rollout import named
from pytest_k8sgrade.kube.times import format_time, parse_time
from pytest_k8sgrade.outcome import Findings, hopeless, unmet
from pytest_k8sgrade.services.autoscalers import keda, scaled_jobs, triggers
from pytest_k8sgrade.services.diagnosis import if_readable, if_recorded
from pytest_k8sgrade.services.established import require_established
from pytest_k8sgrade.services.fields import require_equal, require_that
from pytest_k8sgrade.services.metrics import adapter, api_services
from pytest_k8sgrade.services.running import workloads

COMPONENTS = {
    keda.PROGRAM: ("keda-operator",),
    keda.METRICS_PROGRAM: (keda.METRICS_SERVICE, "keda-metrics-apiserver"),
}
"""The Deployments' names by KEDA's chart, then by its release file where that differs, by their images."""
CRD = "scaledobjects.keda.sh"
EXTERNAL = "external.metrics.k8s.io/v1beta1"
SLACK = timedelta(seconds=30)
"""What the operator's round and the workload's own end may take after the cooldown."""


def test_installed(cluster: Cluster, namespace: str = "keda") -> None:
    """KEDA's operator and metrics server run, and ScaledObjects are a known kind."""
    found = Findings()
    require_established(cluster, found, CRD)
    for image, (name, *others) in COMPONENTS.items():
        looked = (cluster.find("apps/v1", "Deployment", one, namespace) for one in (name, *others))
        program = next((one for one in looked if one is not None), None) or _running(
            cluster, namespace, image
        )
        if program is None:
            found.require(
                False, "keda-component-absent", part=name, wanted=name, component=name, namespace=namespace
            )
        else:
            workloads.require(found, workloads.shortfall(cluster, program), name)
    found.close()


def _running(cluster: Cluster, namespace: str, image: str) -> Mapping[str, Any] | None:
    """The Deployment that runs a program under a name of its own, as the chart's values allow.

    Evidence that was recorded before this was asked keeps its meaning.
    """
    listed = if_recorded(lambda: cluster.list("apps/v1", "Deployment", namespace), list[dict[str, Any]]())
    return next((one for one in listed if image in adapter.programs(one)), None)


def test_metrics_api(cluster: Cluster) -> None:
    """The external metrics API is available and KEDA answers it."""
    api = api_services.find(cluster, EXTERNAL)
    if api is None:
        api_services.say_absent(EXTERNAL)
    if not keda.serves_keda(cluster, api):
        unmet("keda-api-taken", seen=api.service, wanted=keda.METRICS_SERVICE, hpa="-", **keda.taken(api))
    if not api.available:
        api_services.explain(cluster, api)


def test_configured(
    cluster: Cluster,
    name: str,
    namespace: str,
    *,
    target: str,
    target_kind: str = "Deployment",
    min_replicas: int | None = None,
    max_replicas: int | None = None,
    idle_replicas: int | None = None,
    polling_interval: str = "",
    cooldown: str = "",
    trigger_types: list[str] | None = None,
    trigger_metadata: dict[str, str] | None = None,
) -> None:
    """The ScaledObject {name} has the target, bounds and triggers that were asked for."""
    scaled = keda.get(cluster, name, namespace)
    subject, found, bounds = named(scaled), Findings(), scaled_objects.bounds(scaled)
    _, kind, scales = scaled_objects.target_ref(scaled)
    require_equal(found, subject, "spec.scaleTargetRef", f"{kind}/{scales}", f"{target_kind}/{target}")
    for field, asked, has in (
        ("minReplicaCount", min_replicas, bounds.least),
        ("maxReplicaCount", max_replicas, bounds.most),
        ("idleReplicaCount", idle_replicas, bounds.idle),
        ("pollingInterval", _seconds(polling_interval), scaled_objects.polling_s(scaled)),
        ("cooldownPeriod", _seconds(cooldown), scaled_objects.cooldown_s(scaled)),
    ):
        if asked is not None:
            require_equal(found, subject, f"spec.{field}", has, asked)
    own = scaled_objects.triggers(scaled)
    if trigger_types is not None:
        types = sorted(trigger.type for trigger in own)
        require_equal(found, subject, "spec.triggers[].type", types or None, sorted(trigger_types))
    for key, value in (trigger_metadata or {}).items():
        values = [trigger.metadata[key] for trigger in own if key in trigger.metadata]
        met = any(_same(one, value) for one in values)
        require_that(found, subject, f"spec.triggers[].metadata.{key}", values or None, value, met=met)
    found.close()


def _seconds(duration: str) -> int | None:
    return int(parse_duration(duration)) if duration else None


def _same(written: str, asked: str) -> bool:
    """Whether two values of a trigger are equal: KEDA reads what is a number as one."""
    try:
        return float(written) == float(asked)
    except ValueError:
        return written == asked


def test_ready(cluster: Cluster, name: str, namespace: str) -> None:
    """KEDA has taken the ScaledObject {name}, reads its triggers, and its autoscaler works."""
    scaled = keda.get(cluster, name, namespace)
    keda.require_accepted(cluster, scaled)
    keda.require_hpa(cluster, scaled)
    found, silent = Findings(), triggers.silent(cluster, scaled)
    found.require(True, "keda-not-ready", part="ready")
    asked = _asked(silent)
    found.require(
        silent is None, "keda-query-empty", part="triggers", seen=0, wanted=1, **asked, **keda.details(scaled)
    )
    found.close()


def _asked(trigger: scaled_objects.Trigger | None) -> dict[str, Any]:
    return {
        "address": trigger.address if trigger else "",
        "query": trigger.metadata.get("query", "") if trigger else "",
    }


def test_at_zero(cluster: Cluster, name: str, namespace: str) -> None:
    """The target of {name} is at zero because its triggers are idle."""
    scaled = keda.get(cluster, name, namespace)
    subject = keda.details(scaled)
    keda.require_unpaused(cluster, scaled)
    if scaled_objects.cannot_wake(scaled):
        hopeless("keda-cannot-wake", seen=0, wanted=1, **subject)
    bounds = scaled_objects.bounds(scaled)
    if not bounds.zero:
        unmet("keda-not-to-zero", seen=bounds.least, wanted=0, least=bounds.least, **subject)
    keda.require_accepted(cluster, scaled)
    silent = triggers.silent(cluster, scaled)
    if silent is not None:
        unmet("keda-query-empty", seen=0, wanted=1, **_asked(silent), **subject)
    active = condition(scaled, "Active")
    if active is None or active.true or active.reason == "ScalerCooldown":
        counted = if_readable(lambda: keda.replicas_of(cluster, scaled))
        _explain_awake(cluster, scaled, max(counted) if counted is not None else None)
    counted = keda.replicas_of(cluster, scaled)
    if any(counted):
        _explain_awake(cluster, scaled, max(counted))


def _explain_awake(cluster: Cluster, scaled: Mapping[str, Any], replicas: int | None) -> NoReturn:
    """Say why the target is not at zero; what KEDA still waits for is early."""
    active, found = condition(scaled, "Active"), Findings()
    last = parse_time((scaled.get("status") or {}).get("lastActiveTime"))
    cooldown = scaled_objects.cooldown_s(scaled)
    if last is None and scaled_objects.initial_cooldown_s(scaled):
        last = parse_time(scaled["metadata"].get("creationTimestamp"))
        cooldown = scaled_objects.initial_cooldown_s(scaled)
    until = last + timedelta(seconds=cooldown) if last is not None else None
    polling = timedelta(seconds=scaled_objects.polling_s(scaled))
    waiting = until is not None and cluster.now <= until + polling + SLACK
    reason = "keda-cooling-down" if waiting else "keda-not-at-zero"
    if scaled_objects.switched_on(scaled, "force-activation"):
        reason, waiting = "keda-forced", False
    elif active is not None and active.true:
        reason, waiting = "keda-still-active", False
    elif scaled_objects.switched_on(scaled, "paused-scale-in"):
        reason, waiting = "keda-scale-in-paused", False
    found.require(True, reason, part="accepted")
    found.require(
        False,
        reason,
        part="at zero",
        seen=replicas,
        wanted=0,
        early=waiting,
        replicas=replicas,
        cooldown_s=cooldown,
        last=format_time(last) if last else "-",
        until=format_time(until) if until else "-",
        **keda.details(scaled),
    )
    found.close()
    raise AssertionError("a part was not met")


def test_scaled_out(cluster: Cluster, name: str, namespace: str, at_least: int = 1) -> None:
    """An active trigger of {name} has woken its target."""
    scaled = keda.get(cluster, name, namespace)
    subject, status = keda.details(scaled), scaled.get("status") or {}
    keda.require_accepted(cluster, scaled)
    if scaled_objects.switched_on(scaled, "force-activation"):
        unmet("keda-forced", seen="force-activation", wanted=None, replicas="-", **subject)
    active = condition(scaled, "Active")
    if active is None or not active.true:
        if at_least <= 1 and status.get("lastActiveTime"):
            cluster.held_since(status["lastActiveTime"])
            return
        silent = triggers.silent(cluster, scaled)
        reason = "keda-query-empty" if silent is not None else "keda-never-active"
        unmet(reason, seen="False", wanted="ScalerActive", least=at_least, **_asked(silent), **subject)
    _require_scaling_out(cluster, scaled, at_least)
    keda.require_hpa(cluster, scaled)
    found, (asked, there) = Findings(), keda.replicas_of(cluster, scaled)
    found.require(True, "keda-never-active", part="active")
    enough = min(asked, there) >= at_least
    found.require(
        enough,
        "keda-too-few",
        part="replicas",
        seen=there,
        wanted=at_least,
        replicas=there,
        least=at_least,
        **subject,
    )
    found.close()


def _require_scaling_out(cluster: Cluster, scaled: Mapping[str, Any], at_least: int) -> None:
    """Unmet where an annotation keeps the target smaller than was asked for."""
    if scaled_objects.switched_on(scaled, "paused-scale-out"):
        there = min(keda.replicas_of(cluster, scaled))
        if there < at_least:
            subject = keda.details(scaled)
            unmet("keda-scale-out-paused", seen=there, wanted=at_least, replicas=there, **subject)


def test_job_ready(cluster: Cluster, name: str, namespace: str) -> None:
    """KEDA has taken the ScaledJob {name} and reads its triggers."""
    scaled_jobs.require_accepted(cluster, scaled_jobs.get(cluster, name, namespace))


def test_jobs_completed(cluster: Cluster, name: str, namespace: str, at_least: int = 1) -> None:
    """The ScaledJob {name} has made Jobs, and they are complete."""
    scaled_jobs.require_completed(cluster, scaled_jobs.get(cluster, name, namespace), at_least)

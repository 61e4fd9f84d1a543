"""KEDA: accepted, at zero by itself, awake by a trigger, and what only looks like it."""

from __future__ import annotations

from typing import Any

import pytest

from checks import keda
from pytest_k8sgrade.outcome import Observation
from tests.unit.checks.api import MemoryApi, look, parts, reason, share, vector
from tests.unit.checks.objects import (
    Object,
    api_service,
    condition,
    deployment,
    endpoints,
    hpa,
    item,
    namespace,
    service,
)

WHERE = {"name": "worker", "namespace": "shop"}
PROMETHEUS: Object = {
    "type": "prometheus",
    "metadata": {"serverAddress": "http://prom.monitoring.svc:9090", "query": "sum(jobs)", "threshold": "5"},
}
CPU: Object = {"type": "cpu", "metricType": "Utilization", "metadata": {"value": "50"}}


def said(kind: str, status: str, why: str = "") -> Object:
    """One of KEDA's conditions, which have no times."""
    return {"type": kind, "status": status, **({"reason": why} if why else {})}


READY = said("Ready", "True", "ScaledObjectReady")
IDLE = said("Active", "False", "ScalerNotActive")
ACTIVE = said("Active", "True", "ScalerActive")
PAUSED = said("Paused", "True", "ScaledObjectPaused")
COOLING = said("Active", "False", "ScalerCooldown")


def scaled(
    *conditions: Object, status: Object | None = None, notes: Object | None = None, **spec: Any
) -> Object:
    """A ScaledObject of the Deployment web, made two hours ago."""
    annotations = {f"autoscaling.keda.sh/{key}": value for key, value in (notes or {}).items()}
    made = spec.pop("created", "2026-03-02T08:00:00Z")
    own = {"scaleTargetRef": {"name": "web"}, "triggers": [PROMETHEUS], **spec}
    return item(
        "keda.sh/v1alpha1",
        "ScaledObject",
        "worker",
        "shop",
        meta={"annotations": annotations, "creationTimestamp": made},
        spec=own,
        status={"conditions": list(conditions or [READY, IDLE]), **(status or {})},
    )


def made(active: str = "ValidMetricFound", status: str = "True") -> Object:
    """The autoscaler that KEDA makes."""
    both = [condition("AbleToScale", "True", "SucceededGetScale"), condition("ScalingActive", status, active)]
    metric = {
        "type": "External",
        "external": {"metric": {"name": "s0-prometheus"}, "target": {"averageValue": "5"}},
    }
    return hpa(
        "keda-hpa-worker",
        minReplicas=1,
        metrics=[metric],
        status={"conditions": both, "currentMetrics": None},
    )


DISABLED = made("ScalingDisabled", "False")
AT_ZERO = deployment(replicas=0, status={})
AT_TWO = deployment(status={"replicas": 2, "readyReplicas": 2, "updatedReplicas": 2})


def asked(check: Any, *objects: Object, answer: Any = None, **params: Any) -> Observation:
    """One look, with a Prometheus that gives one series unless it is told otherwise."""
    own = service("prom", "monitoring", spec={"ports": [{"name": "web", "port": 9090}]})
    api = MemoryApi(
        namespace("shop"), namespace("monitoring"), own, endpoints("prom", "monitoring"), *objects
    )
    api.service("prom", {"/api/v1/query": answer or vector("0")})
    return look(check, api.cluster(), **WHERE, **params)


@pytest.mark.parametrize(
    ("own", "verdict", "expected"),
    [
        (scaled(), "met", None),
        (scaled(READY, COOLING), "met", None),
        (scaled(READY, IDLE, said("Fallback", "Unknown"), said("Paused", "Unknown")), "met", None),
        (scaled(READY), "unmet", "keda-not-evaluated"),
        (scaled(READY, said("Active", "Unknown")), "unmet", "keda-not-evaluated"),
        (
            scaled(READY, said("Active", "Unknown"), created="2026-03-02T09:59:55Z"),
            "early",
            "keda-not-evaluated",
        ),
        (scaled(status={"conditions": None}, created="2026-03-02T09:59:55Z"), "early", "keda-not-evaluated"),
        (scaled(said("Ready", "Unknown", "PartialTriggerError"), ACTIVE), "unmet", "keda-trigger-partial"),
        (scaled(said("Ready", "False", "ErrorGettingCurrentReplicas"), IDLE), "unmet", "keda-not-ready"),
        (scaled(said("Ready", "True", "SomethingNew"), IDLE), "cannot-tell", "condition-unknown"),
        (scaled(READY, said("Active", "True", "SomethingNew")), "cannot-tell", "condition-unknown"),
        (scaled(READY, ACTIVE, said("Fallback", "True", "FallbackExists")), "unmet", "keda-fallback"),
        (
            scaled(status={"health": {"s0-prometheus": {"status": "Failing"}}}),
            "unmet",
            "keda-trigger-failing",
        ),
        (scaled(status={"health": {"s0-prometheus": {"status": "Happy"}}}), "met", None),
        (scaled(READY, IDLE, PAUSED), "met", None),
        (scaled(notes={"paused": "yes"}), "unmet", "keda-paused"),
        (scaled(notes={"paused": "0"}), "met", None),
        (scaled(READY, IDLE, PAUSED, notes={"paused-scale-in": "true"}), "met", None),
        (scaled(said("Ready", "False", "HPAMetricsUnavailable"), IDLE), "unmet", "keda-not-ready"),
        (scaled(notes={"paused": "true"}), "unmet", "keda-paused"),
        (scaled(notes={"paused": "false"}), "met", None),
        (scaled(notes={"paused-replicas": "3"}), "unmet", "keda-paused"),
    ],
)
def test_ready_alone_is_not_ready(own: Object, verdict: str, expected: str | None) -> None:
    """Paused, on its fallback, or not looked at yet, it says Ready all the same."""
    seen = asked(keda.test_ready, own, DISABLED, AT_ZERO)
    assert (seen.status, reason(seen)) == (verdict, expected)


def test_the_autoscaler_may_be_switched_off_only_at_zero() -> None:
    """ScalingDisabled is normal where the workload goes to zero and nothing is active."""
    assert reason(asked(keda.test_ready, scaled(READY, ACTIVE), DISABLED)) == "hpa-target-at-zero"
    assert reason(asked(keda.test_ready, scaled(minReplicaCount=1), DISABLED)) == "hpa-target-at-zero"
    assert asked(keda.test_ready, scaled(minReplicaCount=1, idleReplicaCount=0), DISABLED).status == "met"
    assert reason(asked(keda.test_ready, scaled())) == "keda-hpa-absent"
    own = {"horizontalPodAutoscalerConfig": {"name": "keda-hpa-worker"}}
    renamed = scaled(advanced=own)
    assert asked(keda.test_ready, renamed, made()).status == "met"


def test_the_cause_of_a_refused_object_is_found() -> None:
    """A target that is not there, one that has an autoscaler, triggers that cannot wake it."""
    refused = said("Ready", "False", "ScaledObjectCheckFailed")
    assert reason(asked(keda.test_ready, scaled(refused))) == "keda-target-absent"
    assert reason(asked(keda.test_ready, scaled(refused), AT_TWO, hpa("mine"))) == "keda-target-has-hpa"
    assert reason(asked(keda.test_ready, scaled(refused, triggers=[CPU]), AT_TWO)) == "keda-cannot-wake"
    assert reason(asked(keda.test_ready, scaled(refused), AT_TWO)) == "keda-check-failed"
    error = said("Ready", "False", "TriggerError")
    assert reason(asked(keda.test_ready, scaled(error))) == "keda-trigger-error"
    wrong = {**PROMETHEUS, "metadata": {"serverAddress": "http://nowhere.monitoring:9090", "query": "x"}}
    assert reason(asked(keda.test_ready, scaled(error, triggers=[wrong]))) == "keda-trigger-service-absent"
    queue = {"type": "rabbitmq", "metadata": {"host": "amqp://guest:guest@rabbitmq:5672/shop"}}
    seen = asked(keda.test_ready, scaled(error, triggers=[queue]))
    assert reason(seen) == "keda-trigger-short-name"
    assert seen.reason is not None
    assert seen.reason.params["failing"] == ["rabbitmq amqp://rabbitmq:5672/shop"]
    assert (
        reason(asked(keda.test_ready, scaled(refused, triggers=[queue]), AT_TWO)) == "keda-trigger-short-name"
    )
    assert reason(asked(keda.test_ready)) == "keda-scaledobject-absent"


def test_an_empty_query_is_told_from_an_idle_one() -> None:
    """A value of 0 is idle, no series is not; one that was active once had a series."""
    nothing = (200, {"status": "success", "data": {"resultType": "vector", "result": []}})
    seen = asked(keda.test_ready, scaled(), DISABLED, answer=nothing)
    assert (reason(seen), share(seen)) == ("keda-query-empty", 0.5)
    assert share(asked(keda.test_at_zero, scaled(), AT_ZERO, answer=nothing)) == 0
    was = scaled(status={"lastActiveTime": "2026-03-02T09:00:00Z"})
    assert asked(keda.test_ready, was, DISABLED, answer=nothing).status == "met"
    assert asked(keda.test_ready, scaled(), DISABLED, answer=(401, "login")).status == "met"


@pytest.mark.parametrize(
    ("own", "target", "verdict", "expected"),
    [
        (scaled(), AT_ZERO, "met", None),
        (scaled(minReplicaCount=0), AT_ZERO, "met", None),
        (scaled(minReplicaCount=2, idleReplicaCount=0), AT_ZERO, "met", None),
        (scaled(minReplicaCount=1), AT_ZERO, "unmet", "keda-not-to-zero"),
        (scaled(minReplicaCount=0, idleReplicaCount=1), AT_ZERO, "unmet", "keda-not-to-zero"),
        (scaled(triggers=[CPU]), AT_ZERO, "hopeless", "keda-cannot-wake"),
        (scaled(notes={"paused-replicas": "0"}), AT_ZERO, "unmet", "keda-paused"),
        (scaled(READY, ACTIVE), AT_ZERO, "unmet", "keda-still-active"),
        (scaled(READY, ACTIVE), AT_TWO, "unmet", "keda-still-active"),
        (scaled(), AT_TWO, "unmet", "keda-not-at-zero"),
        (scaled(notes={"paused-scale-in": "true"}), AT_TWO, "unmet", "keda-scale-in-paused"),
        (scaled(READY, ACTIVE, notes={"force-activation": "true"}), AT_TWO, "unmet", "keda-forced"),
        (scaled(said("Ready", "False", "TriggerError"), IDLE), AT_ZERO, "unmet", "keda-trigger-error"),
    ],
)
def test_zero_counts_only_when_keda_decided_it(
    own: Object, target: Object, verdict: str, expected: str
) -> None:
    """A workload at zero may be paused there, or have a trigger that can never wake it."""
    seen = asked(keda.test_at_zero, own, target)
    assert (seen.status, reason(seen)) == (verdict, expected)


@pytest.mark.parametrize(
    ("last", "cooldown", "early"),
    [
        ("2026-03-02T09:57:00Z", None, True),
        ("2026-03-02T09:50:00Z", None, False),
        ("2026-03-02T09:50:00Z", 900, True),
    ],
)
def test_the_cooldown_is_waited_for_and_no_longer(last: str, cooldown: int | None, early: bool) -> None:
    """Its end is the last activity plus the period, 300 s where it is left out."""
    spec: Object = {} if cooldown is None else {"cooldownPeriod": cooldown}
    seen = asked(keda.test_at_zero, scaled(READY, COOLING, status={"lastActiveTime": last}, **spec), AT_TWO)
    assert [part.early for part in seen.parts] == [False, early]
    assert reason(seen) == ("keda-cooling-down" if early else "keda-not-at-zero")


def test_awake_is_proven_by_replicas_or_by_the_past() -> None:
    """A forced activation and a fallback prove nothing."""
    two = {"at_least": 2}
    assert asked(keda.test_scaled_out, scaled(READY, ACTIVE), made(), AT_TWO, **two).status == "met"
    seen = asked(keda.test_scaled_out, scaled(READY, ACTIVE), made(), AT_TWO, at_least=3)
    assert (reason(seen), share(seen)) == ("keda-too-few", 0.5)
    was = scaled(status={"lastActiveTime": "2026-03-02T09:00:00Z"})
    assert asked(keda.test_scaled_out, was, AT_ZERO).status == "met"
    assert reason(asked(keda.test_scaled_out, was, AT_ZERO, **two)) == "keda-never-active"
    assert reason(asked(keda.test_scaled_out, scaled(), AT_ZERO)) == "keda-never-active"
    forced = scaled(READY, ACTIVE, notes={"force-activation": "true"})
    assert reason(asked(keda.test_scaled_out, forced, made(), AT_TWO)) == "keda-forced"


def owner(
    name: str = "prometheus-adapter", status: str = "True", why: str = "Passed", **labels: str
) -> Observation:
    """One look at who serves external metrics."""
    api = MemoryApi(
        api_service("v1beta1.external.metrics.k8s.io", service=name, status=status, reason=why),
        service(name, "kube-system", meta={"labels": labels}),
    )
    return look(keda.test_metrics_api, api.cluster())


def test_only_one_program_owns_external_metrics() -> None:
    """KEDA's Service is known by its name or its labels."""
    assert reason(owner()) == "keda-api-taken"
    assert owner("keda-operator-metrics-apiserver").status == "met"
    assert owner("metrics", **{"app.kubernetes.io/part-of": "keda-operator"}).status == "met"
    assert owner("keda-operator-metrics-apiserver", "False", "FailedDiscoveryCheck").status == "unmet"
    assert look(keda.test_metrics_api, MemoryApi().cluster()).status == "absent"


def test_configuration_takes_keda_s_defaults() -> None:
    """What is left out is 0, 100, 30 s and 300 s."""
    params: Object = {
        "target": "web",
        "min_replicas": 0,
        "max_replicas": 100,
        "polling_interval": "30s",
        "cooldown": "5m",
        "trigger_types": ["prometheus"],
        "trigger_metadata": {"threshold": "5"},
    }
    assert asked(keda.test_configured, scaled(), **params).status == "met"
    other = scaled(maxReplicaCount=30, triggers=[{"type": "rabbitmq", "metadata": {}}])
    assert [part for part, why in parts(asked(keda.test_configured, other, **params)).items() if why] == [
        "spec.maxReplicaCount",
        "spec.triggers[].type",
        "spec.triggers[].metadata.threshold",
    ]


@pytest.mark.parametrize("server", ["keda-operator-metrics-apiserver", "keda-metrics-apiserver"])
@pytest.mark.parametrize("there", [True, False])
def test_it_is_installed_by_its_chart_or_by_its_release_file(server: str, there: bool) -> None:
    """The two call the metrics server differently; without one it is named."""
    crd = item(
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
        keda.CRD,
        status={"conditions": [condition("Established", "True", "InitialNamesAccepted")]},
    )
    names = ("keda-operator", *([server] if there else []))
    programs = [deployment(name, "keda") for name in names]
    seen = look(keda.test_installed, MemoryApi(crd, namespace("keda"), *programs).cluster())
    assert (seen.status == "met", reason(seen)) == (there, None if there else "keda-component-absent")

"""VerticalPodAutoscalers: numbers of now, and pods that really have them."""

from __future__ import annotations

import pytest

from checks import vpa
from tests.unit.checks.api import MemoryApi, look, parts, reason, share
from tests.unit.checks.objects import (
    Object,
    api_service,
    condition,
    container,
    deployment,
    hpa,
    item,
    resource_metric,
)
from tests.unit.checks.verticals import (
    ADVICE,
    BACKEND,
    PROVIDED,
    SYSTEM,
    WEBHOOK,
    WHERE,
    applied,
    conflicts,
    program,
    recommends,
    running,
    scaler,
)


@pytest.mark.parametrize(
    ("own", "verdict", "expected"),
    [
        (scaler(PROVIDED, condition("LowConfidence", "True", "")), "met", None),
        (scaler(PROVIDED, advice=[]), "unmet", "vpa-no-recommendation"),
        (scaler(condition("RecommendationProvided", "Unknown", "")), "unmet", "vpa-no-recommendation"),
        (scaler(condition("FetchingHistory", "True", "")), "unmet", "vpa-no-recommendation"),
        (
            scaler(PROVIDED, condition("NoPodsMatched", "True", "NoPodsMatched")),
            "unmet",
            "vpa-no-pods-matched",
        ),
        (scaler(PROVIDED, condition("NoPodsMatched", "False", "")), "met", None),
        (scaler(PROVIDED, condition("ConfigUnsupported", "True", "X")), "hopeless", "vpa-config-unsupported"),
        (scaler(PROVIDED, condition("ConfigDeprecated", "True", "X")), "met", None),
        (
            scaler(condition("LowConfidence", "True", ""), created="2026-03-02T09:58:00Z", advice=[]),
            "early",
            "vpa-no-recommendation",
        ),
    ],
)
def test_a_recommendation_is_of_now_and_for_every_container(own: Object, verdict: str, expected: str) -> None:
    """Conditions stand beside each other; the numbers themselves must be there."""
    seen = recommends(own, deployment(), *SYSTEM, api_service("v1beta1.metrics.k8s.io"))
    assert (seen.status, reason(seen)) == (verdict, expected)


def test_the_cause_of_no_recommendation_is_found() -> None:
    """A target that is not there, a recommender that does not run, no metrics API."""
    none = scaler(condition("RecommendationProvided", "False", ""), advice=[])
    gone = scaler(PROVIDED, condition("NoPodsMatched", "True", "NoPodsMatched"))
    assert reason(recommends(gone)) == "vpa-target-absent"
    assert reason(recommends(none, program("vpa-recommender", 0))) == "vpa-recommender-down"
    assert reason(recommends(none, *SYSTEM)) == "vpa-metrics-api-down"
    off = {"containerPolicies": [{"containerName": "*", "mode": "Off"}]}
    switched_off = scaler(advice=[], resourcePolicy=off)
    assert reason(recommends(switched_off, deployment(), *SYSTEM)) == "vpa-controls-no-container"
    untouched = {**none, "status": {}}
    assert (
        reason(recommends(untouched, *SYSTEM, api_service("v1beta1.metrics.k8s.io")))
        == "vpa-recommender-down"
    )


def test_a_container_without_numbers_is_named_unless_it_is_switched_off() -> None:
    """A policy with mode Off takes a container out."""
    two = deployment(containers=[container(), container("side")])
    assert reason(recommends(scaler(), two)) == "vpa-container-without-recommendation"
    off = {"containerPolicies": [{"containerName": "side", "mode": "Off"}]}
    assert recommends(scaler(resourcePolicy=off), two).status == "met"


@pytest.mark.parametrize("mode", ["Recreate", "Auto", "InPlaceOrRecreate", "InPlace", "Initial", None])
def test_pods_with_the_numbers_are_met_in_every_mode_that_applies_them(mode: str | None) -> None:
    """Also when the recommendation has moved on since: what lies within its bounds is left alone."""
    assert applied(scaler(mode=mode), running()).status == "met"
    assert applied(scaler(mode=mode), running(cpu="300m", memory="256Mi")).status == "met"


def test_a_resize_in_place_counts_when_it_is_carried_out() -> None:
    """The status shows what the container has, the spec only what was asked for."""
    own = {"name": "web", "ready": True, "resources": {"requests": {"cpu": "100m", "memory": "262144k"}}}
    waits = condition("PodResizePending", "True", "Deferred")
    half = running(status={"containerStatuses": [own], "conditions": [condition("Ready", "True", ""), waits]})
    assert reason(applied(scaler(mode="InPlaceOrRecreate"), half)) == "vpa-resize-pending"


@pytest.mark.parametrize(
    ("own", "pods", "expected"),
    [
        (scaler(mode="Off"), ["100m", "100m"], "vpa-mode-off"),
        (scaler(mode="Rolling"), ["250m", "250m"], "vpa-mode-unknown"),
        (scaler(mode="Initial"), ["100m", "100m"], "vpa-initial-only-new-pods"),
        (scaler(), ["100m"], "vpa-too-few-replicas"),
        (scaler(policy={"minReplicas": 1}), ["100m"], "vpa-not-applied"),
        (scaler(), ["100m", "250m"], "vpa-not-applied"),
        (
            scaler(resourcePolicy={"containerPolicies": [{"containerName": "*", "mode": "Off"}]}),
            ["250m", "250m"],
            "vpa-controls-nothing",
        ),
        (
            scaler(advice=[{**ADVICE, "containerName": "old"}]),
            ["250m"],
            "vpa-container-without-recommendation",
        ),
        (
            scaler(advice=[{**ADVICE, "lowerBound": {"cpu": "50m", "memory": "1M"}}]),
            ["100m", "100m"],
            "vpa-nothing-to-change",
        ),
    ],
)
def test_what_keeps_numbers_from_pods_is_told(own: Object, pods: list[str], expected: str) -> None:
    """The recommendation counts for a part, the pods for the rest."""
    seen = applied(own, *(running(f"web-{at}", cpu) for at, cpu in enumerate(pods)))
    assert reason(seen) == expected
    assert 0 < share(seen) < 1
    assert parts(seen)["recommendation"] is None


def test_the_programs_that_apply_are_looked_at() -> None:
    """No webhook: nothing for new pods; no updater: nothing for old ones; fresh numbers are early."""
    old = [running("web-1", "100m"), running("web-2", "100m")]
    assert (
        reason(look(vpa.test_applied, MemoryApi(deployment(), scaler(), *old).cluster(), **WHERE))
        == "vpa-webhook-absent"
    )
    stopped = [WEBHOOK, program("vpa-updater", 0)]
    assert (
        reason(look(vpa.test_applied, MemoryApi(deployment(), scaler(), *stopped, *old).cluster(), **WHERE))
        == "vpa-updater-down"
    )
    fresh = {**PROVIDED, "lastTransitionTime": "2026-03-02T09:59:00Z"}
    seen = applied(scaler(fresh), *old)
    assert [part.early for part in seen.parts] == [False, False, True, True]


def test_nothing_is_met_without_pods() -> None:
    """A recommendation for nobody is applied to nobody."""
    assert reason(applied(scaler())) == "vpa-no-pods-matched"


def test_an_autoscaler_on_the_same_resource_is_a_conflict() -> None:
    """Another metric, another resource, another target or a VPA that only recommends is none."""
    rival = hpa("web-hpa", metrics=[resource_metric("cpu", 50)])
    memory = {"containerPolicies": [{"containerName": "*", "controlledResources": ["memory"]}]}
    assert reason(conflicts(scaler(), rival)) == "vpa-hpa-conflict"
    assert conflicts(scaler(resourcePolicy=memory), rival).status == "met"
    assert conflicts(scaler(mode="Off"), rival).status == "met"
    other = hpa("x", scaleTargetRef={"kind": "Deployment", "name": "other"})
    assert conflicts(scaler(), other).status == "met"
    second = {**scaler(), "metadata": {"name": "second", "namespace": "shop"}}
    assert reason(conflicts(scaler(), second)) == "vpa-rival"


def test_the_installation_is_three_programs_and_a_webhook() -> None:
    """A webhook that calls nobody blocks or skips what it should change."""
    crd = item(
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
        vpa.CRD,
        status={"conditions": [condition("Established", "True", "x")]},
    )
    assert look(vpa.test_installed, MemoryApi(crd, *SYSTEM, *BACKEND).cluster()).status == "met"
    assert (
        reason(look(vpa.test_installed, MemoryApi(crd, *SYSTEM).cluster())) == "vpa-webhook-without-backend"
    )
    assert (
        reason(look(vpa.test_installed, MemoryApi(crd, *SYSTEM[1:], *BACKEND).cluster()))
        == "vpa-component-absent"
    )


def test_configuration_is_compared_by_value() -> None:
    """Quantities in another spelling are the same; a mode that was not asked for is named."""
    limits = {"containerPolicies": [{"containerName": "*", "maxAllowed": {"cpu": "1000m"}}]}
    asked = {"target": "web", "update_modes": ["Initial"], "max_allowed": {"cpu": "1"}}
    api = MemoryApi(scaler(mode="Initial", resourcePolicy=limits))
    assert look(vpa.test_configured, api.cluster(), **WHERE, **asked).status == "met"
    seen = look(vpa.test_configured, MemoryApi(scaler(mode=None)).cluster(), **WHERE, **asked)
    assert [part for part, why in parts(seen).items() if why] == [
        "spec.updatePolicy.updateMode",
        "spec.resourcePolicy.containerPolicies[*].maxAllowed.cpu",
    ]

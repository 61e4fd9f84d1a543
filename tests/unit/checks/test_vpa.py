"""VerticalPodAutoscalers: numbers of now, and pods that really have them."""

from __future__ import annotations

from typing import Any

import pytest

from checks import vpa
from pytest_k8sgrade.outcome import Observation
from tests.unit.checks.api import MemoryApi, look, parts, reason, share
from tests.unit.checks.objects import (
    Object,
    api_service,
    condition,
    container,
    deployment,
    endpoints,
    hpa,
    item,
    namespace,
    pod,
    resource_metric,
    service,
)

WHERE = {"name": "web", "namespace": "shop"}
PROVIDED = condition("RecommendationProvided", "True", "")
ADVICE = {
    "containerName": "web",
    "target": {"cpu": "250m", "memory": "262144k"},
    "lowerBound": {"cpu": "200m", "memory": "200M"},
    "upperBound": {"cpu": "400m", "memory": "400M"},
}


def scaler(
    *conditions: Object, advice: list[Object] | None = None, mode: str | None = "Recreate", **spec: Any
) -> Object:
    """A VPA of the Deployment web, made two hours ago."""
    policy = {"updateMode": mode} if mode else {}
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    status: Object = {"conditions": list(conditions or [PROVIDED])}
    if advice is None or advice:
        status["recommendation"] = {"containerRecommendations": advice or [ADVICE]}
    return item(
        "autoscaling.k8s.io/v1",
        "VerticalPodAutoscaler",
        "web",
        "shop",
        meta={"creationTimestamp": spec.pop("created", "2026-03-02T08:00:00Z")},
        spec={"targetRef": target, "updatePolicy": {**policy, **spec.pop("policy", {})}, **spec},
        status=status,
    )


def running(name: str = "web-1", cpu: str = "250m", memory: str = "262144k", **fields: Any) -> Object:
    """A pod of web with these requests."""
    requests = {"requests": {"cpu": cpu, "memory": memory}}
    return pod(name, spec={"containers": [container(resources=requests)]}, **fields)


WEBHOOK = item(
    "admissionregistration.k8s.io/v1",
    "MutatingWebhookConfiguration",
    "vpa-webhook-config",
    webhooks=[{"clientConfig": {"service": {"name": "vpa-webhook", "namespace": "kube-system"}}}],
)


def program(name: str, ready: int = 1) -> Object:
    """One of the three programs."""
    return deployment(name, "kube-system", replicas=1, status={"updatedReplicas": 1, "readyReplicas": ready})


SYSTEM = [program(f"vpa-{part}") for part in ("recommender", "updater", "admission-controller")] + [WEBHOOK]


BACKEND = [service("vpa-webhook", "kube-system"), endpoints("vpa-webhook", "kube-system")]


def recommends(*objects: Object) -> Observation:
    """One look at the recommendation."""
    return look(vpa.test_recommends, MemoryApi(namespace("shop"), *objects).cluster(), **WHERE)


def applied(*objects: Object) -> Observation:
    """One look at the pods; the template asks for 100m."""
    return look(vpa.test_applied, MemoryApi(deployment(), *SYSTEM, *BACKEND, *objects).cluster(), **WHERE)


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


def conflicts(own: Object, *objects: Object) -> Observation:
    """One look at rivals."""
    return look(vpa.test_no_conflict, MemoryApi(deployment(), own, *objects).cluster(), **WHERE)


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


@pytest.mark.parametrize("mode", ["Recreate", "Auto", None])
def test_auto_and_recreate_are_one_mode_and_the_default(mode: str | None) -> None:
    """The default changed its name between versions, not its meaning."""
    api = MemoryApi(scaler(mode=mode))
    for asked in ("Auto", "Recreate"):
        seen = look(vpa.test_configured, api.cluster(), **WHERE, target="web", update_modes=[asked])
        assert seen.status == "met"
    other = look(
        vpa.test_configured, api.cluster(), **WHERE, target="web", update_modes=["InPlaceOrRecreate"]
    )
    assert reason(other) == "field-differs"


PROXY = {**ADVICE, "containerName": "proxy"}


@pytest.mark.parametrize(
    ("seen", "verdict"),
    [("web", "met"), ("", "unmet"), ("web, proxy", "unmet"), ("web;proxy", "unmet"), (None, "unmet")],
)
def test_what_was_injected_behind_the_webhook_is_let_be(seen: str | None, verdict: str) -> None:
    """The admission controller writes down what it saw; a list that cannot be read says nothing."""
    meta = {} if seen is None else {"annotations": {"vpaObservedContainers": seen}}
    numbers = {"requests": {"cpu": "250m", "memory": "262144k"}}
    own = [container(resources=numbers), container("proxy")]
    both = applied(scaler(advice=[ADVICE, PROXY]), pod("web-1", meta=meta, spec={"containers": own}))
    assert both.status == verdict


def limited(
    cpu: str, limit: str, template: str = "100m", values: str = "RequestsOnly", *more: Object
) -> Observation:
    """A pod with this request and limit, of a template with another request; 800m is recommended."""

    def resources(request: str) -> Object:
        return {"requests": {"cpu": request}, "limits": {"cpu": limit}}

    advice = {
        "containerName": "web",
        "target": {"cpu": "800m"},
        "lowerBound": {"cpu": "600m"},
        "upperBound": {"cpu": "2"},
    }
    policy = {"containerPolicies": [{"containerName": "*", "controlledValues": values}]}
    own = scaler(advice=[advice], resourcePolicy=policy)
    target = deployment(containers=[container(resources=resources(template))])
    pods = [pod(f"web-{at}", spec={"containers": [container(resources=resources(cpu))]}) for at in (1, 2)]
    return look(vpa.test_applied, MemoryApi(target, own, *pods, *SYSTEM, *BACKEND, *more).cluster(), **WHERE)


def limit_range(kind: str = "Container", **fields: Object) -> Object:
    """A LimitRange with one entry."""
    return item("v1", "LimitRange", "limits", "shop", spec={"limits": [{"type": kind, **fields}]})


MOST = limit_range(max={"cpu": "1"})


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (limited("500m", "500m"), None),
        (limited("400m", "500m"), "vpa-not-applied"),
        (limited("500m", "500m", "500m"), "vpa-capped-by-limits"),
        (limited("500m", "500m", "100m", "RequestsAndLimits"), "vpa-not-applied"),
        (limited("500m", "1", "100m", "RequestsAndLimits", MOST), None),
        (limited("400m", "1", "100m", "RequestsAndLimits", MOST), None),
        (limited("500m", "2", "100m", "RequestsAndLimits", MOST), "vpa-not-applied"),
        (limited("900m", "1", "100m", "RequestsAndLimits", limit_range("Pod", max={"cpu": "1"})), None),
        (limited("1500m", "3", "100m", "RequestsAndLimits", limit_range(min={"cpu": "1500m"})), None),
    ],
)
def test_a_number_is_compared_as_limits_let_it_through(seen: Observation, expected: str | None) -> None:
    """The container's limit where only requests are controlled, LimitRanges in proportion to the limit."""
    assert reason(seen) == expected


def test_pods_without_a_node_have_nothing_of_their_numbers() -> None:
    """A recommendation larger than any node ends in Pending; just now it is only early."""

    def waits(since: str) -> Object:
        said = {**condition("PodScheduled", "False", "Unschedulable"), "lastTransitionTime": since}
        return running("web-2", status={"phase": "Pending", "conditions": [said]})

    for since, early in (("2026-03-02T09:00:00Z", False), ("2026-03-02T09:59:00Z", True)):
        seen = applied(scaler(), running(), waits(since))
        assert (reason(seen), seen.parts[-1].early) == ("vpa-pod-unschedulable", early)


def cron(*pods: Object, mode: str = "Initial") -> Observation:
    """A look at a CronJob's pods."""
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [container()]}}
    target = item(
        "batch/v1", "CronJob", "web", "shop", spec={"jobTemplate": {"spec": {"template": template}}}
    )
    own = scaler(mode=mode)
    own["spec"]["targetRef"] = {"apiVersion": "batch/v1", "kind": "CronJob", "name": "web"}
    return look(vpa.test_applied, MemoryApi(target, own, *pods, *SYSTEM, *BACKEND).cluster(), **WHERE)


def run_pod(name: str, made: str, cpu: str) -> Object:
    """A finished pod of a Job."""
    owner = [{"kind": "Job", "name": name, "controller": True, "uid": name}]
    meta = {"ownerReferences": owner, "creationTimestamp": made}
    return {**running(name, cpu, meta=meta), "status": {"phase": "Succeeded"}}


def test_of_a_cronjob_the_last_run_counts() -> None:
    """Its pods are finished most of the time, and a finished pod is not evicted; a running one may be."""
    old, new = (
        run_pod("web-1", "2026-03-02T09:00:00Z", "100m"),
        run_pod("web-2", "2026-03-02T09:30:00Z", "250m"),
    )
    assert cron(old, new).status == "met"
    assert reason(cron(old)) == "vpa-next-run"
    assert reason(cron(old, mode="Recreate")) == "vpa-next-run"
    runs = {**old, "status": {"phase": "Running"}}
    assert reason(cron(runs)) == "vpa-next-run"
    assert reason(cron(runs, mode="Recreate")) == "vpa-too-few-replicas"
    assert reason(cron()) == "vpa-no-pods-matched"


def test_what_only_recommends_is_no_rival() -> None:
    """Goldilocks makes a VPA in mode Off for everything; a container's metric clashes with that container."""
    second = {**scaler(mode="Off"), "metadata": {"name": "goldilocks-web", "namespace": "shop"}}
    assert conflicts(scaler(), second).status == "met"
    api = MemoryApi(deployment(), scaler(), second)
    assert reason(look(vpa.test_no_conflict, api.cluster(), **WHERE, alone=True)) == "vpa-rival"
    assert reason(conflicts(scaler(), {**second, "spec": scaler(mode="Initial")["spec"]})) == "vpa-rival"
    measured = {
        "name": "cpu",
        "container": "web",
        "target": {"type": "Utilization", "averageUtilization": 50},
    }
    rival = hpa("web-hpa", metrics=[{"type": "ContainerResource", "containerResource": measured}])
    assert reason(conflicts(scaler(), rival)) == "vpa-hpa-conflict"
    let_be = {"containerPolicies": [{"containerName": "web", "mode": "Off"}]}
    two = [container(), container("side")]
    api = MemoryApi(deployment(containers=two), scaler(resourcePolicy=let_be), rival)
    assert look(vpa.test_no_conflict, api.cluster(), **WHERE).status == "met"


def test_the_webhook_may_have_another_configuration_s_name() -> None:
    """Charts name the configuration after the release; what it calls is named vpa.k8s.io."""
    crd = item(
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
        vpa.CRD,
        status={"conditions": [condition("Established", "True", "x")]},
    )
    hooks = [{**WEBHOOK["webhooks"][0], "name": "vpa.k8s.io"}]
    renamed = {**WEBHOOK, "metadata": {"name": "lab-webhook-config"}, "webhooks": hooks}
    programs = [crd, *SYSTEM[:-1]]
    assert look(vpa.test_installed, MemoryApi(*programs, renamed, *BACKEND).cluster()).status == "met"
    seen = look(vpa.test_installed, MemoryApi(*programs, renamed).cluster())
    assert seen.reason is not None
    assert seen.reason.params["webhook"] == "lab-webhook-config"
    other = {**renamed, "webhooks": [{**hooks[0], "name": "other.example.org"}]}
    assert (
        reason(look(vpa.test_installed, MemoryApi(*programs, other, *BACKEND).cluster()))
        == "vpa-webhook-absent"
    )


UNSUPPORTED = condition("ConfigUnsupported", "True", "")
NO_PODS = condition("NoPodsMatched", "True", "NoPodsMatched")


@pytest.mark.parametrize(
    ("own", "target", "verdict", "expected"),
    [
        (scaler(UNSUPPORTED, NO_PODS), [], "unmet", "vpa-target-absent"),
        (
            scaler(UNSUPPORTED),
            [deployment(meta={"ownerReferences": [{"kind": "Shop", "name": "shop", "controller": True}]})],
            "hopeless",
            "vpa-target-owned",
        ),
        (scaler(UNSUPPORTED), [deployment()], "hopeless", "vpa-config-unsupported"),
        (scaler(NO_PODS), [deployment(replicas=0)], "unmet", "vpa-target-at-zero"),
        (scaler(NO_PODS), [deployment()], "unmet", "vpa-no-pods-matched"),
    ],
)
def test_what_is_wrong_with_the_target_is_told(
    own: Object, target: list[Object], verdict: str, expected: str
) -> None:
    """The recommender says ConfigUnsupported of a name that is misspelt, too: that is no dead end."""
    seen = recommends(own, *target, *SYSTEM)
    assert (seen.status, reason(seen)) == (verdict, expected)


@pytest.mark.parametrize(
    ("created", "names", "verdict", "expected"),
    [
        ("2026-03-02T08:00:00Z", ["frugal"], "unmet", "vpa-other-recommender"),
        ("2026-03-02T09:58:00Z", ["frugal"], "early", "vpa-other-recommender"),
        ("2026-03-02T08:00:00Z", ["default"], "unmet", "vpa-recommender-down"),
    ],
)
def test_a_recommender_that_is_not_there_is_told(
    created: str, names: list[str], verdict: str, expected: str
) -> None:
    """The usual one leaves a VPA alone that asks for another."""
    asked = [{"name": name} for name in names]
    own = {**scaler(advice=[], created=created, recommenders=asked), "status": {}}
    seen = recommends(own, deployment(), *SYSTEM, api_service("v1beta1.metrics.k8s.io"))
    assert (seen.status, reason(seen)) == (verdict, expected)


def test_what_stops_an_eviction_is_told() -> None:
    """A budget that allows nothing, a direction that is not wanted; Initial needs the webhook as well."""
    old = [running("web-1", "100m"), running("web-2", "100m")]
    strict = item(
        "policy/v1",
        "PodDisruptionBudget",
        "web",
        "shop",
        spec={"selector": {"matchLabels": {"app": "web"}}},
        status={"disruptionsAllowed": 0},
    )
    seen = applied(scaler(), *old, strict)
    assert seen.reason is not None
    assert (seen.reason.id, seen.reason.params["budgets"]) == ("vpa-eviction-forbidden", ["web"])
    assert (
        reason(applied(scaler(), *old, {**strict, "status": {"disruptionsAllowed": 1}})) == "vpa-not-applied"
    )
    for direction, expected in (("Lower", "vpa-change-not-wanted"), ("Higher", "vpa-not-applied")):
        only = [{"resources": ["cpu"], "changeRequirement": f"Target{direction}ThanRequests"}]
        assert reason(applied(scaler(policy={"evictionRequirements": only}), *old)) == expected
    api = MemoryApi(deployment(), *SYSTEM, scaler(mode="Initial"), *old)
    assert reason(look(vpa.test_applied, api.cluster(), **WHERE)) == "vpa-webhook-without-backend"


def test_pods_of_another_owner_are_nobody_s_business() -> None:
    """Labels may be shared; the VPA goes by the owner."""
    hashed = {"app": "web", "pod-template-hash": "xyz"}
    canary = [{"kind": "ReplicaSet", "name": "canary-xyz", "controller": True, "uid": "7"}]
    other = running("canary-1", "100m", meta={"labels": hashed, "ownerReferences": canary})
    assert applied(scaler(), running(), other).status == "met"
    assert reason(applied(scaler(), other)) == "vpa-no-pods-matched"


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (["--min-replicas=1"], "vpa-not-applied"),
        (["--min-replicas", "1"], "vpa-not-applied"),
        (["--min-replicas=some"], "vpa-too-few-replicas"),
        (["--min-replicas=3"], "vpa-too-few-replicas"),
        (["--v=4"], "vpa-too-few-replicas"),
    ],
)
def test_the_updater_s_option_says_how_many_pods_it_wants(args: list[str], expected: str) -> None:
    """The object says nothing of it where it leaves minReplicas out."""
    updater = deployment(
        "vpa-updater", "kube-system", replicas=1, containers=[container("updater", args=args)]
    )
    rest = [one for one in SYSTEM if one["metadata"]["name"] != "vpa-updater"]
    api = MemoryApi(deployment(), *rest, *BACKEND, updater, scaler(), running("web-1", "100m"))
    assert reason(look(vpa.test_applied, api.cluster(), **WHERE)) == expected

"""What is no rival of a VerticalPodAutoscaler, and why one does nothing."""

from __future__ import annotations

import pytest

from checks import vpa
from tests.unit.checks.api import MemoryApi, look, reason
from tests.unit.checks.objects import (
    Object,
    api_service,
    condition,
    container,
    deployment,
    hpa,
    item,
)
from tests.unit.checks.verticals import (
    BACKEND,
    SYSTEM,
    WEBHOOK,
    WHERE,
    applied,
    conflicts,
    recommends,
    running,
    scaler,
)


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

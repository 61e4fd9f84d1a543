"""Which pods have the numbers of a VerticalPodAutoscaler: as modes, limits and targets let them through."""

from __future__ import annotations

import pytest

from checks import vpa
from pytest_k8sgrade.outcome import Observation
from tests.unit.checks.api import MemoryApi, look, reason
from tests.unit.checks.objects import (
    Object,
    condition,
    container,
    deployment,
    item,
    pod,
)
from tests.unit.checks.verticals import (
    ADVICE,
    BACKEND,
    SYSTEM,
    WHERE,
    applied,
    running,
    scaler,
)


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

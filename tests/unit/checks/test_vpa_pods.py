"""Which numbers a VerticalPodAutoscaler can give a pod as a whole: ranges of pods, sidecars, boosts, runs."""

from __future__ import annotations

from typing import Any

import pytest

from checks import vpa
from pytest_k8sgrade.outcome import Observation
from tests.unit.checks.api import MemoryApi, look, reason
from tests.unit.checks.objects import Object, condition, container, deployment, item, pod
from tests.unit.checks.verticals import ADVICE, BACKEND, SYSTEM, WHERE, applied, program, running, scaler

CPU_ONLY = {"containerPolicies": [{"containerName": "*", "controlledResources": ["cpu"]}]}


def advised(name: str, target: str, lower: str, upper: str) -> Object:
    """CPU for one container."""
    sides = {"target": target, "lowerBound": lower, "upperBound": upper}
    return {"containerName": name, **{side: {"cpu": amount} for side, amount in sides.items()}}


def resources(request: str, limit: str = "") -> Object:
    """CPU as asked for."""
    return {"requests": {"cpu": request}, **({"limits": {"cpu": limit}} if limit else {})}


def bounded(web: str, proxy: str, *, double: bool = True, **bounds: str) -> Observation:
    """Two containers: 800m and 400m are recommended, 100m each in the template, pods have a LimitRange."""

    def both(first: str, second: str) -> list[Object]:
        limits = [f"{2 * int(one[:-1])}m" if double else "" for one in (first, second)]
        return [
            container(resources=resources(first, limits[0])),
            container("proxy", resources=resources(second, limits[1])),
        ]

    kind = {"type": "Pod", **{side: {"cpu": amount} for side, amount in bounds.items()}}
    limits = item("v1", "LimitRange", "limits", "shop", spec={"limits": [kind]})
    advice = [advised("web", "800m", "700m", "900m"), advised("proxy", "400m", "350m", "450m")]
    own = scaler(advice=advice, resourcePolicy=CPU_ONLY)
    pods = [pod(f"web-{at}", spec={"containers": both(web, proxy)}) for at in (1, 2)]
    api = MemoryApi(deployment(containers=both("100m", "100m")), own, limits, *pods, *SYSTEM, *BACKEND)
    return look(vpa.test_applied, api.cluster(), **WHERE)


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (bounded("800m", "400m", max="2"), None),
        (bounded("666m", "333m", max="2"), None),
        (bounded("500m", "250m", max="1500m"), None),
        (bounded("500m", "250m", max="2"), "vpa-not-applied"),
        (bounded("666m", "333m", max="3"), "vpa-not-applied"),
        (bounded("1600m", "800m", min="2400m"), None),
        (bounded("1600m", "800m", min="2"), "vpa-not-applied"),
        (bounded("666m", "333m", max="1", double=False), "vpa-not-applied"),
    ],
)
def test_a_range_of_pods_bounds_the_sum(seen: Observation, expected: str | None) -> None:
    """Limits follow the requests, and are shared out in the pod; without any there is nothing to bound."""
    assert reason(seen) == expected


BOOST = {"cpu": {"type": "Factor", "factor": 3, "durationSeconds": 120}}
ADDED = {"cpu": {"type": "Quantity", "quantity": "1", "durationSeconds": 120}}


def boosted(
    cpu: str, ready: str | None, *more: Object, boost: Object = BOOST, memory: str = "262144k"
) -> Observation:
    """A look at two pods whose boost is not taken back, ready since then."""
    said = [{**condition("Ready", "True" if ready else "False", ""), "lastTransitionTime": ready or ""}]
    meta = {"annotations": {"vpaCpuStartupBoost/web": "{}", "vpaObservedContainers": "web"}}
    status = {"phase": "Running", "startTime": "2026-03-02T09:00:00Z", "conditions": said}
    pods = [running(f"web-{at}", cpu, memory, meta=meta, status=status) for at in (1, 2)]
    own = scaler(startupBoost=boost)
    return look(
        vpa.test_applied, MemoryApi(deployment(), own, *pods, *(more or SYSTEM), *BACKEND).cluster(), **WHERE
    )


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (boosted("750m", None), ("met", None)),
        (boosted("1250m", None, boost=ADDED), ("met", None)),
        (boosted("300m", "2026-03-02T09:58:00Z"), ("early", "vpa-startup-boost")),
        (boosted("300m", "2026-03-02T09:30:00Z"), ("unmet", "vpa-startup-boost")),
        (boosted("300m", None), ("unmet", "vpa-startup-boost")),
        (boosted("750m", "2026-03-02T09:58:00Z", memory="64Mi"), ("early", "vpa-startup-boost")),
        (
            boosted("300m", "2026-03-02T09:30:00Z", program("vpa-updater", 0), *SYSTEM[2:]),
            ("unmet", "vpa-updater-down"),
        ),
    ],
)
def test_a_boost_at_the_start_is_no_missing_number(
    seen: Observation, expected: tuple[str, str | None]
) -> None:
    """Under it are the numbers; where they are not, the updater comes once it is over."""
    assert (seen.status, reason(seen)) == expected


def mesh(cpu: str, *, always: bool = True, in_advice: bool = True, seen: str | None = None) -> Observation:
    """A pod with a container among its init containers."""
    first = {
        **container("proxy", resources=resources(cpu)),
        **({"restartPolicy": "Always"} if always else {}),
    }
    meta = {"annotations": {"vpaObservedContainers": seen}} if seen else {}
    whole = {"requests": {"cpu": "250m", "memory": "262144k"}}
    spec = {"initContainers": [first], "containers": [container(resources=whole)]}
    advice = [ADVICE, *([advised("proxy", "40m", "30m", "50m")] if in_advice else [])]
    return applied(scaler(advice=advice), *(pod(f"web-{at}", meta=meta, spec=spec) for at in (1, 2)))


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (mesh("40m"), "met"),
        (mesh("10m"), "unmet"),
        (mesh("10m", in_advice=False), "met"),
        (mesh("10m", always=False), "met"),
        (mesh("10m", seen="web"), "met"),
    ],
)
def test_a_native_sidecar_counts_where_it_has_numbers(seen: Observation, expected: str) -> None:
    """Most versions leave it alone; an ordinary init container is always left alone."""
    assert seen.status == expected


def job(name: str, owner: str | None) -> Object:
    """A Job of a CronJob, or one of its own."""
    owners: list[dict[str, Any]] = [{"kind": "CronJob", "name": owner, "controller": True}] if owner else []
    return item("batch/v1", "Job", name, "shop", meta={"ownerReferences": owners})


@pytest.mark.parametrize(
    ("jobs", "expected"),
    [
        ([job("web-1", "web"), job("web-2", "web")], "vpa-next-run"),
        ([job("web-1", "web"), job("web-2", "other")], None),
        ([job("web-1", "web"), job("web-2", None)], None),
        ([job("web-1", "other"), job("web-2", None)], "vpa-no-pods-matched"),
        ([], "vpa-next-run"),
    ],
)
def test_only_its_own_runs_are_a_cronjobs(jobs: list[Object], expected: str | None) -> None:
    """Pods are two owners away, and another Job's may have the same labels."""

    def run(name: str, cpu: str, made: str) -> Object:
        owner = [{"kind": "Job", "name": name, "controller": True, "uid": name}]
        meta = {"ownerReferences": owner, "creationTimestamp": made}
        return {**running(f"{name}-a", cpu, meta=meta), "status": {"phase": "Succeeded"}}

    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [container()]}}
    target = item(
        "batch/v1", "CronJob", "web", "shop", spec={"jobTemplate": {"spec": {"template": template}}}
    )
    own = scaler(mode="Initial")
    own["spec"]["targetRef"] = {"apiVersion": "batch/v1", "kind": "CronJob", "name": "web"}
    pods = [run("web-1", "250m", "2026-03-02T09:00:00Z"), run("web-2", "100m", "2026-03-02T09:30:00Z")]
    api = MemoryApi(target, own, *pods, *jobs, *SYSTEM, *BACKEND)
    assert reason(look(vpa.test_applied, api.cluster(), **WHERE)) == expected


@pytest.mark.parametrize("mode", ["Recreate", "InPlaceOrRecreate", "InPlace"])
@pytest.mark.parametrize(
    ("args", "expected"),
    [
        ([], "vpa-too-few-replicas"),
        (["--in-place-skip-disruption-budget=false"], "vpa-too-few-replicas"),
        (["--in-place-skip-disruption-budget", "--v=4"], "vpa-not-applied"),
        (["--in-place-skip-disruption-budget=true"], "vpa-not-applied"),
    ],
)
def test_an_only_pod_is_not_resized_either(mode: str, args: list[str], expected: str) -> None:
    """Unless the updater was told that a resize in place needs no second pod."""
    updater = deployment("vpa-updater", "kube-system", containers=[container(args=args)])
    others = [one for one in SYSTEM if one["metadata"]["name"] != "vpa-updater"]
    alone = running("web-1", "100m", status={"phase": "Running", "startTime": "2026-03-02T08:00:00Z"})
    api = MemoryApi(deployment(), scaler(mode=mode), alone, updater, *others, *BACKEND)
    wanted = expected if mode != "Recreate" else "vpa-too-few-replicas"
    assert reason(look(vpa.test_applied, api.cluster(), **WHERE)) == wanted

"""An autoscaler under the load of a check: risen, not risen, too weak a load, back down."""

from __future__ import annotations

import math
from typing import Any

import pytest

from checks import active
from pytest_k8sgrade.cluster.acting_rules import Act
from pytest_k8sgrade.outcome import Observation
from pytest_k8sgrade.services.autoscalers.under_load import fall_takes
from tests.unit.checks.acting import World, act
from tests.unit.checks.api import MemoryApi, parts, reason, share
from tests.unit.checks.objects import current_metric, deployment, hpa, item

WHERE: dict[str, Any] = {"name": "web", "namespace": "shop", "url": "http://web/"}
QUICK = {"scaleDown": {"stabilizationWindowSeconds": 30}}


class Scaled(World):
    """Each pod of the load brings `gain` percent of the target of two pods; `up` and `down` are obeyed."""

    def __init__(self, *, up: bool = True, down: bool = True, gain: int = 40, **spec: Any) -> None:
        self.hpa = hpa(behavior=QUICK, **spec)
        self.up, self.down, self.gain = up, down, gain
        self.load, self.most = 0, 0
        api = MemoryApi(deployment())
        super().__init__(api, self.answer, self.control)
        api.add(self.hpa)
        self.hpa = api.objects[-1]

    def runs(self) -> None:
        """A pod of the load runs."""
        labels = {"job-name": "k8sgrade-load-0badcafe"}
        self.api.add(item("v1", "Pod", "a", "shop", meta={"labels": labels}, status={"phase": "Running"}))

    def answer(self, one: Act) -> int:
        """The Job that makes the load."""
        if one.method == "POST":
            self.runs()
            assert one.body["spec"]["template"]["spec"]["containers"][0]["env"][0]["value"] == WHERE["url"]
            self.load = one.body["spec"]["parallelism"]
            return 201
        if one.method == "PATCH":
            self.load = one.body["spec"]["parallelism"]
            self.most = max(self.most, self.load)
            return 200
        gone, self.load = self.load, 0
        return 200 if gone else 404

    def control(self, now: float) -> None:
        """The controller: utilisation follows the load, the count follows the utilisation."""
        status = self.hpa["status"]
        count = status["currentReplicas"]
        percent = self.load * self.gain * 50 * 2 // (100 * count)
        status["currentMetrics"] = [current_metric("cpu", percent), current_metric("memory", 10)]
        wanted = max(2, min(self.hpa["spec"]["maxReplicas"], math.ceil(count * percent / 50)))
        if (
            abs(percent / 50 - 1) <= 0.1
            or (wanted > count and not self.up)
            or (wanted < count and not self.down)
        ):
            return
        status |= {"currentReplicas": wanted, "desiredReplicas": wanted}


def tried(world: World, **params: Any) -> Observation:
    """What the check finds."""
    return act(active.test_hpa_scales_under_load, world, **WHERE, **params)


def test_up_under_load_and_down_without() -> None:
    """The load grows until the metric asks for more; what was seen is told."""
    world = Scaled()
    found = tried(world)
    assert found.status == "met"
    assert found.seen["replicas"][0] == found.seen["replicas"][2] == 2 < found.seen["replicas"][1]
    assert found.seen["pods"] == world.most == 4
    assert [one.method for one in world.done] == ["POST", "PATCH", "PATCH"]


def test_an_autoscaler_that_does_not_rise_is_told() -> None:
    """Its metric is above the target, so a rise is its duty; nothing is waited for afterwards."""
    found = tried(Scaled(up=False))
    assert (found.status, reason(found)) == ("unmet", "load-not-raised")
    assert share(found) == 0
    assert found.parts[0].reason is not None
    assert found.parts[0].reason.params["percent"] > 110


def test_what_stays_up_keeps_the_greater_part() -> None:
    """Rising is proven, coming back is not."""
    found = tried(Scaled(down=False))
    assert parts(found) == {"raised": None, "lowered": "load-not-lowered"}
    assert share(found) == pytest.approx(2 / 3)
    assert tried(Scaled(down=False), down=False).status == "met"


def test_a_load_that_is_too_weak_says_nothing_of_the_autoscaler() -> None:
    """With all its pods the metric stays below the target: nobody loses a point."""
    world = Scaled(gain=1)
    found = tried(world, pods=5)
    assert (found.status, reason(found)) == ("cannot-tell", "load-too-weak")
    assert world.most == 5


def test_a_load_that_cannot_run_says_so() -> None:
    """No pod of the Job runs: an image that cannot be pulled is not the autoscaler's fault."""
    world = Scaled(gain=1)
    world.runs = lambda: None  # type: ignore[method-assign]
    assert reason(tried(world)) == "load-pods-not-running"
    assert world.now < 90


def test_somebody_elses_load_is_not_added_to() -> None:
    """It is busy before anything was done, and nothing is done."""
    world = Scaled()
    world.hpa["status"] |= {"currentReplicas": 5, "desiredReplicas": 5}
    world.tick = lambda _: None
    assert reason(tried(world)) == "load-not-at-rest"
    assert world.done == []


def test_no_room_is_a_fault_that_needs_no_load() -> None:
    """The maximum is the minimum."""
    world = Scaled(maxReplicas=2)
    assert reason(tried(world)) == "load-without-room"
    assert world.done == []


def test_out_of_time_is_no_fault() -> None:
    """The check may not last as long as the rules of the autoscaler."""
    found = act(active.test_hpa_scales_under_load, Scaled(down=False), lasts=150, **WHERE)
    assert (found.status, reason(found)) == ("cannot-tell", "act-out-of-time")


@pytest.mark.parametrize(
    ("rules", "seconds"),
    [
        (
            {
                "stabilizationWindowSeconds": 300,
                "policies": [{"type": "Percent", "value": 50, "periodSeconds": 60}],
            },
            660,
        ),
        (
            {"stabilizationWindowSeconds": 0, "policies": [{"type": "Pods", "value": 8, "periodSeconds": 1}]},
            181,
        ),
        ({"stabilizationWindowSeconds": 0, "selectPolicy": "Disabled"}, 180),
    ],
)
def test_the_way_down_takes_as_long_as_the_rules_say(rules: dict[str, Any], seconds: float) -> None:
    """From ten to two."""
    assert fall_takes(hpa(behavior={"scaleDown": rules}), 10, 2) == seconds

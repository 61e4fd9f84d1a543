"""Autoscalers' arithmetic and defaults."""

from __future__ import annotations

import pytest

from pytest_k8sgrade.kube.autoscalers import (
    behavior,
    holding_metrics,
    missing_requests,
    parse_policy,
    raising_metrics,
)
from tests.unit.checks.objects import container, current_metric, hpa


def test_the_controllers_defaults_are_put_in() -> None:
    """A window of zero is not a missing window."""
    assert behavior(hpa(), "scaleDown").window_s == 300
    assert behavior(hpa(), "scaleUp").window_s == 0
    assert behavior(hpa(behavior={"scaleDown": {"stabilizationWindowSeconds": 0}}), "scaleDown").window_s == 0


@pytest.mark.parametrize(("memory", "holds"), [(60, True), (46, False), (70, True)])
def test_a_metric_holds_the_size_by_rounding_up(memory: int, holds: bool) -> None:
    """Three pods at 60 of 70 percent: ceil(3 * 60 / 70) is three."""
    metrics = [current_metric("cpu", 0), current_metric("memory", memory)]
    held = holding_metrics(hpa(status={"currentReplicas": 3, "currentMetrics": metrics}))
    assert [metric.name for metric in held] == (["memory"] if holds else [])


@pytest.mark.parametrize(
    ("replicas", "cpu", "behavior", "held"),
    [
        (3, 53, {}, "holding"),  # 1.06 of the target is within the controller's tenth
        (3, 55, {}, "holding"),
        (3, 56, {}, "raising"),
        (20, 46, {}, "holding"),  # ceil(20 * 0.92) is 19, but a tenth below is within it too
        (20, 44, {}, None),
        (3, 53, {"scaleUp": {"tolerance": "50m"}}, "raising"),
        (3, 60, {"scaleUp": {"tolerance": "0.2"}}, "holding"),
        (20, 46, {"scaleDown": {"tolerance": "0"}}, None),
    ],
)
def test_within_the_tolerance_a_metric_asks_for_what_there_is(
    replicas: int, cpu: int, behavior: dict[str, object], held: str | None
) -> None:
    """As the controller decides it: the target is 50 percent."""
    status = {"currentReplicas": replicas, "currentMetrics": [current_metric("cpu", cpu)]}
    scaled = hpa(status=status, behavior=behavior)
    assert bool(raising_metrics(scaled)) == (held == "raising")
    assert bool(holding_metrics(scaled)) == (held is not None)


def test_a_policy_is_read_as_it_is_shown() -> None:
    """Text, value, text; anything else is refused."""
    for text in ("50% / 60s", "4 pods / 30s"):
        assert str(parse_policy(text)) == text
    with pytest.raises(ValueError, match="scaling policy"):
        parse_policy("half per minute")


def test_every_container_needs_a_request() -> None:
    """A sidecar counts, also one among the init containers; a limit or the whole pod's request will do."""
    bare = container("envoy", resources={})
    limited = container("limited", resources={"limits": {"cpu": "1"}})
    native = {**bare, "name": "native", "restartPolicy": "Always"}
    spec = {"containers": [container(), bare, limited], "initContainers": [native, {"name": "setup"}]}
    assert missing_requests(spec, "cpu") == ["envoy", "native"]
    assert missing_requests(spec, "cpu", "web") == []
    assert missing_requests({**spec, "resources": {"requests": {"cpu": "1"}}}, "cpu") == []

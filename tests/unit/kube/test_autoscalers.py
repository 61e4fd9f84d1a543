"""Autoscalers' arithmetic and defaults."""

from __future__ import annotations

import pytest

from pytest_k8sgrade.kube.autoscalers import behavior, holding_metrics, missing_requests, parse_policy
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

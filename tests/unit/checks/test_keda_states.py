"""KEDA's states between accepted and working: held in one direction, cooling down, being deleted."""

from __future__ import annotations

from checks import keda
from tests.unit.checks.api import reason
from tests.unit.checks.objects import Object
from tests.unit.checks.test_keda import (
    ACTIVE,
    AT_TWO,
    AT_ZERO,
    COOLING,
    DISABLED,
    PAUSED,
    PROMETHEUS,
    READY,
    asked,
    made,
    said,
    scaled,
)


def test_a_direction_that_is_held_counts_only_for_itself() -> None:
    """KEDA says Paused for one direction too; the other one goes on."""
    held = scaled(READY, ACTIVE, PAUSED, notes={"paused-scale-out": "true"})
    assert reason(asked(keda.test_scaled_out, held, DISABLED, AT_ZERO)) == "keda-scale-out-paused"
    assert asked(keda.test_scaled_out, held, made(), AT_TWO, at_least=2).status == "met"
    inward = scaled(READY, ACTIVE, PAUSED, notes={"paused-scale-in": "true"})
    assert asked(keda.test_scaled_out, inward, made(), AT_TWO).status == "met"
    forced = scaled(READY, ACTIVE, notes={"force-activation": "on"})
    assert reason(asked(keda.test_scaled_out, forced, made(), AT_TWO)) == "keda-forced"


def test_what_was_never_active_cools_down_from_its_creation() -> None:
    """The initial cooldown is another period than the one after an activity."""
    new: Object = {"initialCooldownPeriod": 600, "cooldownPeriod": 5, "created": "2026-03-02T09:55:00Z"}
    seen = asked(keda.test_at_zero, scaled(READY, COOLING, **new), AT_TWO)
    assert reason(seen) == "keda-cooling-down"
    assert seen.reason is not None
    assert seen.reason.params["until"] == "2026-03-02T10:05:00Z"
    old = {**new, "created": "2026-03-02T08:00:00Z"}
    assert reason(asked(keda.test_at_zero, scaled(READY, COOLING, **old), AT_TWO)) == "keda-not-at-zero"


def test_only_the_failing_trigger_is_suspected() -> None:
    """KEDA's names of metrics begin with the place of the trigger; its type does not end them."""
    queue = {"type": "rabbitmq", "metadata": {"host": "amqp://mq.shop:5672"}}
    health = {"s0-prometheus": {"status": "Happy"}, "s1-rabbitmq-jobs": {"status": "Failing"}}
    own = scaled(
        said("Ready", "False", "TriggerError"), triggers=[PROMETHEUS, queue], status={"health": health}
    )
    seen = asked(keda.test_ready, own)
    assert seen.reason is not None
    assert seen.reason.params["failing"] == ["rabbitmq amqp://mq.shop:5672"]


def test_a_number_is_compared_as_one() -> None:
    """A threshold may be written with decimals; an idle count that is left out is none."""
    own = scaled(idleReplicaCount=0, minReplicaCount=2)
    same: Object = {"target": "web", "trigger_metadata": {"threshold": "5.0"}}
    assert asked(keda.test_configured, own, **same, idle_replicas=0).status == "met"
    assert asked(keda.test_configured, scaled(), **same, idle_replicas=0).status == "unmet"
    other: Object = {"target": "web", "trigger_metadata": {"threshold": "50", "query": "sum(job)"}}
    assert asked(keda.test_configured, own, **other).status == "unmet"


def test_what_is_being_deleted_scales_nothing_for_long() -> None:
    """Its conditions stay as they were."""
    gone = scaled()
    gone["metadata"]["deletionTimestamp"] = "2026-03-02T09:59:00Z"
    assert reason(asked(keda.test_at_zero, gone, AT_ZERO)) == "object-terminating"

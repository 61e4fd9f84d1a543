"""Changes to the ScaledObject of the theory, and to the queue behind it.

Whether the consumer has ever been awake is kept in the ScaledObject's status, which goes with the
object: a change that deletes it gives the new one a past of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from tests.testbed.layers import look
from tests.testbed.layers.base import apply, documents
from tests.testbed.layers.event_driven import (
    BACKLOG,
    CONSUMER,
    NAMESPACE,
    QUICK,
    SCALER,
    asleep,
    awake,
    fill,
    idle,
    past,
    said,
    scaler,
)
from tests.testbed.layers.keda import served
from tests.testbed.scenarios.change import Change, Seen, Step, Target, register, watched

if TYPE_CHECKING:
    from tests.testbed.node import Bed

SCALED = Target("scaledobject", NAMESPACE, SCALER)
PREFIX = "autoscaling.keda.sh/"


def of(name: str, title: str, apply_: Step, *, effect: Seen, undo: Step = asleep) -> Change:
    """A change after which the consumer sleeps again as before."""
    return watched(
        name, title, apply_, effect=effect, undo=undo, restored=lambda bed: idle(bed) or served(bed)
    )


def trigger(**metadata: str) -> dict[str, Any]:
    """The theory's object with other words in its trigger."""
    (found,) = scaler()
    (own,) = found["spec"]["triggers"]
    return {"triggers": [{**own, "metadata": {**own["metadata"], **metadata}}]}


def written(name: str, title: str, fields: Mapping[str, Any], *, effect: Seen) -> Change:
    """A change of fields of the ScaledObject."""
    return of(name, title, lambda bed: apply(bed, scaler(fields)), effect=effect)


def condition(kind: str, *, status: str = "", reason: str = "") -> Seen:
    """A probe for a condition of the ScaledObject."""

    def seen(bed: Bed) -> str | None:
        found = said(bed, kind)
        same = (not status or found.get("status") == status) and (not reason or found.get("reason") == reason)
        return None if found and same else f"{kind}: {found}"

    return seen


def annotated(name: str, title: str, key: str, value: str, *, effect: Seen) -> Change:
    """A change that is one of KEDA's annotations."""

    def undo(bed: Bed) -> None:
        SCALED.patch(bed, {"metadata": {"annotations": {PREFIX + key: None}}})
        asleep(bed)

    def apply_(bed: Bed) -> None:
        SCALED.patch(bed, {"metadata": {"annotations": {PREFIX + key: value}}})

    return of(name, title, apply_, effect=effect, undo=undo)


written(
    "scaler-max-wrong",
    "The ScaledObject's maximum is 3 instead of 30",
    {"maxReplicaCount": 3},
    effect=condition("Active", reason="ScalerNotActive"),
)
written(
    "scaler-never-to-zero",
    "The ScaledObject's minimum is 1",
    {"minReplicaCount": 1},
    effect=lambda bed: look.ready(bed, "deployment", NAMESPACE, CONSUMER) or more_than_zero(bed),
)
written(
    "scaler-target-missing",
    "The ScaledObject names a Deployment that does not exist",
    {"scaleTargetRef": {"name": "rabbitmq-consumers"}},
    effect=condition("Ready", reason="ScaledObjectCheckFailed"),
)
written(
    "scaler-wrong-address",
    "The trigger asks a Prometheus that does not exist",
    trigger(serverAddress="http://prometheus-server.monitoring:9090"),
    effect=condition("Ready", reason="TriggerError"),
)
written(
    "scaler-fallback",
    "The trigger cannot be read, and a fallback hides it",
    {
        **trigger(serverAddress="http://prometheus-server.monitoring:9090"),
        "fallback": {"failureThreshold": 1, "replicas": 2},
    },
    effect=condition("Fallback", status="True"),
)
annotated(
    "scaler-paused",
    "Scaling is paused by an annotation",
    "paused",
    "true",
    effect=condition("Paused", status="True"),
)
annotated(
    "scaler-forced",
    "An annotation holds the consumer awake",
    "force-activation",
    "true",
    effect=lambda bed: awake(bed, 1),
)


def more_than_zero(bed: Bed) -> str | None:
    """Whether KEDA has set the minimum."""
    found = look.read(bed, "deployment", NAMESPACE, CONSUMER) or {"spec": {}}
    return None if found["spec"].get("replicas") else "still at zero"


def backlog(bed: Bed) -> None:
    """A full queue, seen by KEDA in the quick way."""
    fill(bed, BACKLOG)
    apply(bed, scaler(QUICK))


def still_awake(bed: Bed) -> None:
    """The theory's object, with the consumer awake."""
    look.until("consumer awake", lambda: awake(bed, 3))
    apply(bed, scaler())
    look.until("consumer still awake", lambda: awake(bed, 3))


register(
    Change(
        name="queue-never-emptied",
        title="The queue is still full",
        apply=backlog,
        settle=still_awake,
        undo=asleep,
    )
)


def cooling(bed: Bed) -> None:
    """The queue empty, and the theory's five minutes not over."""
    still_awake(bed)
    fill(bed, 0)
    apply(bed, scaler({"pollingInterval": 29}))
    look.until("cooling down", partial(condition("Active", reason="ScalerCooldown"), bed))
    apply(bed, scaler())
    look.until("cooling down", partial(condition("Active", reason="ScalerCooldown"), bed))


register(
    Change(
        name="queue-just-emptied",
        title="The queue has been empty for less than the cooldown",
        apply=backlog,
        settle=cooling,
        undo=asleep,
    )
)


def by_the_clock() -> dict[str, Any]:
    """The theory's second trigger, at hours that are now."""
    hours = {"timezone": "UTC", "start": "0 0 * * *", "end": "59 23 * * *", "desiredReplicas": "1"}
    (found,) = scaler()
    return {"triggers": [*found["spec"]["triggers"], {"type": "cron", "metadata": hours}]}


written(
    "scaler-awake-by-the-clock",
    "The theory's cron trigger is in its hours",
    by_the_clock(),
    effect=lambda bed: awake(bed, 1),
)


def deleted(bed: Bed) -> None:
    """The ScaledObject gone; KEDA takes its own finalizer away."""
    SCALED.delete(bed)
    look.until("ScaledObject gone", lambda: None if SCALED.read(bed) is None else "still there")


def anew(bed: Bed) -> None:
    """The ScaledObject deleted, whatever it is, and made again with a past."""
    deleted(bed)
    past(bed)


def without_series(bed: Bed) -> None:
    """A new ScaledObject whose query finds nothing."""
    deleted(bed)
    apply(bed, scaler(trigger(query='sum(rabbitmq_queue_messages_ready{queue="order"})')))


of(
    "scaler-query-empty",
    "The trigger's query has a wrong label and finds nothing",
    without_series,
    effect=condition("Active", reason="ScalerNotActive"),
    undo=anew,
)


def never_woken(bed: Bed) -> None:
    """A new ScaledObject that nothing has woken yet."""
    deleted(bed)
    apply(bed, scaler())


of(
    "scaler-never-woken",
    "The queue has never had a message since the ScaledObject was made",
    never_woken,
    effect=condition("Active", reason="ScalerNotActive"),
    undo=anew,
)
of(
    "scaler-absent",
    "The ScaledObject was deleted",
    deleted,
    effect=lambda bed: None,
    undo=past,
)


def by_the_letter(bed: Bed) -> None:
    """The theory's own first trigger: a RabbitMQ that its text does not install."""
    (found,) = documents("autoscaling", "letter.yaml")
    apply(bed, [found])


of(
    "scaler-by-the-letter",
    "The ScaledObject is the text's own, without the RabbitMQ that it asks",
    by_the_letter,
    effect=condition("Ready", reason="ScaledObjectCheckFailed"),
)

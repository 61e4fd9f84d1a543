"""KEDA's ScaledObjects, parsed: bounds, triggers, pauses, what they scale.

Annotations and fields that are left out mean what KEDA's operator makes of them.
Which condition says what is judged elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from pytest_k8sgrade.kube.objects import spec_of

Object: TypeAlias = Mapping[str, Any]

PREFIX = "autoscaling.keda.sh/"
RESOURCE_TRIGGERS = frozenset({"cpu", "memory"})
"""Measured in running pods, so they cannot wake a workload from zero."""
_ADDRESSES = ("serverAddress", "host")
"""The fields of triggers that hold a URL: of Prometheus and of RabbitMQ, for instance."""
_COOLDOWN_S, _POLLING_S, _MAX_REPLICAS = 300, 30, 100
_FALSE = frozenset({"0", "f", "F", "false", "False", "FALSE"})
"""What KEDA's operator reads as false; any other value of a switch is true to it."""
_INDEX = re.compile(r"s(\d+)-.*")


@dataclass(frozen=True, slots=True)
class Trigger:
    """One trigger; its place in the list is in the names of its metrics. `auth` is what it logs in with."""

    type: str
    index: int
    metadata: Mapping[str, str]
    auth_kind: str = "TriggerAuthentication"
    auth: str = ""

    def makes(self, metric: str) -> bool:
        """Whether one of KEDA's metric names is this trigger's; its type alone does not end the name."""
        found = _INDEX.fullmatch(metric)
        return found is not None and int(found[1]) == self.index

    @property
    def address(self) -> str:
        """Where it asks, as far as its type has an address; a user and password in it are left out."""
        written = next((str(self.metadata[key]) for key in _ADDRESSES if self.metadata.get(key)), "")
        scheme, slashes, rest = written.partition("://")
        place, slash, path = rest.partition("/")
        return f"{scheme}{slashes}{place.rpartition('@')[2]}{slash}{path}" if slashes else written

    def __str__(self) -> str:
        """The type with the address."""
        return f"{self.type} {self.address}".strip()


@dataclass(frozen=True, slots=True)
class Bounds:
    """How many replicas there may be; `idle` is the number while no trigger is active, if set apart."""

    least: int
    most: int
    idle: int | None

    @property
    def zero(self) -> bool:
        """Whether an idle workload goes to zero."""
        return (self.least if self.idle is None else self.idle) == 0


def bounds(scaled: Object) -> Bounds:
    """The bounds, defaults put in."""
    spec = spec_of(scaled)
    most = spec.get("maxReplicaCount")
    return Bounds(
        least=int(spec.get("minReplicaCount") or 0),
        most=_MAX_REPLICAS if most is None else int(most),
        idle=spec.get("idleReplicaCount"),
    )


def triggers(scaled: Object) -> list[Trigger]:
    """The triggers in their order, which KEDA's metric names carry."""
    return [_trigger(at, one) for at, one in enumerate(spec_of(scaled).get("triggers") or [])]


def _trigger(index: int, written: Mapping[str, Any]) -> Trigger:
    auth = written.get("authenticationRef") or {}
    return Trigger(
        type=str(written.get("type", "")),
        index=index,
        metadata=written.get("metadata") or {},
        auth_kind=auth.get("kind") or "TriggerAuthentication",
        auth=auth.get("name") or "",
    )


def cannot_wake(scaled: Object) -> bool:
    """Whether it goes to zero although no trigger could wake it again."""
    kinds = {trigger.type for trigger in triggers(scaled)}
    return bounds(scaled).zero and bool(kinds) and kinds <= RESOURCE_TRIGGERS


def cooldown_s(scaled: Object) -> int:
    """Seconds between the last activity and the way to zero."""
    asked = spec_of(scaled).get("cooldownPeriod")
    return _COOLDOWN_S if asked is None else int(asked)


def initial_cooldown_s(scaled: Object) -> int:
    """Seconds after its creation in which one that was never active keeps its target up."""
    return int(spec_of(scaled).get("initialCooldownPeriod") or 0)


def polling_s(scaled: Object) -> int:
    """Seconds between two looks at the triggers."""
    asked = spec_of(scaled).get("pollingInterval")
    return _POLLING_S if asked is None else int(asked)


def target_ref(scaled: Object) -> tuple[str, str, str]:
    """API version, kind and name of what is scaled."""
    ref = spec_of(scaled).get("scaleTargetRef") or {}
    return ref.get("apiVersion") or "apps/v1", ref.get("kind") or "Deployment", ref.get("name", "")


def hpa_name(scaled: Object) -> str:
    """The name of the autoscaler that KEDA makes."""
    status, spec = scaled.get("status") or {}, spec_of(scaled)
    config = (spec.get("advanced") or {}).get("horizontalPodAutoscalerConfig") or {}
    return str(status.get("hpaName") or config.get("name") or f"keda-hpa-{scaled['metadata']['name']}")


def annotation(scaled: Object, key: str) -> str | None:
    """One of KEDA's annotations, without their prefix."""
    value = (scaled["metadata"].get("annotations") or {}).get(PREFIX + key)
    return None if value is None else str(value)


def pause(scaled: Object) -> str | None:
    """The annotation that asks for a pause of all scaling, None when there is none."""
    if annotation(scaled, "paused-replicas") is not None:
        return PREFIX + "paused-replicas"
    return PREFIX + "paused" if switched_on(scaled, "paused") else None


def paused_one_way(scaled: Object) -> bool:
    """Whether only one direction of scaling is held: KEDA calls that paused too, and goes on."""
    return switched_on(scaled, "paused-scale-in") or switched_on(scaled, "paused-scale-out")


def switched_on(scaled: Object, key: str) -> bool:
    """Whether one of KEDA's annotations is set to anything but false."""
    value = annotation(scaled, key)
    return value is not None and value not in _FALSE


def failing(scaled: Object) -> list[str]:
    """The metrics that the object's status says to fail."""
    health = (scaled.get("status") or {}).get("health") or {}
    return sorted(metric for metric, state in health.items() if (state or {}).get("status") != "Happy")

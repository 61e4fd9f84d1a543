"""VerticalPodAutoscalers, parsed: update mode, what is controlled, what is recommended.

Conditions are sorted by type, so they are found by it elsewhere; here is only what
the spec means when it leaves something out. Quantities are exact numbers.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeAlias

from pytest_k8sgrade.kube.objects import spec_of
from pytest_k8sgrade.kube.quantity import parse_quantity

Object: TypeAlias = Mapping[str, Any]
Amounts: TypeAlias = Mapping[str, Decimal]

RESOURCES = ("cpu", "memory")
CHANGING_MODES = frozenset({"Recreate", "Auto", "InPlaceOrRecreate", "InPlace"})
"""The modes that change pods which already run."""
EVICTING_MODES = CHANGING_MODES - {"InPlace"}
IN_PLACE_MODES = frozenset({"InPlaceOrRecreate", "InPlace"})
APPLYING_MODES = CHANGING_MODES | {"Initial"}
OBSERVED = "vpaObservedContainers"
"""The annotation of a pod that the admission controller has seen: the containers that it had then."""
_DEFAULT_MODE = "Recreate"
"""Before 1.5 it was Auto, which means the same."""
_CONTAINER_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Recommendation:
    """What is recommended for one container; a bound that is missing bounds nothing."""

    container: str
    target: Amounts
    lower: Amounts
    upper: Amounts

    def allows(self, resource: str, amount: Decimal) -> bool:
        """Whether an amount lies within the bounds, in which the updater leaves a pod alone."""
        lower, upper = self.lower.get(resource), self.upper.get(resource)
        if lower is None or upper is None:
            return amount == self.target.get(resource)
        return lower <= amount <= upper


def update_mode(vpa: Object) -> str:
    """The update mode, the default where it is left out."""
    return str((spec_of(vpa).get("updatePolicy") or {}).get("updateMode") or _DEFAULT_MODE)


def is_one_of(mode: str, modes: Collection[str]) -> bool:
    """Whether a mode is among these; Auto and Recreate are two words for one."""
    return _meant(mode) in {_meant(one) for one in modes}


def _meant(mode: str) -> str:
    return "Recreate" if mode == "Auto" else mode


def recommenders(vpa: Object) -> list[str]:
    """The recommenders that are to work on it; none means the default one."""
    return [str(one.get("name", "")) for one in spec_of(vpa).get("recommenders") or []]


def min_replicas(vpa: Object) -> int | None:
    """How many pods there must be before one is evicted, None where it is left to the updater."""
    asked = (spec_of(vpa).get("updatePolicy") or {}).get("minReplicas")
    return int(asked) if asked is not None else None


def target_ref(vpa: Object) -> Mapping[str, str]:
    """The reference to the workload, empty when there is none."""
    return spec_of(vpa).get("targetRef") or {}


def container_policy(vpa: Object, container: str) -> Object:
    """The container's own policy, else the one for all, else an empty one."""
    policies = (spec_of(vpa).get("resourcePolicy") or {}).get("containerPolicies") or []
    by_name = {policy.get("containerName"): policy for policy in policies}
    return by_name.get(container) or by_name.get("*") or {}


def controlled(vpa: Object, container: str) -> tuple[str, ...]:
    """The resources of a container that are controlled; none when its policy is Off."""
    policy = container_policy(vpa, container)
    if policy.get("mode") == "Off":
        return ()
    return tuple(policy.get("controlledResources") or RESOURCES)


def recommendations(vpa: Object) -> dict[str, Recommendation]:
    """The recommendations by container; one without a target is none."""
    found = ((vpa.get("status") or {}).get("recommendation") or {}).get("containerRecommendations") or []
    return {
        one["containerName"]: Recommendation(
            container=one["containerName"],
            target=amounts(one["target"]),
            lower=amounts(one.get("lowerBound")),
            upper=amounts(one.get("upperBound")),
        )
        for one in found
        if one.get("target")
    }


def amounts(written: Mapping[str, str] | None) -> Amounts:
    """Quantities by resource, as numbers."""
    return {resource: parse_quantity(text) for resource, text in (written or {}).items()}


def change_wanted(vpa: Object, pod: Object) -> bool:
    """Whether the policy's evictionRequirements allow the change of some container of the pod."""
    wanted = (spec_of(vpa).get("updatePolicy") or {}).get("evictionRequirements") or []
    requests, advice = requests_of(pod), recommendations(vpa)
    return not wanted or any(
        _all_met(wanted, amounts(requests[name]), advice[name].target) for name in requests if name in advice
    )


def _all_met(wanted: Sequence[Object], has: Amounts, target: Amounts) -> bool:
    """As the updater reads them: a container without one of its requests may always be changed."""
    if any(resource not in has for resource in RESOURCES):
        return True
    return all(
        any(
            _turns(one, has.get(resource, Decimal(0)), target.get(resource, Decimal(0)))
            for resource in one["resources"]
        )
        for one in wanted
    )


def _turns(wanted: Object, has: Decimal, target: Decimal) -> bool:
    direction = wanted.get("changeRequirement")
    return (direction == "TargetHigherThanRequests" and target > has) or (
        direction == "TargetLowerThanRequests" and target < has
    )


def observed(pod: Object, container: str) -> bool:
    """Whether the VPA deals with this container of the pod: what was injected after its webhook is let be.

    A pod without the annotation, or with one that cannot be read, is dealt with as a whole.
    """
    written = (pod.get("metadata", {}).get("annotations") or {}).get(OBSERVED)
    names = written.split(", ") if written else []
    if written is None or not all(_CONTAINER_NAME.fullmatch(name) for name in names):
        return True
    return container in names


def requests_of(pod: Object) -> dict[str, Mapping[str, str]]:
    """What each container of a pod has asked for now."""
    return {name: resources.get("requests") or {} for name, resources in resources_of(pod).items()}


def resources_of(pod: Object) -> dict[str, Mapping[str, Any]]:
    """Requests and limits of each container now: a resize in place shows in the status first.

    Native sidecars are containers, too, although they are written among the init containers.
    """
    spec, status = pod.get("spec") or {}, pod.get("status") or {}
    own = {
        one["name"]: one.get("resources") or {} for one in [*(spec.get("containers") or []), *_sidecars(pod)]
    }
    for part in ("containerStatuses", "initContainerStatuses"):
        for one in status.get(part) or []:
            if one.get("resources") and one["name"] in own:
                own[one["name"]] = one["resources"]
    return own


def sidecars_of(pod: Object) -> set[str]:
    """The names of its native sidecars."""
    return {one["name"] for one in _sidecars(pod)}


def _sidecars(pod: Object) -> list[Object]:
    listed = (pod.get("spec") or {}).get("initContainers") or []
    return [one for one in listed if one.get("restartPolicy") == "Always"]

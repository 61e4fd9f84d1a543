"""PodDisruptionBudgets: which of them a pod falls under, and whether they let it go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from pytest_k8sgrade.kube.selectors import matches

Object: TypeAlias = Mapping[str, Any]


def covering(budgets: Sequence[Object], pod: Object) -> list[Object]:
    """The budgets of a pod."""
    metadata = pod["metadata"]
    return [
        one
        for one in budgets
        if one["metadata"].get("namespace") == metadata.get("namespace")
        and matches(one["spec"].get("selector"), metadata.get("labels"))
    ]


def forbidding(budgets: Sequence[Object], pod: Object) -> list[str]:
    """The names of those that allow no disruption now."""
    own = covering(budgets, pod)
    return sorted(
        str(one["metadata"]["name"])
        for one in own
        if (one.get("status") or {}).get("disruptionsAllowed") == 0
    )

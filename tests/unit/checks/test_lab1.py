"""The rubric of lab 1: whole, and worth nothing on an empty cluster."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from pytest_k8sgrade.rubric.load import LoadedRubric, load_rubric
from pytest_k8sgrade.rubric.model import Item
from pytest_k8sgrade.rubric.packs import find_pack
from pytest_k8sgrade.rubric.variables import fixed_values, substitute
from tests.unit.checks.api import MemoryApi, look
from tests.unit.checks.objects import namespace

LAB: LoadedRubric = load_rubric(find_pack("lab1"))
SPACES = ("day5-lab", "monitoring", "argocd", "default")


def looked(item: Item, api: MemoryApi) -> Any:
    """One look of an item's check, with the rubric's own parameters."""
    values = {**fixed_values(LAB.rubric, {}), "app_namespace": "day5-lab"}
    return look(LAB.checks[item.check].function, api.cluster(), **substitute(item.with_, values))


@pytest.mark.parametrize("item", LAB.rubric.items, ids=lambda item: str(item.id))
def test_nothing_passes_on_an_empty_cluster(item: Item) -> None:
    """Neither without the namespaces nor in empty ones, and no part is given away."""
    for api in (MemoryApi(), MemoryApi(*(namespace(name) for name in SPACES))):
        seen = looked(item, api)
        assert seen.status in ("absent", "unmet")
        assert not any(part.met for part in seen.parts)


def test_every_checkpoint_has_points_and_they_are_a_hundred() -> None:
    """Points of the groups are declared and add up; a level is told for each item."""
    assert sum(item.points for item in LAB.rubric.items) == Decimal(100)
    assert {group.id for group in LAB.rubric.groups} == {"monitoring", "application", "autoscaling", "gitops"}


def test_what_the_text_of_the_lab_cannot_reach_costs_little() -> None:
    """A student who follows the text to the letter loses four points of a hundred."""
    beyond = [LAB.rubric.by_id[name] for name in ("monitor-up", "application-synced")]
    assert sum(item.points for item in beyond) == Decimal(4)
    assert all(item.hints.of("beginner", language) for item in beyond for language in ("en", "ko"))


def test_configured_items_do_not_wait() -> None:
    """What is written does not change by itself."""
    waits = {item.id: LAB.rubric.within_of(item) for item in LAB.rubric.items if item.level == "configured"}
    assert waits
    assert all(seconds <= 30 for seconds in waits.values())

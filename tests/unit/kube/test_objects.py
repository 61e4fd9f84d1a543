"""Conditions, selectors and owners, found by type, key and UID, never by position."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from pytest_k8sgrade.kube.conditions import condition, conditions
from pytest_k8sgrade.kube.selectors import controller, is_owned_by, matches, selector_text, selects

LABELS = {"app": "web", "tier": "front"}


def _expression(key: str, operator: str, *values: str) -> dict[str, Any]:
    return {
        "matchExpressions": [
            {"key": key, "operator": operator, **({"values": list(values)} if values else {})}
        ]
    }


def test_a_condition_is_found_by_its_type() -> None:
    """Order does not matter, and the parts come as values."""
    item = {
        "status": {
            "conditions": [
                {"type": "Progressing", "status": "True"},
                {
                    "type": "Available",
                    "status": "False",
                    "reason": "MinimumReplicasUnavailable",
                    "lastTransitionTime": "2026-03-02T10:00:00Z",
                    "observedGeneration": 3,
                },
            ]
        }
    }
    found = condition(item, "Available")
    assert found is not None
    assert (found.status, found.reason, found.true) == ("False", "MinimumReplicasUnavailable", False)
    assert (found.since, found.observed_generation) == (datetime(2026, 3, 2, 10, tzinfo=UTC), 3)
    assert set(conditions(item)) == {"Progressing", "Available"}


@pytest.mark.parametrize(
    "item",
    [{}, {"status": None}, {"status": {}}, {"status": {"conditions": None}}, {"status": {"conditions": []}}],
)
def test_no_condition_is_not_false(item: dict[str, Any]) -> None:
    """A missing condition is None, so that nobody takes it for False."""
    assert condition(item, "Available") is None


def test_a_condition_without_status_is_not_true() -> None:
    """Argo CD's conditions have a type and a message only; Unknown is not True either."""
    assert condition({"status": {"conditions": [{"type": "SyncError"}]}}, "SyncError") is not None
    for status in (None, "Unknown", "False", "true"):
        found = condition({"status": {"conditions": [{"type": "A", "status": status}]}}, "A")
        assert found is not None
        assert not found.true


@pytest.mark.parametrize(
    ("selector", "matched", "text"),
    [
        ({}, True, ""),
        ({"matchLabels": {"tier": "front", "app": "web"}}, True, "app=web,tier=front"),
        ({"matchLabels": {"app": "api"}}, False, "app=api"),
        (_expression("app", "In", "web", "api"), True, "app in (api,web)"),
        (_expression("app", "In", "api"), False, "app in (api)"),
        (_expression("app", "NotIn", "api"), True, "app notin (api)"),
        (_expression("gone", "NotIn", "api"), True, "gone notin (api)"),
        (_expression("app", "Exists"), True, "app"),
        (_expression("gone", "Exists"), False, "gone"),
        (_expression("gone", "DoesNotExist"), True, "!gone"),
        (
            {"matchLabels": {"app": "web"}, **_expression("tier", "NotIn", "front")},
            False,
            "app=web,tier notin (front)",
        ),
    ],
)
def test_label_selectors(selector: dict[str, Any], matched: bool, text: str) -> None:
    """All operators match as Kubernetes does, and are written as its parameter wants them."""
    assert matches(selector, LABELS) is matched
    assert selector_text(selector) == text


def test_a_missing_selector_matches_nothing() -> None:
    """None is not the empty selector, and an empty Service selector selects nothing."""
    assert not matches(None, LABELS)
    assert not selects({}, LABELS)
    assert not selects(None, LABELS)
    assert selects({"app": "web"}, LABELS)
    assert not selects({"app": "web", "x": "y"}, LABELS)
    assert not selects({"app": "web"}, None)


def test_an_unknown_operator_is_refused() -> None:
    """A selector that nobody can read is not taken for one that matches."""
    for ask in (lambda one: matches(one, LABELS), selector_text):
        with pytest.raises(ValueError, match="not an operator"):
            ask(_expression("app", "Gt", "1"))


def test_owners_are_told_by_uid() -> None:
    """A new object of the same name is not the owner."""
    pod = {"metadata": {"ownerReferences": [{"uid": "1", "kind": "ReplicaSet", "controller": True}]}}
    assert is_owned_by(pod, {"metadata": {"uid": "1"}})
    assert not is_owned_by(pod, {"metadata": {"uid": "2"}})
    assert not is_owned_by({"metadata": {}}, {"metadata": {}})
    assert controller(pod) == {"uid": "1", "kind": "ReplicaSet", "controller": True}
    assert controller({"metadata": {"ownerReferences": [{"uid": "1"}]}}) is None

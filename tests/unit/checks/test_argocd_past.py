"""What an Application's policy and past prove: automation, self-heal, pushes, an end without leftovers."""

from __future__ import annotations

from typing import Any

import pytest

from checks import argocd
from pytest_k8sgrade.outcome import Observation
from tests.unit.checks.api import MemoryApi, look, parts, reason, share
from tests.unit.checks.objects import Object, application, deployment, item, managed, namespace, synced

WHERE = {"name": "web", "namespace": "argocd"}


def policy(automated: Object | None, **params: Any) -> Observation:
    """One look at the policy alone."""
    own = application(synced(), syncPolicy={} if automated is None else {"automated": automated})
    return look(argocd.test_automated, MemoryApi(own).cluster(), **WHERE, **params)


@pytest.mark.parametrize(
    ("automated", "expected"),
    [
        ({}, None),
        ({"enabled": True}, None),
        ({"enabled": False, "selfHeal": True}, "argocd-automated-off"),
        (None, "argocd-automated-absent"),
    ],
)
def test_an_empty_policy_is_one_and_a_disabled_one_is_none(
    automated: Object | None, expected: str | None
) -> None:
    """`automated: {}` syncs, `enabled: false` does not."""
    assert reason(policy(automated)) == expected


def test_prune_and_self_heal_are_parts_of_a_policy() -> None:
    """They are off where they are left out."""
    seen = policy({"prune": True}, prune=True, self_heal=True)
    assert [part for part, why in parts(seen).items() if why] == ["spec.syncPolicy.automated.selfHeal"]
    assert 0 < share(seen) < 1


def operation(phase: str = "Succeeded", by: Object | None = None, **sync: Any) -> Object:
    """The last operation."""
    own = {"initiatedBy": by or {"automated": True}, "sync": sync}
    return {
        "phase": phase,
        "startedAt": "2026-03-02T09:10:00Z",
        "finishedAt": "2026-03-02T09:10:01Z",
        "operation": own,
    }


HEALED = operation(autoHealAttemptsCount=1, resources=[{"kind": "Deployment", "name": "web"}])
BY_HAND = operation(by={"username": "student"})


def heals(status: Object, **spec: Any) -> Observation:
    """One look for a self-heal."""
    return look(
        argocd.test_self_healed, MemoryApi(deployment(), application(status, **spec)).cluster(), **WHERE
    )


@pytest.mark.parametrize(
    ("status", "expected", "earned"),
    [
        (synced(operationState=HEALED), None, 1.0),
        (synced(operationState=operation()), "argocd-no-self-heal", 1 / 3),
        (synced(operationState=operation(autoHealAttemptsCount=0)), "argocd-no-self-heal", 1 / 3),
        (
            synced(operationState=HEALED, conditions=[{"type": "SharedResourceWarning"}]),
            "argocd-heals-against-other",
            0.0,
        ),
        (
            synced(operationState={**HEALED, "phase": "Failed"}, sync={"status": "OutOfSync"}),
            "argocd-sync-failed",
            0.0,
        ),
    ],
)
def test_only_the_mark_of_a_self_heal_proves_one(status: Object, expected: str | None, earned: float) -> None:
    """Two Applications that undo each other leave the same mark."""
    seen = heals(status)
    assert reason(seen) == expected
    assert share(seen) == pytest.approx(earned)


def test_a_mark_without_the_policy_is_half_of_it() -> None:
    """Somebody switched self-heal off since."""
    seen = heals(synced(operationState=HEALED), syncPolicy={"automated": {}})
    assert reason(seen) == "argocd-self-heal-off"


def test_who_synced_is_told() -> None:
    """By the policy or by hand; an old operation without an author is known by the history."""

    def who(status: Object, **spec: Any) -> Observation:
        return look(
            argocd.test_auto_synced, MemoryApi(deployment(), application(status, **spec)).cluster(), **WHERE
        )

    assert who(synced(operationState=operation())).status == "met"
    seen = who(synced(operationState=BY_HAND), syncPolicy={})
    assert (reason(seen), share(seen)) == ("argocd-synced-by-hand", 0.5)
    assert reason(who(synced(operationState=BY_HAND))) == "argocd-synced-by-hand"
    old = [{"id": 0, "initiatedBy": {"automated": True}}]
    assert who(synced(operationState={"phase": "Succeeded"}, history=old)).status == "met"


def entry(number: int, revision: str | list[str], hour: int) -> Object:
    """One deploy, at a full hour."""
    plural = {"revisions": revision} if isinstance(revision, list) else {"revision": revision}
    moment = f"2026-03-02T0{hour}:00:00Z"
    return {"id": number, "deployStartedAt": moment, "deployedAt": moment, **plural}


TWO = [entry(0, "aaa", 8), entry(1, "bbb", 9)]


def replica_set(hour: int) -> Object:
    """A template of the Deployment web."""
    meta = {
        "ownerReferences": [{"kind": "Deployment", "name": "web"}],
        "creationTimestamp": f"2026-03-02T0{hour}:00:02Z",
    }
    return item("apps/v1", "ReplicaSet", f"web-{hour}", "shop", meta=meta, spec={})


def pushed(history: list[Object], *objects: Object, revision: str = "2", born: int = 7) -> Observation:
    """One look for a push that changed something."""
    meta = {
        "annotations": {"deployment.kubernetes.io/revision": revision},
        "creationTimestamp": f"2026-03-02T0{born}:00:00Z",
    }
    api = MemoryApi(deployment(meta=meta), application(synced(history=history)), *objects)
    return look(argocd.test_push_deployed, api.cluster(), **WHERE)


@pytest.mark.parametrize(
    ("history", "objects", "revision", "expected"),
    [
        (TWO, [replica_set(8), replica_set(9)], "2", None),
        (list(reversed(TWO)), [replica_set(9)], "2", None),
        ([entry(0, ["1.0", "aaa"], 8), entry(1, ["1.0", "bbb"], 9)], [replica_set(9)], "2", None),
        (TWO, [replica_set(8)], "2", "argocd-push-unproven"),
        (TWO, [replica_set(9)], "1", "argocd-push-unproven"),
        ([TWO[0]], [replica_set(9)], "2", "argocd-no-second-revision"),
        ([TWO[0], entry(1, "aaa", 9)], [replica_set(9)], "2", "argocd-no-second-revision"),
        ([], [], "1", "argocd-no-second-revision"),
    ],
)
def test_a_push_is_proven_by_what_it_changed(
    history: list[Object], objects: list[Object], revision: str, expected: str | None
) -> None:
    """The history counts commits of the whole repository, also the same one twice."""
    assert reason(pushed(history, *objects, revision=revision)) == expected


def test_a_workload_that_came_with_a_later_deploy_counts() -> None:
    """A new manifest is a change too."""
    assert pushed(TWO, revision="1", born=9).status == "met"


def test_gone_means_gone_with_what_was_deployed() -> None:
    """An Application that hangs in its deletion is still there."""
    gone: Object = {"workloads_gone": ["Deployment/web"], "target_namespace": "shop"}

    def deleted(*objects: Object) -> str | None:
        api = MemoryApi(namespace("argocd"), namespace("shop"), *objects)
        return reason(look(argocd.test_deleted, api.cluster(), **WHERE, **gone))

    hangs = application(synced([managed()]))
    hangs["metadata"] |= {
        "deletionTimestamp": "2026-03-02T09:00:00Z",
        "finalizers": ["resources-finalizer.argocd.argoproj.io"],
    }
    assert deleted() is None
    assert deleted(deployment()) == "argocd-left-behind"
    assert deleted(hangs) == "argocd-application-terminating"
    assert deleted(application(synced())) == "argocd-application-there"

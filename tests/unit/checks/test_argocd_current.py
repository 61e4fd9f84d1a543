"""Argo CD: a status counts only for the present, and what the spec leaves out is no difference."""

from __future__ import annotations

from typing import Any

import pytest

from checks import argocd, argocd_deploy
from pytest_k8sgrade.outcome import Observation
from tests.unit.checks.api import MemoryApi, look, parts, reason
from tests.unit.checks.objects import Object, application, deployment, hpa, managed, namespace, synced

OUT_OF_SYNC: Object = {"sync": {"status": "OutOfSync"}}
LEFT_GIT: Object = managed(status="OutOfSync", requiresPruning=True)
REFUSED: Object = {**OUT_OF_SYNC, "conditions": [{"type": "SyncError"}]}


def works(app: Object, *objects: Object) -> Observation:
    """One look at whether the Application is in sync."""
    return look(argocd.test_synced, MemoryApi(app, *objects).cluster(), name="web", namespace="argocd")


@pytest.mark.parametrize(
    ("value", "expected"),
    [("true", "argocd-reconcile-skipped"), ("1", "argocd-reconcile-skipped"), ("false", None), ("yes", None)],
)
def test_what_argo_cd_leaves_alone_is_of_the_past(value: str, expected: str | None) -> None:
    """Only what its controller reads as true."""
    app = application(synced())
    app["metadata"]["annotations"] = {"argocd.argoproj.io/skip-reconcile": value}
    assert reason(works(app, deployment())) == expected


@pytest.mark.parametrize(
    ("phase", "expected"),
    [
        ("Hydrated", None),
        ("Hydrating", "argocd-hydration-failed"),
        ("Failed", "argocd-hydration-failed"),
        ("Resting", "argocd-hydration-failed"),
    ],
)
def test_a_commit_must_be_hydrated(phase: str, expected: str | None) -> None:
    """A phase that is not known is no pass."""
    app = application(synced(sourceHydrator={"currentOperation": {"phase": phase}}))
    assert reason(works(app, deployment())) == expected


@pytest.mark.parametrize(
    ("resources", "policy", "expected"),
    [
        ([LEFT_GIT], {"prune": True}, "argocd-would-wipe-out"),
        ([LEFT_GIT], {"prune": True, "allowEmpty": True}, "argocd-sync-failed"),
        ([LEFT_GIT], {"prune": True, "enabled": False}, "argocd-sync-failed"),
        ([LEFT_GIT, managed(name="api")], {"prune": True}, "argocd-sync-failed"),
    ],
)
def test_automated_sync_does_not_delete_everything(
    resources: list[Object], policy: Object, expected: str
) -> None:
    """Unless it may."""
    app = application(synced(resources, **REFUSED), syncPolicy={"automated": policy})
    assert reason(works(app, namespace("shop"))) == expected


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"jsonPointers": ["/spec/replicas"]}, "argocd-out-of-sync"),
        ({"jqPathExpressions": [".spec.replicas"]}, "argocd-out-of-sync"),
        ({"managedFieldsManagers": ["kube-controller-manager"]}, "argocd-out-of-sync"),
        ({"jsonPointers": ["/spec/template"]}, "argocd-replicas-under-hpa"),
        ({"jsonPointers": ["/spec/replicas"], "name": "api"}, "argocd-replicas-under-hpa"),
        ({"jsonPointers": ["/spec/replicas"], "kind": "StatefulSet"}, "argocd-replicas-under-hpa"),
        ({"jsonPointers": ["/spec/replicas"], "kind": "*"}, "argocd-out-of-sync"),
    ],
)
def test_replicas_that_are_ignored_are_no_difference(rule: Object, expected: str) -> None:
    """Then something else differs, whoever scales."""
    rules = [{"group": "apps", "kind": "Deployment", **rule}]
    app = application(synced([managed(status="OutOfSync")], **OUT_OF_SYNC), ignoreDifferences=rules)
    assert reason(works(app, deployment(), hpa())) == expected


SOURCES = [
    {"repoURL": "https://git.example.org/lab.git", "path": "docs"},
    {"repoURL": "https://git.example.org/other.git", "path": "./k8s/"},
]


@pytest.mark.parametrize(
    ("asked", "unmet"),
    [
        ({"repository": "lab", "path": "docs/"}, set()),
        ({"repository": "other", "path": "k8s"}, set()),
        ({"path": "k8s"}, set()),
        ({"repository": "lab", "path": "k8s"}, {"spec.source.path"}),
        ({"repository": "none", "path": "k8s"}, {"spec.source.repoURL"}),
    ],
)
def test_one_source_has_all_that_is_asked_for(asked: Any, unmet: set[str]) -> None:
    """Two that have half of it each are not enough."""
    api = MemoryApi(application(synced(), source=None, sources=SOURCES))
    seen = look(argocd.test_application, api.cluster(), name="web", namespace="argocd", **asked)
    assert {name for name, one in parts(seen).items() if one is not None} == unmet


def deployed(*tags: str) -> Object:
    """An Application that has deployed one commit with these image tags."""
    helm = [{"helm": {"parameters": [{"name": "image.tag", "value": tag}]}} for tag in tags]
    history = [{"id": number, "revision": "a", "source": source} for number, source in enumerate(helm)]
    return application(synced(history=history))


@pytest.mark.parametrize(
    ("tags", "expected"), [("121", None), ("12", "argocd-no-rollback"), ("11", "argocd-no-rollback")]
)
def test_parameters_that_come_again_are_a_rollback(tags: str, expected: str | None) -> None:
    """Of one commit as well."""
    api = MemoryApi(deployed(*tags), deployment())
    seen = look(argocd_deploy.test_rolled_back, api.cluster(), name="web", namespace="argocd")
    assert reason(seen) == expected

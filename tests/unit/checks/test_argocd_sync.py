"""Why a sync does not come: destinations, namespaces, big resource types, windows, rivals."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from checks import argocd
from pytest_k8sgrade.outcome import Observation
from tests.unit.checks.api import MemoryApi, look, reason, share
from tests.unit.checks.objects import Object, application, deployment, hpa, item, managed, namespace, synced

OPTIONS: Object = {"automated": {}, "syncOptions": []}
CRD = {
    "group": "apiextensions.k8s.io",
    "kind": "CustomResourceDefinition",
    "name": "a.example.org",
    "status": "SyncFailed",
}
DEPLOYMENT = {
    "group": "apps",
    "kind": "Deployment",
    "namespace": "shop",
    "name": "web",
    "status": "SyncFailed",
}


def works(status: Object, *objects: Object, **spec: Any) -> Observation:
    """One look at whether the Application is in sync."""
    api = MemoryApi(application(status, **spec), *objects)
    return look(argocd.test_synced, api.cluster(), name="web", namespace="argocd")


def failed(*results: Object, phase: str = "Failed", **fields: Any) -> Object:
    """A status whose last operation could not apply something."""
    operation = {"phase": phase, "syncResult": {"resources": list(results)}, **fields}
    drift: Object = {"sync": {"status": "OutOfSync"}, "health": {"status": "Missing"}}
    return synced([managed(status="OutOfSync")], operationState=operation, **drift)


@pytest.mark.parametrize(
    ("status", "options", "there", "expected"),
    [
        (failed(CRD), [], True, "argocd-crd-sync-failed"),
        (failed(CRD), ["ServerSideApply=true"], True, "argocd-sync-failed"),
        (failed(CRD, DEPLOYMENT), [], True, "argocd-sync-failed"),
        (failed(DEPLOYMENT), [], False, "argocd-namespace-absent"),
        (failed(DEPLOYMENT), [], True, "argocd-sync-failed"),
        (failed(DEPLOYMENT), ["CreateNamespace=true"], False, "argocd-sync-failed"),
        (failed(DEPLOYMENT, phase="Running", retryCount=2), [], False, "argocd-namespace-absent"),
        (failed(DEPLOYMENT, phase="Running", retryCount=2), [], True, "argocd-sync-retrying"),
        (failed(phase="Error"), [], True, "argocd-sync-failed"),
    ],
)
def test_what_could_not_be_applied_has_a_cause(
    status: Object, options: list[str], there: bool, expected: str
) -> None:
    """Found in the objects and the options, not in the operation's message."""
    own = [namespace("shop")] if there else []
    policy = {"automated": {}, "syncOptions": options}
    assert reason(works(status, *own, syncPolicy=policy)) == expected


def secret(server: str) -> Object:
    """A cluster's Secret."""
    data = {"name": "bGFi", "server": base64.b64encode(server.encode()).decode()}
    labels = {"argocd.argoproj.io/secret-type": "cluster"}
    return item("v1", "Secret", "cluster-lab", "argocd", meta={"labels": labels}, data=data)


def project(**spec: Any) -> Object:
    """The AppProject default."""
    own = {"sourceRepos": ["*"], "destinations": [{"server": "*", "namespace": "*"}], **spec}
    return item("argoproj.io/v1alpha1", "AppProject", "default", "argocd", spec=own)


INVALID = synced(
    conditions=[{"type": "InvalidSpecError", "lastTransitionTime": "2026-03-02T09:00:00Z"}],
    sync={"status": "Unknown"},
    health={"status": "Unknown"},
)


@pytest.mark.parametrize(
    ("destination", "expected"),
    [
        ({"server": "https://elsewhere:6443", "namespace": "shop"}, "argocd-destination-unknown"),
        ({"name": "nowhere", "namespace": "shop"}, "argocd-destination-unknown"),
        ({"name": "lab", "namespace": "shop"}, "argocd-spec-invalid"),
        ({"server": "https://172.18.0.5:6443/", "namespace": "shop"}, "argocd-spec-invalid"),
        ({"name": "in-cluster", "namespace": "shop"}, "argocd-spec-invalid"),
    ],
)
def test_a_destination_that_nobody_registered_is_told_from_other_invalid_ones(
    destination: Object, expected: str
) -> None:
    """By name or by address; the local cluster is always known."""
    own = [project(), secret("https://172.18.0.5:6443")]
    assert reason(works(INVALID, *own, destination=destination)) == expected


DRIFT = synced([managed(status="OutOfSync")], sync={"status": "OutOfSync"})
WINDOW = {"kind": "deny", "schedule": "* * * * *", "duration": "1h", "applications": ["web*"]}
ALLOW = {**WINDOW, "kind": "allow"}
NEVER = {"schedule": "0 0 31 2 *"}


@pytest.mark.parametrize(
    ("window", "automated", "expected"),
    [
        (WINDOW, {}, "argocd-sync-window"),
        ({**WINDOW, "applications": ["api*"]}, {}, "argocd-out-of-sync"),
        ({**WINDOW, "applications": [], "namespaces": ["shop"]}, {}, "argocd-sync-window"),
        (WINDOW, None, "argocd-out-of-sync"),
        ({**WINDOW, **NEVER}, {}, "argocd-out-of-sync"),
        (ALLOW, {}, "argocd-out-of-sync"),
        ({**ALLOW, **NEVER}, {}, "argocd-sync-window"),
        ({**WINDOW, "namespaces": ["prod"], "andOperator": True}, {}, "argocd-out-of-sync"),
        ({**WINDOW, "namespaces": ["shop"], "andOperator": True}, {}, "argocd-sync-window"),
        ({**WINDOW, "applications": []}, {}, "argocd-out-of-sync"),
        ({**WINDOW, "schedule": "@daily"}, {}, "argocd-sync-window-unclear"),
        ({**WINDOW, "duration": "an hour"}, {}, "argocd-sync-window-unclear"),
        ({**WINDOW, "timeZone": "Nowhere/City"}, {}, "argocd-sync-window-unclear"),
    ],
)
def test_sync_windows_hold_back_what_is_automatic(
    window: Object, automated: Object | None, expected: str
) -> None:
    """Only those that are about this Application and block now; one that cannot be read is a doubt."""
    policy = {} if automated is None else {"automated": automated}
    assert reason(works(DRIFT, deployment(), project(syncWindows=[window]), syncPolicy=policy)) == expected


def test_an_autoscaler_s_replicas_are_no_window_s_fault() -> None:
    """A harmless difference stays one."""
    seen = works(DRIFT, deployment(), hpa(), project(syncWindows=[WINDOW]))
    assert (reason(seen), share(seen)) == ("argocd-replicas-under-hpa", 0.5)


def test_rivals_of_shared_resources_are_named() -> None:
    """By what they manage, whatever version of the API they write."""
    shared = synced(
        [managed(status="OutOfSync")],
        sync={"status": "OutOfSync"},
        conditions=[{"type": "SharedResourceWarning"}],
    )
    rival = application(synced([managed(version="v1")]), name="rival")
    other = application(synced([managed(name="api")]), name="other")
    seen = works(shared, deployment(), rival, other)
    assert seen.reason is not None
    assert (seen.reason.id, seen.reason.params["others"]) == ("argocd-shared-resource", ["argocd/rival"])


@pytest.mark.parametrize("health", ["Suspended", "Unknown", "Missing", "Splendid"])
def test_no_other_health_is_healthy(health: str) -> None:
    """Also one that this version does not know."""
    unwell = {**managed(), "health": {"status": health}}
    seen = works(synced([unwell], health={"status": health}), deployment())
    assert seen.reason is not None
    assert (seen.reason.id, seen.reason.params["resources"]) == (
        "argocd-not-healthy",
        ["Deployment shop/web"],
    )


def test_words_that_are_not_known_are_no_pass() -> None:
    """A condition that is no warning, an operation that has not succeeded."""
    assert (
        reason(works(synced(conditions=[{"type": "QuotaError"}]), deployment())) == "argocd-application-error"
    )
    unfinished = {"phase": "Deferred", "startedAt": "2026-03-02T09:00:00Z"}
    assert reason(works(synced(operationState=unfinished), deployment())) == "argocd-sync-running"


def test_warnings_alone_are_no_errors() -> None:
    """Orphaned, excluded and repeated resources leave an Application in sync."""
    kinds = ("OrphanedResourceWarning", "ExcludedResourceWarning", "RepeatedResourceWarning")
    warned = synced(conditions=[{"type": kind} for kind in kinds])
    assert works(warned, deployment()).status == "met"

"""Argo CD: installed either way, reachable, and Applications that really work."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from checks import argocd
from tests.unit.checks.api import MemoryApi, look, parts, reason, share
from tests.unit.checks.objects import (
    Object,
    application,
    condition,
    deployment,
    endpoints,
    item,
    managed,
    namespace,
    pod,
    service,
    synced,
    waiting,
)
from tests.unit.checks.objects import hpa as autoscaler

WHERE = {"namespace": "argocd"}


def component(name: str, kind: str = "Deployment", **status: Any) -> Object:
    """One of Argo CD's workloads as Helm names it: the label tells what it is."""
    full = {"readyReplicas": 1, "updatedReplicas": 1} | status
    spec = {"replicas": 1, "selector": {"matchLabels": {"x": name}}}
    labels = {"app.kubernetes.io/name": name}
    return item("apps/v1", kind, f"release-{name}", "argocd", meta={"labels": labels}, spec=spec, status=full)


def crd(name: str, status: str = "True") -> Object:
    """A CustomResourceDefinition."""
    own = {"conditions": [condition("Established", status, "x")]}
    return item("apiextensions.k8s.io/v1", "CustomResourceDefinition", name, status=own)


WHOLE = [
    component("argocd-server"),
    component("argocd-repo-server"),
    component("argocd-redis"),
    component("argocd-application-controller", "StatefulSet"),
    crd("applications.argoproj.io"),
    crd("appprojects.argoproj.io"),
]


def installed(*objects: Object) -> Any:
    """One look at the installation."""
    return look(argocd.test_installed, MemoryApi(namespace("argocd"), *objects).cluster(), **WHERE)


def test_optional_components_are_not_asked_for() -> None:
    """Dex, notifications and ApplicationSets may be left out; names are the installer's."""
    assert installed(*WHOLE).status == "met"


def test_each_missing_piece_costs_its_part() -> None:
    """A half installation names the first thing that is missing."""
    seen = installed(*WHOLE[1:-1])
    assert reason(seen) == "argocd-component-absent"
    assert [part for part, why in parts(seen).items() if why] == ["server", "crd/appprojects.argoproj.io"]
    assert reason(installed(component("argocd-server", readyReplicas=0), *WHOLE[1:])) == "workload-not-ready"
    assert reason(installed(*WHOLE[:-1], crd("appprojects.argoproj.io", "False"))) == "crd-not-established"
    assert reason(installed()) == "argocd-absent"
    assert reason(look(argocd.test_installed, MemoryApi().cluster(), **WHERE)) == "namespace-absent"


def test_the_server_answers_with_its_version() -> None:
    """Whatever the Service is called; an answer without a version is not Argo CD."""
    own = service("release-server", "argocd", meta={"labels": {"app.kubernetes.io/name": "argocd-server"}})
    api = MemoryApi(namespace("argocd"), own, endpoints("release-server", "argocd"))
    api.service("release-server", {"/healthz": (200, "ok"), "/api/version": (200, {"Version": "v3.2.11"})})
    assert look(argocd.test_api, api.cluster(), **WHERE).status == "met"
    api.service("release-server", {"/api/version": (200, "<html>")})
    assert look(argocd.test_api, api.cluster(), **WHERE).status == "cannot-tell"
    api.service("release-server", {"/healthz": (503, "no")})
    assert reason(look(argocd.test_api, api.cluster(), **WHERE)) == "argocd-server-unhealthy"


ASKED: dict[str, Any] = {
    "name": "web",
    **WHERE,
    "path": "k8s",
    "project": "default",
    "target_namespaces": ["shop"],
    "prune": True,
    "self_heal": True,
    "create_namespace": True,
}


def configured(**spec: Any) -> Any:
    """One look at how the Application is written."""
    return look(argocd.test_application, MemoryApi(application({}, **spec)).cluster(), **ASKED)


def test_an_application_as_asked_in_either_spelling() -> None:
    """Several sources, and the local cluster by its name."""
    one = application({})["spec"]["source"]
    assert configured().status == "met"
    assert (
        configured(source=None, sources=[one, {"repoURL": "https://git.example.org/values.git"}]).status
        == "met"
    )
    assert configured(destination={"name": "in-cluster", "namespace": "shop"}).status == "met"


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        (
            {"syncPolicy": {"automated": {"enabled": False, "prune": True, "selfHeal": True}}},
            "spec.syncPolicy.automated.enabled",
        ),
        ({"syncPolicy": {}}, "spec.syncPolicy.automated"),
        ({"destination": {"server": "https://elsewhere", "namespace": "shop"}}, "spec.destination.server"),
        ({"source": {"path": "k8s"}}, "spec.source.repoURL"),
        ({"project": "day5"}, "spec.project"),
    ],
)
def test_a_wrong_field_is_named(spec: Object, field: str) -> None:
    """A policy that is switched off is none, even with selfHeal in it."""
    seen = configured(**spec)
    assert field in [part for part, why in parts(seen).items() if why]
    assert share(seen) < 1


def works(status: Object, *objects: Object, now: datetime | None = None, **spec: Any) -> Any:
    """One look at whether the Application is in sync."""
    found = [
        application(status, **spec),
        item("argoproj.io/v1alpha1", "AppProject", "default", "argocd"),
        *objects,
    ]
    api = MemoryApi(*found) if now is None else MemoryApi(*found, now=now)
    return look(argocd.test_synced, api.cluster(), name="web", **WHERE)


def test_synced_healthy_with_resources_is_met_and_held_since_then() -> None:
    """The operation's end is later than the last change of health."""
    seen = works(synced(), deployment())
    assert seen.status == "met"
    assert seen.since == datetime(2026, 3, 2, 9, 10, tzinfo=UTC)


def error(kind: str, since: str = "2026-03-02T09:00:00Z", **status: Any) -> Object:
    """A status with an error condition; health is still fine."""
    own = {"conditions": [{"type": kind, "lastTransitionTime": since}]}
    unknown: Object = {"sync": {"status": "Unknown"}, "health": {"status": "Healthy"}}
    return synced(**own, **unknown, **status)


NONE: Object = {"sync": {"status": "Synced"}, "health": {"status": "Healthy"}}
DRIFT: Object = {"sync": {"status": "OutOfSync"}}
FAILED: Object = {
    "syncResult": {"resources": [{"kind": "Deployment", "name": "web", "status": "SyncFailed"}]}
}


@pytest.mark.parametrize(
    ("status", "verdict", "expected"),
    [
        (NONE, "unmet", "argocd-no-resources"),
        ({}, "unmet", "argocd-application-ignored"),
        (error("ComparisonError"), "hopeless", "argocd-source-unreadable"),
        (error("ComparisonError", "2026-03-02T09:59:50Z"), "unmet", "argocd-source-unreadable"),
        (error("InvalidSpecError"), "hopeless", "argocd-spec-invalid"),
        (error("UnknownError"), "hopeless", "argocd-application-error"),
        (
            synced(operationState={"phase": "Running", "retryCount": 2, **FAILED}),
            "unmet",
            "argocd-sync-retrying",
        ),
        (synced(operationState={"phase": "Failed", **FAILED}, **DRIFT), "hopeless", "argocd-sync-failed"),
        (synced([managed(status="OutOfSync")], **DRIFT), "unmet", "argocd-out-of-sync"),
        (
            synced([managed(status="OutOfSync")], **DRIFT, conditions=[{"type": "SharedResourceWarning"}]),
            "unmet",
            "argocd-shared-resource",
        ),
        (synced(health={"status": "Degraded"}), "unmet", "argocd-not-healthy"),
    ],
)
def test_health_alone_proves_nothing(status: Object, verdict: str, expected: str) -> None:
    """Each of these says Healthy or Synced somewhere."""
    seen = works(status, deployment())
    assert (seen.status, reason(seen), share(seen)) == (verdict, expected, 0)


@pytest.mark.parametrize(
    ("started", "verdict"), [("2026-03-02T09:55:00Z", "early"), ("2026-03-02T09:00:00Z", "unmet")]
)
def test_a_running_sync_is_early_for_a_while(started: str, verdict: str) -> None:
    """Synced and Healthy count for half; a hook that hangs for an hour is no longer on its way."""
    hook = {"kind": "Job", "name": "migrate", "hookType": "PostSync", "hookPhase": "Running"}
    running = {"phase": "Running", "startedAt": started, "syncResult": {"resources": [hook]}}
    seen = works(synced(operationState=running), deployment())
    assert (seen.status, reason(seen), share(seen)) == (verdict, "argocd-sync-running", 0.5)
    assert seen.reason is not None
    assert seen.reason.params["hooks"] == ["Job migrate"]


def test_a_missing_project_is_told_from_a_refused_destination() -> None:
    """Both are InvalidSpecError."""
    assert reason(works(error("InvalidSpecError"), project="day5")) == "argocd-project-absent"


def test_a_new_application_is_waited_for() -> None:
    """The first comparison takes up to a minute."""
    soon = datetime(2026, 3, 2, 8, 1, tzinfo=UTC)
    assert reason(works({}, now=soon)) == "argocd-application-new"


def test_an_old_status_without_a_controller_is_the_past() -> None:
    """Synced and Healthy of yesterday; with a running controller the age alone is no fault."""
    old = synced(reconciledAt="2026-03-01T17:20:00Z")
    down = component("argocd-application-controller", "StatefulSet")
    down["spec"]["replicas"] = 0
    assert reason(works(old, deployment(), down)) == "argocd-status-stale"
    assert works(old, deployment(), WHOLE[3]).status == "met"


def test_harmless_differences_get_a_part() -> None:
    """Objects that wait for pruning, replicas of an autoscaler, an Ingress without a controller."""
    pruned = synced([managed(), managed("ConfigMap", "old", "OutOfSync", requiresPruning=True)], **DRIFT)
    scaled = synced([managed(status="OutOfSync")], **DRIFT)
    ingress = item("networking.k8s.io/v1", "Ingress", "web", "shop", status={"loadBalancer": {}})
    waits = synced([managed(), managed("Ingress")], health={"status": "Progressing"})
    for status, objects, expected in (
        (pruned, [deployment()], "argocd-prune-pending"),
        (scaled, [deployment(), autoscaler()], "argocd-replicas-under-hpa"),
        (waits, [deployment(), ingress], "argocd-waits-for-address"),
    ):
        seen = works(status, *objects)
        assert (reason(seen), share(seen)) == (expected, 0.5)


def test_an_unhealthy_application_names_the_container() -> None:
    """Progressing and Degraded are symptoms."""
    broken = deployment(status={"updatedReplicas": 2})
    seen = works(
        synced(health={"status": "Progressing"}), broken, pod("web-1", status=waiting("ErrImagePull"))
    )
    assert reason(seen) == "container-image-missing"

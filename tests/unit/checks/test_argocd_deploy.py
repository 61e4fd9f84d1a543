"""What Applications have brought into the cluster: pods of their own, and a way back."""

from __future__ import annotations

from typing import Any

import pytest

from checks import argocd, argocd_deploy
from pytest_k8sgrade.outcome import Observation
from tests.unit.checks.api import MemoryApi, look, parts, reason, share
from tests.unit.checks.objects import Object, application, deployment, item, managed, namespace, synced

WHERE = {"name": "web", "namespace": "argocd"}
CONFIG: Object = {"kind": "ConfigMap", "namespace": "shop", "name": "settings", "status": "Synced"}
EMPTY: Object = {**synced(), "resources": []}


def tracked(by: str | None = "web", *, revision: str = "1", **fields: Any) -> Object:
    """The Deployment web as an Application has made it."""
    own = {"deployment.kubernetes.io/revision": revision}
    if by is not None:
        own["argocd.argoproj.io/tracking-id"] = f"{by}:apps/Deployment:shop/web"
    return deployment(meta={"annotations": own}, **fields)


def runs(*objects: Object, status: Object | None = None, **params: Any) -> Observation:
    """One look for pods."""
    app = application(synced([managed(), CONFIG]) if status is None else status)
    api = MemoryApi(namespace("argocd"), namespace("shop"), app, *objects)
    return look(argocd_deploy.test_runs, api.cluster(), **WHERE, **params)


@pytest.mark.parametrize(
    ("objects", "params", "expected"),
    [
        ([tracked()], {}, None),
        ([tracked("argocd_web")], {}, None),
        ([tracked()], {"target_namespaces": ["shop", "other"], "at_least": 2}, None),
        ([tracked()], {"target_namespaces": ["other"]}, "argocd-no-workload"),
        ([tracked()], {"at_least": 3}, "argocd-too-few-pods"),
        ([tracked(replicas=0)], {}, "workload-scaled-to-zero"),
        ([tracked("web-app")], {}, "argocd-workload-of-other"),
        ([tracked(None)], {}, "argocd-workload-of-other"),
        ([], {}, "argocd-workload-absent"),
    ],
)
def test_pods_count_by_the_application_that_manages_them(
    objects: list[Object], params: Object, expected: str | None
) -> None:
    """Pods of the right namespace that are another's, or nobody's, do not count."""
    assert reason(runs(*objects, **params)) == expected


def test_healthy_without_workloads_runs_nothing() -> None:
    """Argo CD finds a ConfigMap Healthy."""
    assert reason(runs(tracked(), status=synced([CONFIG]))) == "argocd-no-workload"
    assert reason(runs(tracked(), status=EMPTY)) == "argocd-no-workload"


def test_what_runs_on_another_cluster_cannot_be_seen() -> None:
    """Neither its pods nor its past; the local cluster under any name can."""
    for check in (argocd_deploy.test_runs, argocd_deploy.test_rolled_back):
        remote = application(synced(), destination={"name": "remote", "namespace": "shop"})
        seen = look(check, MemoryApi(remote, registration(), tracked()).cluster(), **WHERE)
        assert (seen.status, reason(seen)) == ("cannot-tell", "argocd-other-cluster")
    here = application(synced(), destination={"name": "in-cluster", "namespace": "shop"})
    api = MemoryApi(here, registration(), tracked())
    assert look(argocd_deploy.test_runs, api.cluster(), **WHERE).status == "met"


def test_one_workload_of_two_is_partial() -> None:
    """The one that runs is worth its share."""
    second = {**managed(), "name": "api"}
    sick = deployment("api", status={"readyReplicas": 0, "updatedReplicas": 2})
    sick["metadata"]["annotations"] = {"argocd.argoproj.io/tracking-id": "web:apps/Deployment:shop/api"}
    seen = runs(tracked(), sick, status=synced([managed(), second]))
    assert 0 < share(seen) < 1
    assert parts(seen)["Deployment shop/web"] is None


MANAGED = {"workload": "web", "target_namespace": "shop", "namespace": "argocd"}
UNREADABLE: Object = {
    "sync": {"status": "Unknown"},
    "health": {"status": "Healthy"},
    "conditions": [{"type": "ComparisonError"}],
}


@pytest.mark.parametrize(
    ("objects", "params", "expected"),
    [
        ([application(synced(), name="any-name")], {}, None),
        ([application(synced([managed(status="OutOfSync")]), name="any-name")], {}, None),
        ([application(synced([CONFIG]), name="other"), tracked(None)], {}, "argocd-unmanaged"),
        ([application(synced([CONFIG]), name="other")], {}, "argocd-managed-absent"),
        ([application(UNREADABLE)], {}, "argocd-source-unreadable"),
        ([application(UNREADABLE, name="x")], {}, "argocd-managed-absent"),
        ([application(UNREADABLE, name="x")], {"application": "x"}, "argocd-source-unreadable"),
        ([application(EMPTY)], {}, "argocd-no-resources"),
        ([application(synced()), tracked()], {"kind": "StatefulSet"}, "argocd-managed-absent"),
    ],
)
def test_the_manager_is_found_by_what_it_manages(
    objects: list[Object], params: Object, expected: str | None
) -> None:
    """Its name only helps to say why there is none."""
    api = MemoryApi(namespace("argocd"), namespace("shop"), *objects)
    assert reason(look(argocd_deploy.test_managed, api.cluster(), **MANAGED, **params)) == expected


def delivered(*objects: Object) -> str | None:
    """One look at what the manager says."""
    api = MemoryApi(namespace("argocd"), namespace("shop"), deployment(), *objects)
    return reason(look(argocd_deploy.test_delivered, api.cluster(), **MANAGED))


def test_the_manager_must_be_the_only_one_and_in_order() -> None:
    """Of two that share an object one is always Synced."""
    loser = application(synced([managed(status="OutOfSync")], sync={"status": "OutOfSync"}), name="loser")
    assert delivered(application(synced())) is None
    assert delivered(application(synced()), loser) == "argocd-not-alone"
    assert delivered(application(synced(sync={"status": "OutOfSync"}))) == "argocd-out-of-sync"
    assert delivered(application({**UNREADABLE, "resources": [managed()]})) == "argocd-source-unreadable"


def elsewhere() -> Object:
    """An Application of the same objects on another cluster."""
    place = {"server": "https://10.0.0.9:6443", "namespace": "shop"}
    return application(synced(), name="remote", destination=place)


@pytest.mark.parametrize(
    ("rival", "expected"),
    [
        (application(synced(), name="rival"), "argocd-not-alone"),
        (application(synced([CONFIG]), name="rival"), None),
        (application(synced([{**managed(), "namespace": "other"}]), name="rival"), None),
        (elsewhere(), None),
    ],
)
def test_objects_belong_to_one_application(rival: Object, expected: str | None) -> None:
    """Winner and loser are told the same; other clusters and namespaces are no rivals."""
    api = MemoryApi(deployment(), application(synced()), rival, registration())
    assert reason(look(argocd.test_synced, api.cluster(), **WHERE, alone=True)) == expected
    assert reason(look(argocd.test_synced, api.cluster(), **WHERE)) is None


def registration() -> Object:
    """The Secret of another cluster: base64 of `remote` and its address."""
    data = {"name": "cmVtb3Rl", "server": "aHR0cHM6Ly8xMC4wLjAuOTo2NDQz"}
    labels = {"argocd.argoproj.io/secret-type": "cluster"}
    return item("v1", "Secret", "cluster-remote", "argocd", meta={"labels": labels}, data=data)


def test_what_can_be_compared_is_readable_before_it_is_applied() -> None:
    """A sync that fails says nothing against the source; a source without manifests is none."""

    def readable(status: Object) -> str | None:
        api = MemoryApi(namespace("argocd"), application(status))
        return reason(look(argocd.test_readable, api.cluster(), **WHERE))

    failed = synced([managed(status="OutOfSync")], sync={"status": "OutOfSync"})
    assert readable(synced()) is None
    assert readable({**failed, "conditions": [{"type": "SyncError"}]}) is None
    assert readable(UNREADABLE) == "argocd-source-unreadable"
    assert readable({**UNREADABLE, "resources": [managed(status="Unknown")]}) == "argocd-source-unreadable"
    assert readable(EMPTY) == "argocd-no-resources"


SOURCE: Object = {"repoURL": "https://git.example.org/me/Lab.git", "path": "chart", "targetRevision": "main"}


@pytest.mark.parametrize(
    ("repository", "met"),
    [
        ("https://git.example.org/me/lab", True),
        ("git@git.example.org:me/lab.git", True),
        ("ssh://git@git.example.org:22/me/lab.git/", True),
        ("lab", True),
        ("https://git.example.org/you/lab", False),
        ("https://example.org/me/lab", False),
        ("la", False),
        ("me/lab", False),
    ],
)
def test_a_repository_has_several_addresses(repository: str, met: bool) -> None:
    """The same one by https, ssh or only its name; never a part of it."""
    api = MemoryApi(application(synced(), source=SOURCE))
    seen = look(argocd.test_application, api.cluster(), **WHERE, repository=repository)
    assert reason(seen) == (None if met else "field-differs")


HELM: Object = {"valueFiles": ["env/values-dev.yaml"], "parameters": [{"name": "replicaCount", "value": "2"}]}


@pytest.mark.parametrize(
    ("helm", "expected"),
    [
        (HELM, []),
        ({**HELM, "valueFiles": []}, ["spec.source.helm.valueFiles"]),
        ({**HELM, "valueFiles": ["values-dev.yaml.bak"]}, ["spec.source.helm.valueFiles"]),
        ({"valueFiles": ["values-dev.yaml"]}, ["spec.source.helm.parameters[replicaCount]"]),
    ],
)
def test_values_of_a_chart_are_fields_of_the_source(helm: Object, expected: list[str]) -> None:
    """Files by their name, parameters by theirs."""
    api = MemoryApi(application(synced(), source={**SOURCE, "helm": helm}))
    asked: Object = {"helm_value_files": ["values-dev.yaml"], "helm_parameters": {"replicaCount": "2"}}
    seen = look(argocd.test_application, api.cluster(), **WHERE, **asked)
    assert [part for part, why in parts(seen).items() if why] == expected


def test_any_cluster_will_do_where_none_is_asked_for() -> None:
    """An empty server is not compared."""
    api = MemoryApi(application(synced(), destination={"server": "https://nowhere", "namespace": "shop"}))
    assert reason(look(argocd.test_application, api.cluster(), **WHERE)) == "field-differs"
    assert reason(look(argocd.test_application, api.cluster(), **WHERE, server="")) is None


def entry(number: int, revision: str, hour: int) -> Object:
    """One deploy, at a full hour."""
    moment = f"2026-03-02T0{hour}:00:00Z"
    return {"id": number, "revision": revision, "deployStartedAt": moment, "deployedAt": moment}


THREE = [entry(0, "aaa", 6), entry(1, "bbb", 7), entry(2, "ccc", 8)]


def template(hour: int, earlier: str = "", minute: int = 0) -> Object:
    """A ReplicaSet of the Deployment web; `earlier` when it was in use before."""
    notes = {"deployment.kubernetes.io/revision-history": earlier} if earlier else {}
    meta: Object = {
        "ownerReferences": [{"kind": "Deployment", "name": "web"}],
        "creationTimestamp": f"2026-03-02T0{hour}:{minute:02}:02Z",
        "annotations": notes,
    }
    return item("apps/v1", "ReplicaSet", f"web-{hour}-{minute}", "shop", meta=meta, spec={})


@pytest.mark.parametrize(
    ("history", "sets", "revision", "expected"),
    [
        (THREE, [template(6, "1"), template(7)], "3", None),
        (THREE, [template(6), template(7)], "2", "argocd-no-rollback"),
        (THREE, [], "3", "argocd-no-rollback"),
        ([entry(0, "aaa", 6), entry(1, "bbb", 7), entry(2, "aaa", 8)], [], "1", None),
        ([entry(0, "aaa", 6), entry(1, "aaa", 7)], [], "1", "argocd-no-rollback"),
        (THREE, [template(6, "1"), template(7, "2")], "4", "argocd-rollback-unclear"),
        (THREE, [template(6, "1"), template(7, minute=30)], "3", "argocd-rollback-unclear"),
        ([entry(4, "bbb", 7), entry(5, "ccc", 8)], [template(1, "1"), template(7)], "3", None),
        ([], [template(6, "1")], "3", "argocd-rollback-unclear"),
    ],
)
def test_a_way_back_is_proven_by_the_deploys_alone(
    history: list[Object], sets: list[Object], revision: str, expected: str | None
) -> None:
    """A template changed by hand and healed leaves the same ReplicaSets, but more of them than deploys."""
    api = MemoryApi(tracked(revision=revision), application(synced(history=history)), *sets)
    seen = look(argocd_deploy.test_rolled_back, api.cluster(), **WHERE)
    assert reason(seen) == expected
    assert seen.status == ("cannot-tell" if expected == "argocd-rollback-unclear" else seen.status)

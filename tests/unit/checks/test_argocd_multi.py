"""Argo CD over several Applications and clusters: none of it is proven by one green light."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from checks import argocd_multi
from pytest_k8sgrade.outcome import Observation
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
    service,
    synced,
)

WHERE = {"namespace": "argocd"}
LOCAL = "https://kubernetes.default.svc"


def child_entry(name: str) -> Object:
    """A child in its parent's list, which has no health."""
    return {
        "group": "argoproj.io",
        "kind": "Application",
        "namespace": "argocd",
        "name": name,
        "status": "Synced",
    }


def root(*children: str, **status: Any) -> Object:
    """A parent that is fine."""
    entries = [child_entry(name) for name in children] or [managed()]
    return application(synced(entries, **status), name="root")


def child(name: str, status: Object | None = None, tracked: str = "root", **spec: Any) -> Object:
    """A child, tracked by its parent."""
    own = application(synced() if status is None else status, name=name, **spec)
    own["metadata"]["annotations"] = {
        "argocd.argoproj.io/tracking-id": f"{tracked}:argoproj.io/Application:argocd/{name}"
    }
    return own


def parent(*objects: Object, **params: Any) -> Observation:
    """One look at the App of Apps."""
    api = MemoryApi(namespace("argocd"), deployment(), *objects)
    return look(argocd_multi.test_app_of_apps, api.cluster(), name="root", **WHERE, **params)


MISSING: Object = {"sync": {"status": "OutOfSync"}, "health": {"status": "Missing"}}
SICK = synced(health={"status": "Degraded"})


@pytest.mark.parametrize(
    ("objects", "expected"),
    [
        ([root("a", "b"), child("a"), child("b")], None),
        ([root("a"), child("a", tracked="argocd_root")], None),
        ([root()], "argocd-no-children"),
        ([root("a", "b"), child("a")], "argocd-child-absent"),
        ([root("a"), child("a", SICK)], "argocd-child-unhealthy"),
        ([root("a"), child("a", MISSING, syncPolicy={})], "argocd-never-synced"),
        ([root("a"), child("a", MISSING)], "argocd-out-of-sync"),
        ([root("a"), child("a", {**synced(), "resources": []})], "argocd-no-resources"),
        ([root("a"), child("a", tracked="other")], "argocd-child-of-other"),
        ([root("a", sync={"status": "OutOfSync"}), child("a")], "argocd-out-of-sync"),
    ],
)
def test_each_child_is_judged_for_itself(objects: list[Object], expected: str | None) -> None:
    """The parent shows neither their health nor that there are none."""
    seen = parent(*objects)
    assert (seen.status == "met", reason(seen), share(seen)) == (
        expected is None,
        expected,
        int(expected is None),
    )


def test_children_are_asked_for_by_name_or_number() -> None:
    """What Git holds may be less than the task."""
    one = [root("a"), child("a")]
    assert parent(*one, children=["a"]).status == "met"
    assert reason(parent(*one, children=["a", "b"])) == "argocd-children-missing"
    assert reason(parent(*one, at_least=2)) == "argocd-children-missing"


def made(name: str, status: Object | None = None, owner: str = "web") -> Object:
    """An Application that an ApplicationSet has made."""
    own = application(synced() if status is None else status, name=name)
    own["metadata"]["ownerReferences"] = [{"kind": "ApplicationSet", "name": owner, "uid": "1"}]
    return own


def generator(*conditions: Object) -> Object:
    """An ApplicationSet with these conditions."""
    status = {"conditions": list(conditions)} if conditions else {}
    meta = {"creationTimestamp": "2026-03-02T08:00:00Z"}
    return item("argoproj.io/v1alpha1", "ApplicationSet", "web", "argocd", meta=meta, spec={}, status=status)


FINE = [
    condition("ErrorOccurred", "False", "ApplicationSetUpToDate"),
    condition("ParametersGenerated", "True", "ParametersGenerated"),
    condition("ResourcesUpToDate", "True", "ApplicationSetUpToDate"),
]
BROKEN = [
    condition("ErrorOccurred", "True", "ApplicationGenerationFromParamsError"),
    condition("ParametersGenerated", "False", "ErrorOccurred"),
    condition("ResourcesUpToDate", "False", "ErrorOccurred"),
]


@pytest.mark.parametrize(
    ("objects", "unmet"),
    [
        ([generator(*FINE), made("a"), made("b")], {}),
        ([generator(*FINE)], {"children": "argocd-no-children"}),
        ([generator(*FINE), made("a", owner="other")], {"children": "argocd-no-children"}),
        ([generator(*BROKEN), made("a")], {"generated": "argocd-set-error"}),
        ([generator(*FINE[:2]), made("a")], {"generated": "argocd-set-not-up-to-date"}),
        (
            [generator(*FINE, condition("InvalidRolloutConfig", "True", "Invalid")), made("a")],
            {"generated": "argocd-set-error"},
        ),
        ([generator(*FINE), made("a"), made("b", SICK)], {"child/b": "argocd-not-healthy"}),
    ],
)
def test_a_set_is_its_conditions_and_its_children(objects: list[Object], unmet: dict[str, str]) -> None:
    """Old children stay green under an error; a set without children is no set."""
    api = MemoryApi(deployment(), *objects)
    seen = look(argocd_multi.test_applicationset, api.cluster(), name="web", **WHERE)
    assert {part: why for part, why in parts(seen).items() if why} == unmet


def test_a_set_that_nobody_looks_at_is_told() -> None:
    """Without conditions its controller does not run."""
    seen = look(argocd_multi.test_applicationset, MemoryApi(generator()).cluster(), name="web", **WHERE)
    assert reason(seen) == "argocd-set-not-evaluated"


def secret(name: str, server: str) -> Object:
    """A cluster's Secret; its own name says nothing."""
    data = {
        key: base64.b64encode(value.encode()).decode() for key, value in (("name", name), ("server", server))
    }
    labels = {"argocd.argoproj.io/secret-type": "cluster"}
    return item("v1", "Secret", f"cluster-{len(server)}", "argocd", meta={"labels": labels}, data=data)


def deploys(to: Object, sync: str = "Synced", **status: Any) -> Object:
    """An Application with that destination."""
    return application(synced(sync={"status": sync}, **status), name=f"web-{len(str(to))}", destination=to)


REMOTE = "https://172.18.0.5:6443"
B = secret("lab-b", REMOTE)
TO_B: Object = {"name": "lab-b", "namespace": "shop"}
HERE: Object = {"server": LOCAL, "namespace": "shop"}
UNREADABLE = [{"type": "ComparisonError", "lastTransitionTime": "2026-03-02T09:00:00Z"}]


def told(state: str, *objects: Object, answer: int = 200) -> MemoryApi:
    """A cluster whose Argo CD API says this of the connection."""
    own = service("argocd-server", "argocd", spec={"ports": [{"name": "https", "port": 443}]})
    api = MemoryApi(namespace("argocd"), own, endpoints("argocd-server", "argocd", name="https"), *objects)
    clusters = {"items": [{"server": REMOTE, "connectionState": {"status": state}}]}
    return api.service("argocd-server", {"/api/v1/clusters": (answer, clusters)})


@pytest.mark.parametrize(
    ("api", "name", "verdict", "expected"),
    [
        (told("Successful", B), "lab-b", "met", None),
        (told("Failed", B, deploys(TO_B)), "lab-b", "unmet", "argocd-cluster-unreachable"),
        (told("Unknown", B, deploys(HERE)), "lab-b", "unmet", "argocd-cluster-unused"),
        (told("", B, deploys(TO_B), answer=401), "lab-b", "met", None),
        (told("", B, deploys({"server": REMOTE + "/"}), answer=401), "lab-b", "met", None),
        (
            told("", B, deploys(TO_B, "Unknown", conditions=UNREADABLE), answer=401),
            "lab-b",
            "unmet",
            "argocd-cluster-unreachable",
        ),
        (told("", B, deploys(HERE), answer=401), "lab", "absent", "argocd-cluster-absent"),
        (told("", secret("b", "https://localhost:6443")), "b", "unmet", "argocd-cluster-loopback"),
        (told("", secret("b", "https://[::1]:6443")), "b", "unmet", "argocd-cluster-loopback"),
        (told("", deploys(HERE), answer=401), "in-cluster", "met", None),
        (told("", answer=401), "in-cluster", "absent", "kind-not-registered"),
    ],
)
def test_a_registration_is_not_a_connection(api: MemoryApi, name: str, verdict: str, expected: str) -> None:
    """The API tells where it may be read, else an Application that could be compared there."""
    seen = look(argocd_multi.test_cluster, api.cluster(), name=name, **WHERE)
    assert (seen.status, reason(seen)) == (verdict, expected)


def test_an_unused_cluster_is_registered_at_least() -> None:
    """Half of it is done."""
    assert share(look(argocd_multi.test_cluster, told("Unknown", B).cluster(), name="lab-b", **WHERE)) == 0.5


def test_clusters_count_when_they_are_used() -> None:
    """The local one counts without a Secret; a second name of it is no second cluster."""

    def count(*objects: Object) -> str | None:
        return reason(look(argocd_multi.test_clusters, MemoryApi(*objects).cluster(), **WHERE))

    assert count(B, deploys(HERE), deploys(TO_B)) is None
    assert count(B, deploys({"name": "in-cluster"}), deploys({"server": REMOTE, "namespace": "x"})) is None
    assert count(B, deploys(HERE)) == "argocd-too-few-clusters"
    assert (
        count(secret("again", LOCAL), deploys(HERE), deploys({"name": "again"})) == "argocd-too-few-clusters"
    )
    assert count(B, deploys(HERE), deploys(TO_B, "Unknown")) == "argocd-too-few-clusters"


def test_one_name_in_two_namespaces_is_two_applications() -> None:
    """Each of them counts."""
    other = {**application(MISSING), "metadata": {"name": "web", "namespace": "team-b"}}
    seen = look(argocd_multi.test_everywhere, MemoryApi(application(synced()), other).cluster(), name="web")
    assert (reason(seen), share(seen)) == ("argocd-same-name", 0.5)
    assert (
        look(argocd_multi.test_everywhere, MemoryApi(application(synced())).cluster(), name="web").status
        == "met"
    )
    assert look(argocd_multi.test_everywhere, MemoryApi(other).cluster(), name="no").status == "absent"


def test_the_local_cluster_may_be_asked_to_be_registered() -> None:
    """It works without a Secret, so its Applications do not show that anybody registered it."""
    used = application(synced(), destination={"server": LOCAL, "namespace": "shop"})
    asked: Object = {"server": LOCAL, "connected": False, "secret": True}

    def seen(*objects: Object) -> str | None:
        api = MemoryApi(namespace("argocd"), used, *objects)
        return reason(look(argocd_multi.test_cluster, api.cluster(), **WHERE, **asked))

    assert seen() == "argocd-cluster-absent"
    assert seen(secret("elsewhere", "https://10.0.0.9:6443")) == "argocd-cluster-absent"
    assert seen(secret("any-name", LOCAL)) is None

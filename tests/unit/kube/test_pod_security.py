"""Pod Security: each rule of the standard, in its versions, and what the real admission has answered."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pytest_k8sgrade.kube.pod_security import version_of, violations
from tests.e2e.admission import ANSWERS, STANDARDS, VERSIONS, Place
from tests.e2e.pod_specs import CONTEXT, POD, SPECS, merged, pod, whole

NEWEST = (1, 34)


def rules(spec: Any, standard: Any = "restricted", version: tuple[int, int] = NEWEST) -> set[str]:
    """The rules that a pod violates."""
    return {one.rule for one in violations(spec, standard, version)}


@pytest.mark.parametrize("name", SPECS)
def test_the_answer_is_that_of_the_api_server(name: str) -> None:
    """Recorded from a real one: every pod in every level and version."""
    recorded = json.loads(ANSWERS.read_text(encoding="utf-8"))["pods"][name]
    places = [Place(standard, version) for standard in STANDARDS for version in VERSIONS]
    told = {
        place.name: not violations(SPECS[name], place.standard, version_of(place.version) or NEWEST)
        for place in places
    }
    assert told == recorded


def test_the_pods_are_of_either_kind() -> None:
    """The comparison would prove little if all pods were good, or none, or if it missed a rule."""
    found = {name: rules(spec) | rules(spec, "baseline") for name, spec in SPECS.items()}
    assert sum(map(bool, found.values())) > 40
    assert sum(not broken for broken in found.values()) > 30
    assert set().union(*found.values()) == {
        "allowPrivilegeEscalation",
        "appArmorProfile",
        "capabilities_baseline",
        "capabilities_restricted",
        "hostNamespaces",
        "hostPathVolumes",
        "hostPorts",
        "hostProbesAndHostLifecycle",
        "privileged",
        "procMount",
        "restrictedVolumes",
        "runAsNonRoot",
        "runAsUser",
        "seLinuxOptions",
        "seccompProfile_baseline",
        "seccompProfile_restricted",
        "sysctls",
        "windowsHostProcess",
    }


@pytest.mark.parametrize("minor", range(1, 37))
def test_what_is_good_for_restricted_is_good_for_baseline(minor: int) -> None:
    """In every version: the levels build on each other."""
    good = [spec for spec in SPECS.values() if not violations(spec, "restricted", (1, minor))]
    assert len(good) > 30
    assert [spec for spec in good if violations(spec, "baseline", (1, minor))] == []


def test_a_violation_names_the_field_and_what_it_may_be() -> None:
    """Containers and volumes are named, not counted."""
    spec = pod(
        {"volumes": [{"name": "node", "hostPath": {"path": "/etc"}}]},
        context={"capabilities": {"drop": ["ALL"], "add": ["NET_RAW", "NET_BIND_SERVICE"]}},
    )
    found = {one.field: (one.found, one.allowed) for one in violations(spec, "restricted", NEWEST)}
    field = "spec.containers[web].securityContext.capabilities.add"
    assert found[field] == (["NET_RAW"], "NET_BIND_SERVICE")
    assert found["spec.volumes[node]"][0] == ["hostPath"]
    assert len(found) == 2


def test_a_container_for_debugging_counts() -> None:
    """Whatever runs in the pod is held to the standard."""
    spec = merged(POD, {"spec": {"ephemeralContainers": [{"name": "debug", "image": "busybox"}]}})
    fields = [one.field for one in violations(spec, "restricted", NEWEST)]
    assert fields == [
        "spec.ephemeralContainers[debug].securityContext.allowPrivilegeEscalation",
        "spec.ephemeralContainers[debug].securityContext.capabilities.drop",
    ]
    assert rules(spec, "baseline") == set()


def test_seccomp_was_an_annotation_once() -> None:
    """Before 1.19 the annotations counted, and restricted asked for nothing more."""
    off = {"seccomp.security.alpha.kubernetes.io/pod": "unconfined"}
    spec = merged(
        POD, {"metadata": {"annotations": off}, "spec": {"securityContext": {"seccompProfile": None}}}
    )
    assert rules(spec, version=(1, 18)) == {"seccompProfile_baseline"}
    assert rules(spec, version=(1, 19)) == {"seccompProfile_restricted"}
    for value in ("runtime/default", "docker/default", "localhost/web"):
        spec["metadata"]["annotations"] = {"container.seccomp.security.alpha.kubernetes.io/web": value}
        assert rules(spec, version=(1, 18)) == set()


def test_proc_may_be_seen_in_a_user_namespace_since_1_35() -> None:
    """By baseline only."""
    spec = pod({"hostUsers": False}, context={"procMount": "Unmasked"})
    assert rules(spec, "baseline", (1, 34)) == {"procMount"}
    assert rules(spec, "baseline", (1, 35)) == set()
    assert rules(spec, "restricted", (1, 35)) == {"procMount"}


@pytest.mark.parametrize(
    ("users", "version", "expected"),
    [
        (False, (1, 35), set()),
        (False, (1, 34), {"runAsUser"}),
        (None, (1, 35), {"runAsUser"}),
        (True, (1, 35), {"runAsUser"}),
    ],
)
def test_root_of_a_user_namespace_is_permitted_since_1_35(
    users: bool | None, version: tuple[int, int], expected: set[str]
) -> None:
    """Root of users of its own is nobody on the node; a field that is left out means the node's users."""
    assert rules(merged(whole(runAsUser=0), {"spec": {"hostUsers": users}}), version=version) == expected


def test_a_template_is_judged_like_a_pod() -> None:
    """It has no name, and maybe no metadata at all."""
    assert violations({"spec": POD["spec"]}, "restricted", NEWEST) == []
    assert (
        violations({"spec": {"containers": [{"name": "x", "securityContext": CONTEXT}]}}, "baseline", NEWEST)
        == []
    )


@pytest.mark.parametrize(
    ("text", "version"),
    [("v1.34.4", (1, 34)), ("1.30", (1, 30)), ("v1.29.1-gke.5", (1, 29)), ("latest", None)],
)
def test_a_version_is_read_from_its_text(text: str, version: tuple[int, int] | None) -> None:
    """With or without its v, and whatever a provider adds."""
    assert version_of(text) == version

"""The grader's Pod Security rules give the answer of the API server's own admission, pod by pod.

Each pod is offered to namespaces that enforce a level in a version, as a server-side dry run. What
is compared is whether it is admitted; that a template is only warned about is the server's way too.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from pytest_k8sgrade.kube.pod_security import Standard, version_of, violations
from tests.e2e.pod_specs import DEBUGGERS, POD, SPECS
from tests.testbed.node import Bed, CommandFailed

STANDARDS: tuple[Standard, ...] = ("baseline", "restricted")
VERSIONS = ("v1.18", "v1.24", "v1.30", "v1.33", "latest")
LABEL = "pod-security.kubernetes.io"
DRY = "dryRun=All"


@dataclass(frozen=True)
class Place:
    """A namespace that enforces a level, and the version it is enforced in."""

    name: str
    standard: Standard
    version: str


@pytest.fixture(scope="module")
def places(empty_bed: Bed) -> Iterator[list[Place]]:
    """A namespace for every level in every version, with its service account."""
    made = [
        Place(f"{standard}-{version.replace('.', '-')}", standard, version)
        for standard in STANDARDS
        for version in VERSIONS
    ]
    for place in made:
        labels = {f"{LABEL}/enforce": place.standard, f"{LABEL}/enforce-version": place.version}
        metadata = {"name": place.name, "labels": {**labels, f"{LABEL}/warn": place.standard}}
        empty_bed.api.post("/api/v1/namespaces", {"metadata": metadata})
    for place in made:
        empty_bed.wait(f"account in {place.name}", partial(has_account, empty_bed, place.name), 60)
    yield made
    empty_bed.kubectl("delete", "namespace", "--wait=false", *(place.name for place in made))


def has_account(bed: Bed, namespace: str) -> bool:
    """Whether pods can be made in a namespace."""
    return bed.api.raw("GET", f"/api/v1/namespaces/{namespace}/serviceaccounts/default")[0] == 200


def version_used(bed: Bed, place: Place) -> tuple[int, int]:
    """The version that a namespace's label means: the server's own for `latest`."""
    text = bed.api.get("/version")["gitVersion"] if place.version == "latest" else place.version
    found = version_of(text)
    assert found is not None
    return found


def admitted(bed: Bed, method: str, path: str, body: Any) -> bool:
    """Whether the API server takes it; any answer but yes and the admission's no is a fault of the test."""
    status, text = bed.api.raw(method, path, body)
    if status in (200, 201):
        return True
    answer = json.loads(text)
    assert status == 403, answer["message"]
    assert "violates PodSecurity" in answer["message"], answer["message"]
    return False


@pytest.mark.parametrize("name", SPECS)
def test_a_pod_is_judged_as_the_admission_judges_it(empty_bed: Bed, places: list[Place], name: str) -> None:
    """In every level and version."""
    told = {}
    for place in places:
        path = f"/api/v1/namespaces/{place.name}/pods?{DRY}"
        found = violations(SPECS[name], place.standard, version_used(empty_bed, place))
        told[place.name] = (admitted(empty_bed, "POST", path, SPECS[name]), [one.field for one in found])
    assert {place: (yes, fields) for place, (yes, fields) in told.items() if yes == bool(fields)} == {}


def test_the_pods_are_of_either_kind() -> None:
    """The comparison above would prove little if all pods were good, or none."""
    latest = {name: violations(spec, "restricted", (1, 34)) for name, spec in SPECS.items()}
    assert sum(map(bool, latest.values())) > 30
    assert sum(not found for found in latest.values()) > 30
    assert len({one.rule for found in latest.values() for one in found}) >= 15


@pytest.fixture(scope="module")
def running(empty_bed: Bed, places: list[Place]) -> list[tuple[Place, dict[str, Any]]]:
    """The good pod, really made in the namespaces of the newest version."""
    newest = [place for place in places if place.version == "latest"]
    return [(place, empty_bed.api.post(f"/api/v1/namespaces/{place.name}/pods", POD)) for place in newest]


@pytest.mark.parametrize("name", DEBUGGERS)
def test_a_container_for_debugging_is_judged_too(
    empty_bed: Bed, running: list[tuple[Place, dict[str, Any]]], name: str
) -> None:
    """It comes later than the pod, by a request of its own."""
    for place, made in running:
        path = f"/api/v1/namespaces/{place.name}/pods/probe"
        changed = copy.deepcopy(empty_bed.api.get(path))
        debugger = {"name": "debug", "image": "example/debug:1", "securityContext": DEBUGGERS[name]}
        changed["spec"]["ephemeralContainers"] = [debugger]
        yes = admitted(empty_bed, "PUT", f"{path}/ephemeralcontainers?{DRY}", changed)
        assert made["metadata"]["uid"] == changed["metadata"]["uid"]
        found = violations(changed, place.standard, version_used(empty_bed, place))
        assert yes is not bool(found), (place, found)


@pytest.mark.parametrize("name", ["the good pod", "a plain pod", "seccomp unsaid", "hostPID"])
def test_a_template_is_only_warned_about(empty_bed: Bed, places: list[Place], name: str) -> None:
    """A Deployment is taken whatever its template, and the warning is that of the pod."""
    labels = {"app": "probe"}
    template = {"metadata": {"labels": labels}, "spec": SPECS[name]["spec"]}
    spec = {"selector": {"matchLabels": labels}, "template": template}
    deployment = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "probe"}, "spec": spec}
    for place in (place for place in places if place.version == "latest"):
        found = violations(template, place.standard, version_used(empty_bed, place))
        path = f"/apis/apps/v1/namespaces/{place.name}/deployments?{DRY}"
        assert admitted(empty_bed, "POST", path, deployment)
        assert warned(empty_bed, place, deployment) is bool(found), (place, found)


def warned(bed: Bed, place: Place, deployment: Any) -> bool:
    """Whether kubectl gets a warning with the answer."""
    flags = ["--dry-run=server", "--warnings-as-errors"]
    try:
        bed.kubectl("create", *flags, "-n", place.name, "-f", "-", input=json.dumps(deployment))
    except CommandFailed as failed:
        if "would violate PodSecurity" not in str(failed):
            raise
        return True
    return False

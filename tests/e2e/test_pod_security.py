"""The grader's Pod Security rules give the answer of the API server's own admission, pod by pod.

What is compared is whether a pod is admitted; a Deployment's template is only warned about, which is
the server's way too. The answers are those that the tests without a cluster rely on.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator

import pytest

from pytest_k8sgrade.kube.pod_security import version_of, violations
from tests.e2e.admission import ANSWERS, Place, admitted, answers, enforcing
from tests.e2e.pod_specs import DEBUGGERS, POD, SPECS, Spec
from tests.testbed.node import Bed, CommandFailed

RECORDED = json.loads(ANSWERS.read_text(encoding="utf-8"))["pods"]


@pytest.fixture(scope="module")
def places(empty_bed: Bed) -> Iterator[list[Place]]:
    """A namespace for every level in every version."""
    with enforcing(empty_bed) as found:
        yield found


def allows(spec: Spec, place: Place) -> bool:
    """What the grader says."""
    version = version_of(place.version)
    assert version is not None
    return not violations(spec, place.standard, version)


@pytest.mark.parametrize("name", SPECS)
def test_a_pod_is_judged_as_the_admission_judges_it(empty_bed: Bed, places: list[Place], name: str) -> None:
    """In every level and version; the recorded answers are those of today."""
    told = answers(empty_bed, places, name)
    assert {place.name: allows(SPECS[name], place) for place in places} == told
    assert RECORDED[name] == told


@pytest.fixture(scope="module")
def running(empty_bed: Bed, places: list[Place]) -> list[Place]:
    """Places of the newest version, each with the good pod really in it."""
    newest = [place for place in places if place.version == places[-1].version]
    for place in newest:
        empty_bed.api.post(f"/api/v1/namespaces/{place.name}/pods", POD)
    return newest


@pytest.mark.parametrize("name", DEBUGGERS)
def test_a_container_for_debugging_is_judged_too(empty_bed: Bed, running: list[Place], name: str) -> None:
    """It comes later than the pod, by a request of its own."""
    for place in running:
        path = f"/api/v1/namespaces/{place.name}/pods/{POD['metadata']['name']}"
        changed = copy.deepcopy(empty_bed.api.get(path))
        del changed["metadata"]["resourceVersion"]  # its node may write to it at any time
        debugger = {"name": "debug", "image": "example/debug:1", "securityContext": DEBUGGERS[name]}
        changed["spec"]["ephemeralContainers"] = [debugger]
        told = admitted(empty_bed, "PUT", f"{path}/ephemeralcontainers", changed)
        assert allows(changed, place) is told, place


@pytest.mark.parametrize("name", ["the good pod", "a plain pod", "seccomp unsaid", "hostPID"])
def test_a_template_is_only_warned_about(empty_bed: Bed, running: list[Place], name: str) -> None:
    """A Deployment is taken whatever its template, and the warning is what its pods would be refused for."""
    labels = {"app": "probe"}
    template = {"metadata": {"labels": labels}, "spec": SPECS[name]["spec"]}
    spec = {"selector": {"matchLabels": labels}, "template": template}
    deployment = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "probe"}, "spec": spec}
    for place in running:
        path = f"/apis/apps/v1/namespaces/{place.name}/deployments"
        assert admitted(empty_bed, "POST", path, deployment)
        assert warned(empty_bed, place, deployment) is not allows(template, place), place


def warned(bed: Bed, place: Place, deployment: Spec) -> bool:
    """Whether kubectl gets a warning with the answer."""
    flags = ["--dry-run=server", "--warnings-as-errors"]
    try:
        bed.kubectl("create", *flags, "-n", place.name, "-f", "-", input=json.dumps(deployment))
    except CommandFailed as failed:
        if "would violate PodSecurity" not in str(failed):
            raise
        return True
    return False

"""What runs meets a Pod Security Standard: templates, pods, and what was added to them later."""

from __future__ import annotations

from typing import Any

import pytest

from checks import pod_security
from tests.e2e.pod_specs import CONTEXT
from tests.unit.checks.api import MemoryApi, look, reason, share
from tests.unit.checks.objects import Object, container, deployment, namespace, pod

WHOLE: Object = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
OWN = {"annotations": {"meta.helm.sh/release-name": "shop"}}


def good(**fields: Any) -> Object:
    """A Deployment whose template keeps every rule."""
    made = deployment(containers=[container(securityContext=CONTEXT)], **fields)
    made["spec"]["template"]["spec"]["securityContext"] = WHOLE
    return made


def good_pod(name: str, **spec: Any) -> Object:
    """A pod of it."""
    own = {"securityContext": WHOLE, "containers": [container(securityContext=CONTEXT)]}
    return pod(name, spec={**own, **spec})


def meets(*objects: Object, standard: str = "restricted", **params: Any) -> Any:
    """One look at the namespace shop."""
    api = MemoryApi(namespace("shop"), *objects)
    return look(pod_security.test_meets, api.cluster(), namespace="shop", standard=standard, **params)


def test_a_hardened_workload_meets_both() -> None:
    """Its template and its pods."""
    objects = (good(meta=OWN), good_pod("web-1"), good_pod("web-2"))
    assert meets(*objects).status == "met"
    assert meets(*objects, standard="baseline", name="web").status == "met"
    assert meets(*objects, release="shop").status == "met"


def test_a_usual_workload_meets_baseline_only() -> None:
    """The first line names the field of the template, and what it may be."""
    seen = meets(deployment(), pod("web-1"))
    assert (seen.status, reason(seen)) == ("unmet", "pod-security-violated")
    assert seen.reason.params["kind"] == "Deployment"
    assert seen.reason.params["field"] == (
        "spec.template.spec.containers[web].securityContext.allowPrivilegeEscalation"
    )
    assert len(seen.reason.params["fields"]) == 4  # the pods repeat their template
    assert meets(deployment(), pod("web-1"), standard="baseline").status == "met"


def test_a_pod_may_differ_from_its_template() -> None:
    """A container for debugging is in the pod alone, and the pod is named."""
    debugged = good_pod("web-2", ephemeralContainers=[{"name": "debug", "securityContext": {}}])
    seen = meets(good(), good_pod("web-1"), debugged)
    assert (seen.reason.params["kind"], seen.reason.params["name"]) == ("Pod", "web-2")
    assert seen.reason.params["field"].startswith("spec.ephemeralContainers[debug].")


def test_one_of_two_workloads_is_half() -> None:
    """No partial credit for single rules: most of them are met by doing nothing."""
    other = deployment("other")
    assert share(meets(good(), other)) == 0.5
    assert share(meets(other)) == 0
    assert meets(good(), other, name="web").status == "met"


def test_pods_of_nobody_count_when_the_whole_namespace_is_asked() -> None:
    """What has finished or goes away does not."""
    alone = pod("alone", meta={"ownerReferences": []})
    assert reason(meets(good(), alone)) == "pod-security-violated"
    assert meets(good(), alone, name="web").status == "met"
    assert meets(good(), pod("done", status={"phase": "Succeeded"})).status == "met"


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, "pods-absent"),
        ({"name": "web"}, "object-absent"),
        ({"release": "shop"}, "helm-release-without-workloads"),
    ],
)
def test_nothing_passes_on_nothing(params: dict[str, str], expected: str) -> None:
    """An empty namespace meets no standard."""
    seen = meets(**params)
    assert (seen.status, reason(seen)) == ("absent", expected)


def test_a_namespace_that_is_not_there_is_told() -> None:
    """It is not only empty."""
    seen = look(pod_security.test_meets, MemoryApi().cluster(), namespace="shop", standard="baseline")
    assert reason(seen) == "namespace-absent"


def test_root_of_a_user_namespace_of_its_own_is_permitted_since_1_35() -> None:
    """It is nobody on the node; before, and with the node's users, it is a violation."""
    rooted = good()
    rooted["spec"]["template"]["spec"] |= {"hostUsers": False, "securityContext": {**WHOLE, "runAsUser": 0}}
    assert meets(rooted, version="v1.34").status == "unmet"
    assert meets(rooted, version="v1.35.1+k3s1").status == "met"
    rooted["spec"]["template"]["spec"]["hostUsers"] = True
    assert meets(rooted, version="v1.35").status == "unmet"


def test_a_version_that_is_none_is_no_verdict() -> None:
    """The standard depends on it."""
    assert meets(good(), version="new").status == "cannot-tell"

"""Which nodes a DaemonSet may run on."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_k8sgrade.kube.placement import barrier

CONTROL = {"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}


def allowed(template: Any, *taints: Any, **labels: str) -> bool:
    """Whether the template's pods may run on a node with these taints and labels."""
    node = {"metadata": {"name": "n", "labels": labels}, "spec": {"taints": list(taints)}}
    return barrier({"spec": {"template": {"spec": template}}}, node) is None


@pytest.mark.parametrize(
    ("toleration", "expected"),
    [
        ({"operator": "Exists"}, True),
        ({"key": CONTROL["key"], "operator": "Exists"}, True),
        ({"key": CONTROL["key"], "operator": "Exists", "effect": "NoSchedule"}, True),
        ({"key": CONTROL["key"], "operator": "Exists", "effect": "NoExecute"}, False),
        ({"key": CONTROL["key"], "value": ""}, True),
        ({"key": CONTROL["key"], "value": "true"}, False),
        ({"key": "other", "operator": "Exists"}, False),
        ({"key": ""}, False),
    ],
)
def test_a_toleration_must_fit_the_taint(toleration: Any, expected: bool) -> None:
    """Key, value and effect; an empty key with Exists tolerates everything."""
    assert allowed({"tolerations": [toleration]}, CONTROL) is expected


def test_taints_that_every_daemonset_tolerates_keep_nobody_out() -> None:
    """A cordoned or pressed node still has its pods; PreferNoSchedule is only a wish."""
    for name in ("unschedulable", "not-ready", "disk-pressure"):
        assert allowed({}, {"key": f"node.kubernetes.io/{name}", "effect": "NoSchedule"})
    network = {"key": "node.kubernetes.io/network-unavailable", "effect": "NoSchedule"}
    assert not allowed({}, network)
    assert allowed({"hostNetwork": True}, network)
    assert allowed({}, {"key": "x", "effect": "PreferNoSchedule"})


def affinity(*terms: Any) -> Any:
    """A template with a required node affinity."""
    required = {"nodeSelectorTerms": list(terms)}
    return {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}}}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ({"key": "os", "operator": "In", "values": ["linux"]}, True),
        ({"key": "os", "operator": "NotIn", "values": ["linux"]}, False),
        ({"key": "gpu", "operator": "Exists"}, False),
        ({"key": "gpu", "operator": "DoesNotExist"}, True),
        ({"key": "cores", "operator": "Gt", "values": ["3"]}, True),
        ({"key": "cores", "operator": "Lt", "values": ["4"]}, False),
        ({"key": "os", "operator": "Gt", "values": ["3"]}, False),
        ({"key": "os", "operator": "SomethingNew"}, False),
    ],
)
def test_selector_and_affinity_choose_nodes(expression: Any, expected: bool) -> None:
    """One of the terms is enough, all of a term's conditions are needed."""
    labels = {"os": "linux", "cores": "4"}
    assert allowed(affinity({"matchExpressions": [expression]}), **labels) is expected
    other = {"matchExpressions": [{"key": "no", "operator": "Exists"}]}
    assert allowed(affinity(other, {"matchExpressions": [expression]}), **labels) is expected
    assert not allowed(affinity({}), **labels)
    assert allowed({"nodeSelector": {"os": "linux"}}, **labels)
    assert not allowed({"nodeSelector": {"os": "windows"}}, **labels)
    assert allowed(affinity({"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n"]}]}))

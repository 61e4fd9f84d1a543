"""What an object of the cluster carries of a manifest: additions are no difference, changes are."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from pytest_k8sgrade.kube.applied import differences

CONTAINER: dict[str, Any] = {
    "name": "web",
    "image": "web:1",
    "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    "resources": {"limits": {"cpu": 1, "memory": "512Mi"}},
    "volumeMounts": [{"name": "tmp", "mountPath": "/tmp", "readOnly": False}],
}
MANIFEST: dict[str, Any] = {
    "replicas": 3,
    "template": {
        "metadata": {"labels": {"app": "web"}, "annotations": None},
        "spec": {
            "hostNetwork": False,
            "nodeSelector": {},
            "containers": [CONTAINER],
            "volumes": [{"name": "tmp", "emptyDir": {}}],
            "tolerations": [{"key": "dedicated", "operator": "Exists"}],
        },
    },
}
LIVE: dict[str, Any] = {
    "replicas": 3,
    "progressDeadlineSeconds": 600,
    "template": {
        "metadata": {"labels": {"app": "web", "added": "by-admission"}},
        "spec": {
            "containers": [
                {"name": "proxy", "image": "proxy:1"},
                {
                    **CONTAINER,
                    "resources": {"limits": {"memory": "512Mi", "cpu": "1"}},
                    "terminationMessagePath": "/dev/termination-log",
                    "volumeMounts": [
                        {"name": "token", "mountPath": "/var/run/secrets"},
                        {"name": "tmp", "mountPath": "/tmp"},
                    ],
                },
            ],
            "volumes": [{"name": "token", "projected": {}}, {"name": "tmp", "emptyDir": {}}],
            "tolerations": [
                {"key": "node.kubernetes.io/not-ready", "operator": "Exists"},
                {"key": "dedicated", "operator": "Exists"},
            ],
        },
    },
}


def told(asked: Any, has: Any) -> dict[str, tuple[Any, Any]]:
    """The differences by field: asked and found."""
    found = differences(asked, has, "spec", unknown=("<redacted>",))
    return {one.field: (one.asked, one.found) for one in found}


def test_what_the_server_adds_or_leaves_out_is_no_difference() -> None:
    """Defaults, injected containers and volumes, empty and false fields, other notations of an amount."""
    assert told(MANIFEST, LIVE) == {}


@pytest.mark.parametrize(
    ("asked", "has", "field"),
    [
        ({"replicas": 3}, {"replicas": 2}, "spec.replicas"),
        ({"replicas": 0}, {"replicas": 2}, "spec.replicas"),
        ({"c": [{"name": "web", "image": "a"}]}, {"c": [{"name": "web", "image": "b"}]}, "spec.c[web].image"),
        ({"c": [{"name": "web"}]}, {"c": [{"name": "other"}]}, "spec.c[web]"),
        ({"c": [{"name": "web"}]}, {}, "spec.c"),
        ({"allowPrivilegeEscalation": False}, {}, "spec.allowPrivilegeEscalation"),
        ({"drop": ["ALL"]}, {"drop": ["NET_RAW"]}, "spec.drop"),
        (
            {"v": [{"name": "t", "emptyDir": {}}]},
            {"v": [{"name": "t", "hostPath": {}}]},
            "spec.v[t].emptyDir",
        ),
        ({"limits": {"cpu": "1"}}, {"limits": {"cpu": "500m"}}, "spec.limits.cpu"),
        ({"port": "1"}, {"port": 1}, "spec.port"),
        ({"t": [{"effect": "a"}]}, {"t": [{"effect": "b"}]}, "spec.t"),
        ({"deep": {"er": 1}}, {}, "spec.deep.er"),
    ],
)
def test_what_was_changed_is_one(asked: Any, has: Any, field: str) -> None:
    """The field is named."""
    assert list(told(asked, has)) == [field]


def test_what_is_masked_proves_nothing() -> None:
    """Neither in the manifest nor in the cluster."""
    env = [{"name": "PASSWORD", "value": "<redacted>"}]
    assert told({"env": env}, {"env": [{"name": "PASSWORD", "value": "x"}]}) == {}
    assert told({"args": ["--password=x"]}, {"args": ["--password=<redacted>"]}) == {}


def test_a_day_is_a_text_to_the_server() -> None:
    """YAML reads one where somebody has left out the quotes."""
    assert told({"labels": {"since": date(2026, 3, 2)}}, {"labels": {"since": "2026-03-02"}}) == {}

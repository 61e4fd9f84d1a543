"""Acts of every kind, with the bodies that real checks give them."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from pytest_k8sgrade.cluster.acting_leftovers import note
from pytest_k8sgrade.cluster.acting_rules import Act, alerts, create, delete, owned, parallelism, scale

EXPIRES = datetime(2026, 3, 2, 10, 5, tzinfo=UTC)
PROXY = "/api/v1/namespaces/monitoring/services/http:alertmanager:9093/proxy"


def job() -> dict[str, Any]:
    """A Job that is allowed."""
    container = {
        "name": "load",
        "image": "busybox",
        "resources": {"limits": {"cpu": "500m"}},
        "securityContext": {"allowPrivilegeEscalation": False},
    }
    pod = {
        "automountServiceAccountToken": False,
        "restartPolicy": "Never",
        "securityContext": {"runAsNonRoot": True},
        "containers": [container],
    }
    spec = {
        "activeDeadlineSeconds": 60,
        "ttlSecondsAfterFinished": 60,
        "parallelism": 1,
        "template": {"spec": pod},
    }
    return {**owned("Job", "k8sgrade-load-1", "shop", "1", EXPIRES), "spec": spec}


def alert() -> dict[str, Any]:
    """An alert that is allowed."""
    return {
        "labels": {"alertname": "K8sgrade-critical-1", "k8sgrade_run": "1", "severity": "critical"},
        "startsAt": "2026-03-02T10:00:00Z",
        "endsAt": "2026-03-02T10:05:00Z",
    }


def a_note() -> dict[str, Any]:
    """A note that is allowed."""
    return note(owned("ConfigMap", "k8sgrade-drift-1", "shop", "1", EXPIRES), scale("shop", "web", 3, 2))


ALLOWED = [
    create(job()),
    create(a_note()),
    delete("Job", "shop", "k8sgrade-load-1"),
    delete("ConfigMap", "shop", "k8sgrade-drift-1"),
    parallelism("shop", "k8sgrade-load-1", 8),
    scale("shop", "web", 2, 3),
    scale("shop", "web", 3, 2),
    alerts(PROXY, [alert()]),
]


def changed(make: Callable[[], dict[str, Any]], path: str, value: Any) -> dict[str, Any]:
    """A document with another value at a path of keys; None takes the key out."""
    document = copy.deepcopy(make())
    *above, last = path.split(".")
    place: Any = document
    for key in above:
        place = place[int(key) if key.isdecimal() else key]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return document


def refused() -> list[Act]:
    """Acts that differ from an allowed one in a single respect."""
    pod, container = "spec.template.spec", "spec.template.spec.containers.0"
    jobs = [
        ("spec.activeDeadlineSeconds", None),
        ("spec.activeDeadlineSeconds", 86400),
        ("spec.ttlSecondsAfterFinished", None),
        ("spec.parallelism", 100),
        ("metadata.name", "web"),
        ("metadata.labels", {}),
        ("metadata.annotations", {}),
        (f"{pod}.hostNetwork", True),
        (f"{pod}.volumes", [{"hostPath": {"path": "/"}}]),
        (f"{pod}.serviceAccountName", "admin"),
        (f"{pod}.automountServiceAccountToken", True),
        (f"{pod}.securityContext", {}),
        (f"{pod}.containers", []),
        (f"{container}.securityContext", {"allowPrivilegeEscalation": False, "privileged": True}),
        (f"{container}.resources", {}),
    ]
    lasting = [("endsAt", None), ("endsAt", "2026-03-03T10:00:00Z"), ("endsAt", "2026-03-02T09:00:00Z")]
    others = [("labels.alertname", "Watchdog"), ("labels.k8sgrade_run", None)]
    return [
        *(create(changed(job, path, value)) for path, value in jobs),
        *(alerts(PROXY, [changed(alert, path, value)]) for path, value in [*lasting, *others]),
        alerts(PROXY, []),
        alerts(PROXY, [alert()] * 11),
        alerts(PROXY.replace("http:alertmanager:9093", "http:a:1/x"), [alert()]),
        create(changed(a_note, "data.more", "x")),
        create({**job(), "kind": "Pod"}),
        delete("Job", "shop", "backup"),
        delete("ConfigMap", "shop", "kube-root-ca.crt"),
        Act("DELETE", "/apis/apps/v1/namespaces/shop/deployments/k8sgrade-x", ALLOWED[2].body),
        Act("DELETE", ALLOWED[2].path, {"propagationPolicy": "Orphan"}),
        Act("DELETE", "/apis/batch/v1/namespaces/shop/jobs", ALLOWED[2].body),
        parallelism("shop", "k8sgrade-load-1", 21),
        parallelism("shop", "backup", 1),
        Act("PATCH", ALLOWED[4].path, {"spec": {"parallelism": 1, "suspend": True}}, ALLOWED[4].content_type),
        scale("shop", "web", 2, 20),
        scale("shop", "web", 1, 0),
        Act("PATCH", ALLOWED[5].path, {"spec": {"replicas": 3}}, "application/merge-patch+json"),
        Act("PUT", ALLOWED[5].path, ALLOWED[5].body, ALLOWED[5].content_type),
        Act("POST", "/api/v1/namespaces/shop/secrets", a_note()),
        Act("GET", ALLOWED[0].path, job()),
    ]

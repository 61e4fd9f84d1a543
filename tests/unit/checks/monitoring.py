"""What the Prometheus operator's objects and Prometheus' targets look like, cut to what checks read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.unit.checks.objects import APP, Object, condition, item, namespace, pod


def operated(kind: str, name: str = "kps", space: str = "monitoring", **spec: Any) -> list[Object]:
    """A custom resource of the operator with its StatefulSet, a ready pod and Services."""
    labels = {"app": kind.lower()}
    port = {"Prometheus": 9090, "Alertmanager": 9093}[kind]
    status = {
        "conditions": [
            condition(one, "True", "", observedGeneration=1) for one in ("Available", "Reconciled")
        ]
    }
    full = {"observedGeneration": 1, "replicas": 1, "readyReplicas": 1, "updatedReplicas": 1}
    stateful_set = f"{kind.lower()}-{name}"
    owner = [{"kind": "StatefulSet", "name": stateful_set, "controller": True}]
    return [
        namespace(space),
        item("monitoring.coreos.com/v1", kind, name, space, meta={"generation": 1}, spec=spec, status=status),
        item(
            "apps/v1",
            "StatefulSet",
            stateful_set,
            space,
            meta={"generation": 1},
            spec={
                "replicas": 1,
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": {}},
            },
            status=full,
        ),
        pod(f"{stateful_set}-0", space, meta={"labels": labels, "ownerReferences": owner}),
        item(
            "v1",
            "Service",
            f"{name}-{kind.lower()}",
            space,
            spec={"selector": labels, "ports": [{"name": "http-web", "port": port}]},
        ),
        item(
            "v1",
            "Service",
            "aaa-other",
            space,
            spec={"selector": {"app": "other"}, "ports": [{"port": port}]},
        ),
    ]


def monitor(name: str = "web", space: str = "shop", **spec: Any) -> Object:
    """A ServiceMonitor for the Service web."""
    own = {
        "selector": {"matchLabels": APP},
        "endpoints": [{"port": "http", "path": "/metrics", "interval": "30s"}],
    }
    return item(
        "monitoring.coreos.com/v1", "ServiceMonitor", name, space, meta={"labels": APP}, spec={**own, **spec}
    )


def target(
    pool: str, health: str, job: str = "web", url: str = "http://10.0.0.5:8080/metrics", **labels: str
) -> Object:
    """An active target of Prometheus."""
    return {"scrapePool": pool, "health": health, "scrapeUrl": url, "labels": {"job": job, **labels}}


def targets(*active: Object, dropped: Mapping[str, int] | None = None) -> tuple[int, Object]:
    """The answer of /api/v1/targets."""
    return 200, {"status": "success", "data": {"activeTargets": list(active), "droppedTargetCounts": dropped}}

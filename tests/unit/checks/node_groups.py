"""What the Cluster Autoscaler writes, and pods that concern it, cut to what checks read."""

from __future__ import annotations

from typing import Any

from tests.unit.checks.objects import Object, condition, item, pod

CLOUD = item("v1", "Node", "node-a", spec={"providerID": "aws:///eu-1/i-1"})


NOW_TEXT = "2026-03-02 09:59:50.1 +0000 UTC"


def status(
    *groups: str, state: str = "Running", health: str = "Healthy", at: str | None = NOW_TEXT, extra: str = ""
) -> Object:
    """The ConfigMap in its YAML form; a group is written as one flow mapping."""
    lines = [f"autoscalerStatus: {state}", f"clusterWide: {{health: {{status: {health}}}{extra}}}"]
    lines += ["nodeGroups:", *(f"- {group}" for group in groups)] if groups else []
    stamp = {"cluster-autoscaler.kubernetes.io/last-updated": at} if at else {}
    data = {"status": "\n".join(lines) + "\n"}
    return item(
        "v1", "ConfigMap", "cluster-autoscaler-status", "kube-system", meta={"annotations": stamp}, data=data
    )


def group(
    target: int, *, least: int = 1, most: int = 5, up: str = "NoActivity", down: str = "NoCandidates"
) -> str:
    """The node group pool-a."""
    health = f"{{status: Healthy, cloudProviderTarget: {target}, minSize: {least}, maxSize: {most}}}"
    failed = ", backoffInfo: {errorCode: QUOTA_EXCEEDED}" if up == "Backoff" else ""
    scaling = f"scaleUp: {{status: {up}{failed}}}, scaleDown: {{status: {down}}}"
    return f"{{name: pool-a, health: {health}, {scaling}}}"


def event(why: str, at: str | None, name: str = "big-1") -> Object:
    """What the autoscaler says about a pod."""
    return item(
        "v1",
        "Event",
        f"{name}.{why}.{at}",
        "shop",
        reason=why,
        involvedObject={"kind": "Pod", "name": name},
        lastTimestamp=None,
        eventTime=at,
    )


WAITS = pod(
    "big-1",
    ready=False,
    status={"phase": "Pending", "conditions": [condition("PodScheduled", "False", "Unschedulable")]},
)


UP, NOT = "TriggeredScaleUp", "NotTriggerScaleUp"


RECENT, LONG_AGO = "2026-03-02T09:55:00.000000Z", "2026-03-02T09:30:00.000000Z"


def resident(name: str, node: str = "node-c", space: str = "shop", **fields: Any) -> Object:
    """A pod on a node."""
    meta, volumes = fields.pop("meta", {}), fields.pop("volumes", [])
    return pod(name, space, meta=meta, spec={"nodeName": node, "volumes": volumes})


DISK: list[Object] = [{"name": "tmp", "emptyDir": {}}]


SAFE = "cluster-autoscaler.kubernetes.io/safe-to-evict"

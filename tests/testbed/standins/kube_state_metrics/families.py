"""The table of the kube-state-metrics stand-in: which function tells of which object kind."""

from __future__ import annotations

from .objects import namespace, node, pod, service
from .workloads import autoscaler, daemon_set, deployment, job, replica_set, stateful_set

FAMILIES = {
    "Deployment": deployment,
    "ReplicaSet": replica_set,
    "StatefulSet": stateful_set,
    "DaemonSet": daemon_set,
    "HorizontalPodAutoscaler": autoscaler,
    "Pod": pod,
    "Node": node,
    "Namespace": namespace,
    "Service": service,
    "Job": job,
}

"""Metric families of the kube-state-metrics stand-in: one function per object kind.

Names and labels are those that kube-state-metrics documents; only the families that checks, rules
and dashboards of the testbed ask for are here. Each function reads one object as the API returns
it and adds its samples to `Lines`.
"""

from __future__ import annotations

import datetime
import re
from collections import defaultdict
from typing import Any

PHASES = ("Pending", "Succeeded", "Failed", "Running", "Unknown")
NAMESPACE_PHASES = ("Active", "Terminating")
TRUTHS = ("true", "false", "unknown")
UNITS = {
    "n": 1e-9, "u": 1e-6, "m": 1e-3, "": 1.0, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12,
    "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40,
}  # fmt: skip

Object = dict[str, Any]


class Lines:
    """Samples grouped by family, so that each family is written in one block as the format asks."""

    def __init__(self) -> None:
        self.samples: dict[str, list[str]] = defaultdict(list)

    def add(self, family: str, value: float | int | bool | None, **labels: str | None) -> None:
        """One sample; a missing value is no sample."""
        if value is None:
            return
        pairs = ",".join(f'{name}="{escape(text or "")}"' for name, text in labels.items())
        self.samples[family].append(
            f"{family}{{{pairs}}} {float(value):g}" if abs(value) < 1e6 else f"{family}{{{pairs}}} {value!r}"
        )

    def text(self) -> str:
        """The exposition format."""
        blocks = []
        for family in sorted(self.samples):
            kind = "counter" if family.endswith("_total") else "gauge"
            blocks.append(f"# TYPE {family} {kind}\n" + "\n".join(self.samples[family]))
        return "\n".join(blocks) + "\n"


def escape(text: str) -> str:
    """A label value as the exposition format writes it."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def quantity(text: str) -> float:
    """A Kubernetes quantity as a number."""
    match = re.fullmatch(r"([0-9.eE+-]+?)([numkKMGT]?i?)", text)
    return float(match[1]) * UNITS.get(match[2], 1.0) if match else float("nan")


def seconds(stamp: str | None) -> float | None:
    """An RFC 3339 time as Unix seconds."""
    if not stamp:
        return None
    return datetime.datetime.fromisoformat(stamp.replace("Z", "+00:00")).timestamp()


def condition_lines(lines: Lines, family: str, item: Object, **labels: str | None) -> None:
    """Three samples per condition, one of them 1."""
    for found in item.get("status", {}).get("conditions") or []:
        for truth in TRUTHS:
            lines.add(
                family, found["status"].lower() == truth, **labels, condition=found["type"], status=truth
            )


def meta(item: Object, label: str) -> dict[str, str]:
    """The namespace label and the object's own name label."""
    return {"namespace": item["metadata"].get("namespace", ""), label: item["metadata"]["name"]}


def common(prefix: str, item: Object, lines: Lines, name: dict[str, str]) -> None:
    """Families that every workload has."""
    lines.add(f"{prefix}_created", seconds(item["metadata"].get("creationTimestamp")), **name)
    lines.add(f"{prefix}_metadata_generation", item["metadata"].get("generation"), **name)
    lines.add(
        f"{prefix}_status_observed_generation", item.get("status", {}).get("observedGeneration"), **name
    )


def deployment(item: Object, lines: Lines) -> None:
    """Families kube_deployment_*."""
    name, status = meta(item, "deployment"), item.get("status", {})
    common("kube_deployment", item, lines, name)
    lines.add("kube_deployment_spec_replicas", item["spec"].get("replicas", 1), **name)
    lines.add("kube_deployment_spec_paused", bool(item["spec"].get("paused")), **name)
    lines.add("kube_deployment_status_replicas", status.get("replicas", 0), **name)
    for field in ("ready", "available", "unavailable", "updated"):
        lines.add(f"kube_deployment_status_replicas_{field}", status.get(f"{field}Replicas", 0), **name)
    condition_lines(lines, "kube_deployment_status_condition", item, **name)


def replica_set(item: Object, lines: Lines) -> None:
    """Families kube_replicaset_*."""
    name, status = meta(item, "replicaset"), item.get("status", {})
    common("kube_replicaset", item, lines, name)
    lines.add("kube_replicaset_spec_replicas", item["spec"].get("replicas", 1), **name)
    lines.add("kube_replicaset_status_replicas", status.get("replicas", 0), **name)
    lines.add("kube_replicaset_status_ready_replicas", status.get("readyReplicas", 0), **name)
    for owner in item["metadata"].get("ownerReferences") or []:
        lines.add(
            "kube_replicaset_owner",
            1,
            **name,
            owner_kind=owner["kind"],
            owner_name=owner["name"],
            owner_is_controller=str(bool(owner.get("controller"))).lower(),
        )


def stateful_set(item: Object, lines: Lines) -> None:
    """Families kube_statefulset_*."""
    name, status = meta(item, "statefulset"), item.get("status", {})
    common("kube_statefulset", item, lines, name)
    lines.add("kube_statefulset_replicas", item["spec"].get("replicas", 1), **name)
    lines.add("kube_statefulset_status_replicas", status.get("replicas", 0), **name)
    for field in ("ready", "current", "updated", "available"):
        lines.add(f"kube_statefulset_status_replicas_{field}", status.get(f"{field}Replicas", 0), **name)


def daemon_set(item: Object, lines: Lines) -> None:
    """Families kube_daemonset_*."""
    name, status = meta(item, "daemonset"), item.get("status", {})
    common("kube_daemonset", item, lines, name)
    fields = {
        "desired_number_scheduled": "desiredNumberScheduled",
        "current_number_scheduled": "currentNumberScheduled",
        "number_ready": "numberReady",
        "number_available": "numberAvailable",
        "number_unavailable": "numberUnavailable",
        "number_misscheduled": "numberMisscheduled",
        "updated_number_scheduled": "updatedNumberScheduled",
    }
    for family, field in fields.items():
        lines.add(f"kube_daemonset_status_{family}", status.get(field, 0), **name)


def autoscaler(item: Object, lines: Lines) -> None:
    """Families kube_horizontalpodautoscaler_*."""
    name, spec, status = meta(item, "horizontalpodautoscaler"), item["spec"], item.get("status", {})
    prefix, target = "kube_horizontalpodautoscaler", item["spec"]["scaleTargetRef"]
    common(prefix, item, lines, name)
    lines.add(
        f"{prefix}_info",
        1,
        **name,
        scaletargetref_api_version=target.get("apiVersion"),
        scaletargetref_kind=target["kind"],
        scaletargetref_name=target["name"],
    )
    lines.add(f"{prefix}_spec_min_replicas", spec.get("minReplicas", 1), **name)
    lines.add(f"{prefix}_spec_max_replicas", spec["maxReplicas"], **name)
    lines.add(f"{prefix}_status_current_replicas", status.get("currentReplicas", 0), **name)
    lines.add(f"{prefix}_status_desired_replicas", status.get("desiredReplicas", 0), **name)
    metric_lines(lines, f"{prefix}_spec_target_metric", spec.get("metrics"), "target", name)
    metric_lines(lines, f"{prefix}_status_target_metric", status.get("currentMetrics"), "current", name)
    condition_lines(lines, f"{prefix}_status_condition", item, **name)


def metric_lines(
    lines: Lines, family: str, metrics: list[Object] | None, side: str, name: dict[str, str]
) -> None:
    """Targets or current values of an autoscaler's metrics; an unread metric has an empty type and no values."""
    for metric in metrics or []:
        source = metric.get(metric.get("type", "")[:1].lower() + metric.get("type", "")[1:]) or {}
        metric_name = source.get("name") or source.get("metric", {}).get("name")
        values = source.get(side) or {}
        for field, label in (
            ("value", "value"),
            ("averageUtilization", "utilization"),
            ("averageValue", "average"),
        ):
            if field in values:
                lines.add(
                    family,
                    quantity(str(values[field])),
                    **name,
                    metric_name=metric_name,
                    metric_target_type=label,
                )


def pod(item: Object, lines: Lines) -> None:
    """Families kube_pod_*."""
    name, status, spec = meta(item, "pod"), item.get("status", {}), item["spec"]
    name["uid"] = item["metadata"]["uid"]
    owner = next(iter(item["metadata"].get("ownerReferences") or []), {})
    lines.add(
        "kube_pod_info",
        1,
        **name,
        host_ip=status.get("hostIP"),
        pod_ip=status.get("podIP"),
        node=spec.get("nodeName"),
        created_by_kind=owner.get("kind"),
        created_by_name=owner.get("name"),
        priority_class=spec.get("priorityClassName"),
        host_network=str(bool(spec.get("hostNetwork"))).lower(),
    )
    lines.add(
        "kube_pod_owner",
        1,
        **name,
        owner_kind=owner.get("kind"),
        owner_name=owner.get("name"),
        owner_is_controller=str(bool(owner.get("controller"))).lower(),
    )
    lines.add("kube_pod_created", seconds(item["metadata"].get("creationTimestamp")), **name)
    lines.add("kube_pod_start_time", seconds(status.get("startTime")), **name)
    for phase in PHASES:
        lines.add("kube_pod_status_phase", status.get("phase") == phase, **name, phase=phase)
    for found in status.get("conditions") or []:
        family = {"Ready": "kube_pod_status_ready", "PodScheduled": "kube_pod_status_scheduled"}.get(
            found["type"]
        )
        for truth in TRUTHS if family else ():
            lines.add(str(family), found["status"].lower() == truth, **name, condition=truth)
    for container in spec["containers"]:
        resource_lines(lines, container, name, spec.get("nodeName"))
    for container in status.get("containerStatuses") or []:
        container_lines(lines, container, name)


def resource_lines(lines: Lines, container: Object, name: dict[str, str], node: str | None) -> None:
    """Requests and limits of one container."""
    for side in ("requests", "limits"):
        for resource, amount in (container.get("resources", {}).get(side) or {}).items():
            unit = "core" if resource == "cpu" else "byte"
            lines.add(
                f"kube_pod_container_resource_{side}",
                quantity(str(amount)),
                **name,
                container=container["name"],
                node=node,
                resource=resource,
                unit=unit,
            )


def container_lines(lines: Lines, container: Object, name: dict[str, str]) -> None:
    """State of one running or waiting container."""
    labels = {**name, "container": container["name"]}
    state = container.get("state", {})
    lines.add(
        "kube_pod_container_info",
        1,
        **labels,
        image=container["image"],
        image_id=container["imageID"],
        container_id=container.get("containerID"),
    )
    lines.add("kube_pod_container_status_ready", container["ready"], **labels)
    lines.add("kube_pod_container_status_restarts_total", container["restartCount"], **labels)
    for word in ("running", "waiting", "terminated"):
        lines.add(f"kube_pod_container_status_{word}", word in state, **labels)
    if "reason" in state.get("waiting", {}):
        lines.add("kube_pod_container_status_waiting_reason", 1, **labels, reason=state["waiting"]["reason"])
    last = container.get("lastState", {}).get("terminated", {})
    if "reason" in last:
        lines.add("kube_pod_container_status_last_terminated_reason", 1, **labels, reason=last["reason"])


def node(item: Object, lines: Lines) -> None:
    """Families kube_node_*."""
    name, info = item["metadata"]["name"], item["status"].get("nodeInfo", {})
    address = next(
        (
            entry["address"]
            for entry in item["status"].get("addresses") or []
            if entry["type"] == "InternalIP"
        ),
        "",
    )
    lines.add(
        "kube_node_info",
        1,
        node=name,
        kernel_version=info.get("kernelVersion"),
        os_image=info.get("osImage"),
        container_runtime_version=info.get("containerRuntimeVersion"),
        kubelet_version=info.get("kubeletVersion"),
        provider_id=item["spec"].get("providerID"),
        pod_cidr=item["spec"].get("podCIDR"),
        system_uuid=info.get("systemUUID"),
        internal_ip=address,
    )
    lines.add("kube_node_created", seconds(item["metadata"].get("creationTimestamp")), node=name)
    lines.add("kube_node_spec_unschedulable", bool(item["spec"].get("unschedulable")), node=name)
    for side in ("capacity", "allocatable"):
        for resource, amount in (item["status"].get(side) or {}).items():
            unit = {"cpu": "core", "pods": "integer"}.get(resource, "byte")
            lines.add(
                f"kube_node_status_{side}",
                quantity(str(amount)),
                node=name,
                resource=resource.replace("-", "_"),
                unit=unit,
            )
    condition_lines(lines, "kube_node_status_condition", item, node=name)


def namespace(item: Object, lines: Lines) -> None:
    """Families kube_namespace_*."""
    name = item["metadata"]["name"]
    lines.add("kube_namespace_created", seconds(item["metadata"].get("creationTimestamp")), namespace=name)
    for phase in NAMESPACE_PHASES:
        lines.add(
            "kube_namespace_status_phase", item["status"].get("phase") == phase, namespace=name, phase=phase
        )


def service(item: Object, lines: Lines) -> None:
    """Families kube_service_*."""
    name, spec = meta(item, "service"), item["spec"]
    name["uid"] = item["metadata"]["uid"]
    lines.add(
        "kube_service_info",
        1,
        **name,
        cluster_ip=spec.get("clusterIP"),
        external_name=spec.get("externalName"),
        load_balancer_ip=spec.get("loadBalancerIP"),
    )
    lines.add("kube_service_created", seconds(item["metadata"].get("creationTimestamp")), **name)
    lines.add("kube_service_spec_type", 1, **name, type=spec.get("type"))


def job(item: Object, lines: Lines) -> None:
    """Families kube_job_*."""
    name, status = meta(item, "job_name"), item.get("status", {})
    lines.add("kube_job_info", 1, **name)
    lines.add("kube_job_created", seconds(item["metadata"].get("creationTimestamp")), **name)
    for field in ("active", "succeeded", "failed"):
        lines.add(f"kube_job_status_{field}", status.get(field, 0), **name)


FAMILIES = {
    "Deployment": deployment, "ReplicaSet": replica_set, "StatefulSet": stateful_set, "DaemonSet": daemon_set,
    "HorizontalPodAutoscaler": autoscaler, "Pod": pod, "Node": node, "Namespace": namespace, "Service": service, "Job": job,
}  # fmt: skip

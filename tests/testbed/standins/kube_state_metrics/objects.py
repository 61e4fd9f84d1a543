"""Metric families of pods, nodes, namespaces and services, one function per object kind.

Names and labels are those that kube-state-metrics documents; only the families that checks, rules and
dashboards of the testbed ask for are here.
"""

from __future__ import annotations

from .samples import TRUTHS, Lines, Object, condition_lines, meta, quantity, seconds

PHASES = ("Pending", "Succeeded", "Failed", "Running", "Unknown")
NAMESPACE_PHASES = ("Active", "Terminating")


def pod(item: Object, lines: Lines) -> None:
    """Families kube_pod_*."""
    name, status, spec = meta(item, "pod"), item.get("status", {}), item["spec"]
    name["uid"] = item["metadata"]["uid"]
    owner: Object = next(iter(item["metadata"].get("ownerReferences") or []), {})
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

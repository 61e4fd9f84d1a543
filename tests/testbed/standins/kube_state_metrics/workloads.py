"""Metric families of workloads and autoscalers, one function per object kind.

Names and labels are those that kube-state-metrics documents; only the families that checks, rules and
dashboards of the testbed ask for are here.
"""

from __future__ import annotations

from .samples import Lines, Object, common, condition_lines, meta, quantity, seconds


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
    """Targets or current values of metrics; an unread one has an empty type and no values."""
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


def job(item: Object, lines: Lines) -> None:
    """Families kube_job_*."""
    name, status = meta(item, "job_name"), item.get("status", {})
    lines.add("kube_job_info", 1, **name)
    lines.add("kube_job_created", seconds(item["metadata"].get("creationTimestamp")), **name)
    for field in ("active", "succeeded", "failed"):
        lines.add(f"kube_job_status_{field}", status.get(field, 0), **name)

"""Custom and external metrics for autoscalers: served, for every pod, with values that can be true.

That the API is available says nothing about a metric: a chart's default rules serve
others under other names. So the exact metric is asked for, for the pods it is about.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from pytest_k8sgrade.cluster import Cluster
from pytest_k8sgrade.kube.quantity import parse_quantity
from pytest_k8sgrade.kube.rollout import living, pod_ready, pods_shortfall
from pytest_k8sgrade.kube.times import parse_time
from pytest_k8sgrade.outcome import Findings, unmet
from pytest_k8sgrade.services.diagnosis import if_readable
from pytest_k8sgrade.services.metrics import custom_metrics
from pytest_k8sgrade.services.metrics.custom_metrics import Value
from pytest_k8sgrade.services.running import workloads

FIRST_VALUE = timedelta(minutes=3)
"""Two scrapes, a rate window and the adapter's own look around, as they are by default."""


def test_registered(cluster: Cluster) -> None:
    """The custom metrics API is registered and its adapter answers."""
    custom_metrics.require_available(cluster)


def test_available(cluster: Cluster) -> None:
    """The custom metrics API is available and serves at least one metric."""
    custom_metrics.require_serving(cluster)


def test_metric(
    cluster: Cluster,
    metric: str,
    namespace: str,
    *,
    workload: str = "",
    kind: workloads.WorkloadKind = "Deployment",
    resource: str = "pods",
    object: str = "",  # noqa: A002 - what an HPA calls it
    at_least: str = "",
    at_most: str = "",
) -> None:
    """The custom metric {metric} has a value for every pod, or for the object, that it is about."""
    found = custom_metrics.values(cluster, metric, namespace, resource)
    params: dict[str, Any] = {"metric": metric, "namespace": namespace, "resource": resource}
    if found is None:
        custom_metrics.explain_absent(cluster, metric, namespace, resource)
    findings = Findings()
    findings.require(True, "custom-metric-absent", part="served")
    if workload:
        found = _require_pods(cluster, findings, found, workload, kind, params)
    elif object:
        found = _require_object(findings, found, object, params)
    else:
        findings.require(
            bool(found), "custom-metric-without-values", part="values", seen=0, wanted=1, weight=2, **params
        )
    _require_plausible(findings, found, at_least, at_most, params)
    findings.close()


def _require_object(
    findings: Findings, found: Sequence[Value], name: str, params: Mapping[str, Any]
) -> list[Value]:
    """Record whether the one object has a value; gives it."""
    own = [value for value in found if value.name == name]
    reason = "custom-metric-object-without-value" if found else "custom-metric-without-values"
    others = sorted({value.name for value in found})
    findings.require(
        bool(own),
        reason,
        part="values",
        seen=others,
        wanted=name,
        weight=2,
        object=name,
        others=others,
        **params,
    )
    return own


def _require_pods(
    cluster: Cluster,
    findings: Findings,
    found: Sequence[Value],
    name: str,
    kind: workloads.WorkloadKind,
    params: Mapping[str, Any],
) -> list[Value]:
    """Record for each ready pod of a workload whether it has a value; gives those values."""
    workload = workloads.get(cluster, kind, name, params["namespace"])
    own = living(workloads.own_pods(workload, workloads.selected_pods(cluster, workload)))
    pods = sorted((pod for pod in own if pod_ready(pod)), key=lambda pod: str(pod["metadata"]["name"]))
    if not pods:
        trouble = pods_shortfall(own)
        if trouble is not None:
            workloads.raise_shortfall(trouble)
        unmet("workload-without-pods", seen=0, wanted=1, kind=kind, name=name, namespace=params["namespace"])
    by_name = {value.name: value for value in found}
    for pod in pods:
        pod_name = pod["metadata"]["name"]
        findings.require(
            pod_name in by_name,
            "custom-metric-pod-without-value" if found else "custom-metric-without-values",
            part=f"pod/{pod_name}",
            weight=2 / len(pods),
            seen=sorted(by_name),
            wanted=pod_name,
            early=_young(cluster, pod),
            pod=pod_name,
            **params,
        )
    return [by_name[pod["metadata"]["name"]] for pod in pods if pod["metadata"]["name"] in by_name]


def _young(cluster: Cluster, pod: Mapping[str, Any]) -> bool:
    started = parse_time((pod.get("status") or {}).get("startTime"))
    return started is not None and cluster.now - started < FIRST_VALUE


def _require_plausible(
    findings: Findings, found: Sequence[Value], at_least: str, at_most: str, params: Mapping[str, Any]
) -> None:
    """Record for each value whether it is in its limits; a metric of this kind is never negative."""
    least = parse_quantity(at_least or 0)
    most = parse_quantity(at_most) if at_most else None
    for value in found:
        findings.require(
            value.amount >= least and (most is None or value.amount <= most),
            "custom-metric-value",
            part=f"value/{value.name}",
            weight=1 / len(found),
            seen=value.written,
            wanted=f"{at_least or 0} .. {at_most or '-'}",
            value=value.written,
            object=value.name or "-",
            least=at_least or "0",
            most=at_most or "-",
            **params,
        )


def test_external(
    cluster: Cluster,
    metric: str,
    namespace: str,
    *,
    labels: dict[str, str] | None = None,
    at_least: str = "",
    at_most: str = "",
) -> None:
    """The external metric {metric} has a value; several series count together, as for an autoscaler."""
    found = custom_metrics.external_values(cluster, metric, namespace, labels or {})
    params: dict[str, Any] = {"metric": metric, "namespace": namespace, "resource": "external"}
    if found is None:
        offered = if_readable(lambda: custom_metrics.offered_external(cluster)) or []
        unmet("custom-metric-absent", seen=offered, wanted=metric, offered=offered, **params)
    findings = Findings()
    findings.require(True, "custom-metric-absent", part="served")
    findings.require(
        bool(found), "custom-metric-without-values", part="values", seen=0, wanted=1, weight=2, **params
    )
    _require_plausible(findings, custom_metrics.added_up(found), at_least, at_most, params)
    findings.close()

"""What stands behind a Service: ready addresses, or the workload that should give it pods.

A Service without pods looks the same whether its selector is wrong or the right workload
runs none: the workloads of its namespace tell which of the two it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pytest_k8sgrade.kube.rollout import Shortfall, living, named, pods_shortfall
from pytest_k8sgrade.kube.selectors import selects
from pytest_k8sgrade.outcome import Unmet
from pytest_k8sgrade.services.diagnosis import if_readable
from pytest_k8sgrade.services.running import pod_causes, workloads

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster

Object = Mapping[str, Any]


def ready_addresses(cluster: Cluster, service: Object) -> set[str]:
    """What is ready behind any port of a Service: pods, or addresses that are no pod's."""
    return {address for one in slices(cluster, service) for address in addresses(one)}


def slices(cluster: Cluster, service: Object) -> list[dict[str, Any]]:
    """The EndpointSlices of a Service."""
    metadata = service["metadata"]
    return cluster.list(
        "discovery.k8s.io/v1",
        "EndpointSlice",
        metadata["namespace"],
        labels={"kubernetes.io/service-name": metadata["name"]},
    )


def addresses(endpoint_slice: Object) -> Iterator[str]:
    """What is ready in one EndpointSlice, each pod once whatever its addresses are.

    A condition that is unknown counts as met. A Service that publishes pods that are not
    ready has all of its endpoints `ready`: what they are says `serving`.
    """
    for endpoint in endpoint_slice.get("endpoints") or []:
        known = endpoint.get("conditions") or {}
        if known.get("ready") is False or known.get("serving") is False or known.get("terminating"):
            continue
        target = endpoint.get("targetRef") or {}
        if target.get("name"):
            yield f"{target.get('kind', '')}/{target['name']}"
        else:
            yield from endpoint.get("addresses") or []


def selected_pods(cluster: Cluster, service: Object) -> list[Object] | None:
    """The living pods that a Service selects; None when they cannot be read."""
    pods = _all_selected(cluster, service)
    return living(pods) if pods is not None else None


def only_terminating(cluster: Cluster, service: Object) -> list[str]:
    """The names of the pods that a Service selects when all of them are being deleted."""
    pods = _all_selected(cluster, service) or []
    going = [pod["metadata"]["name"] for pod in pods if pod["metadata"].get("deletionTimestamp")]
    return sorted(going) if len(going) == len(pods) else []


def _all_selected(cluster: Cluster, service: Object) -> Sequence[Object] | None:
    selector, namespace = service["spec"].get("selector") or {}, service["metadata"]["namespace"]
    return if_readable(lambda: cluster.list("v1", "Pod", namespace, labels=selector)) if selector else []


def lacks_port(pod: Object, port: Object) -> bool:
    """Whether a Service's port names a target port that no container of a pod has."""
    target, protocol = port.get("targetPort"), port.get("protocol", "TCP")
    spec = pod.get("spec") or {}
    # Containers that initialise have ports only as sidecars, whose ports count.
    sidecars = [one for one in spec.get("initContainers") or [] if one.get("restartPolicy") == "Always"]
    declared = [
        (one.get("name"), one.get("protocol", "TCP"))
        for container in [*(spec.get("containers") or []), *sidecars]
        for one in container.get("ports") or []
    ]
    return isinstance(target, str) and (target, protocol) not in declared


def without_endpoints(cluster: Cluster, service: Object) -> Shortfall | None:
    """Why a Service has no endpoint: the trouble of its pods, or its selector; None when it is neither."""
    found = trouble(cluster, service)
    selector = service["spec"].get("selector")
    if found is not None or not selector or selected_pods(cluster, service) != []:
        return found
    params = {**named(service), "selector": selector}
    return Shortfall("service-selects-nothing", params, seen=0, wanted=1)


@contextmanager
def explained(cluster: Cluster, name: str, namespace: str) -> Iterator[None]:
    """Within it, a Service that leads nowhere is told by its cause, where that can be found."""
    try:
        yield
    except Unmet as finding:
        if finding.reason.id != "service-no-endpoints":
            raise
        service = if_readable(lambda: cluster.get("v1", "Service", name, namespace))
        cause = without_endpoints(cluster, service) if service is not None else None
        if cause is None:
            raise
        workloads.raise_shortfall(cause)


def trouble(cluster: Cluster, service: Object) -> Shortfall | None:
    """Why the pods that a Service selects are not ready, or why the workload that fits it has none."""
    pods = selected_pods(cluster, service)
    if pods:
        found = pods_shortfall(pods)
        return pod_causes.explained(cluster, found, pods) if found is not None else None
    return _without_pods(cluster, service) if pods is not None else None


def _without_pods(cluster: Cluster, service: Object) -> Shortfall | None:
    selector, namespace = service["spec"].get("selector"), service["metadata"]["namespace"]
    for kind in workloads.KINDS:
        for one in if_readable(lambda: cluster.list("apps/v1", kind, namespace)) or []:  # noqa: B023 - called at once
            labels = (one["spec"]["template"].get("metadata") or {}).get("labels")
            found = workloads.shortfall(cluster, one) if selects(selector, labels) else None
            if found is not None:
                return found
    return None

"""Where a kind lives in the API: its plural and whether it is namespaced.

A table for what labs use, so that the usual check costs no discovery; for every
other kind the caller reads the group's resource list and passes it in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

_NAMESPACED: Final = {
    "v1": (
        "Pod Service ConfigMap Secret ServiceAccount Endpoints Event PersistentVolumeClaim LimitRange "
        "ResourceQuota ReplicationController PodTemplate"
    ),
    "apps/v1": "Deployment StatefulSet DaemonSet ReplicaSet ControllerRevision",
    "batch/v1": "Job CronJob",
    "autoscaling/v1": "HorizontalPodAutoscaler",
    "autoscaling/v2": "HorizontalPodAutoscaler",
    "networking.k8s.io/v1": "Ingress NetworkPolicy",
    "policy/v1": "PodDisruptionBudget",
    "rbac.authorization.k8s.io/v1": "Role RoleBinding",
    "discovery.k8s.io/v1": "EndpointSlice",
    "events.k8s.io/v1": "Event",
    "coordination.k8s.io/v1": "Lease",
    "monitoring.coreos.com/v1": (
        "Prometheus Alertmanager ServiceMonitor PodMonitor PrometheusRule Probe ThanosRuler"
    ),
    "monitoring.coreos.com/v1alpha1": "AlertmanagerConfig ScrapeConfig PrometheusAgent",
    "argoproj.io/v1alpha1": "Application ApplicationSet AppProject Rollout Workflow",
    "keda.sh/v1alpha1": "ScaledObject ScaledJob TriggerAuthentication",
    "autoscaling.k8s.io/v1": "VerticalPodAutoscaler VerticalPodAutoscalerCheckpoint",
    "cert-manager.io/v1": "Certificate Issuer",
}
_CLUSTER_WIDE: Final = {
    "v1": "Namespace Node PersistentVolume",
    "networking.k8s.io/v1": "IngressClass",
    "rbac.authorization.k8s.io/v1": "ClusterRole ClusterRoleBinding",
    "storage.k8s.io/v1": "StorageClass CSIDriver",
    "scheduling.k8s.io/v1": "PriorityClass",
    "apiregistration.k8s.io/v1": "APIService",
    "apiextensions.k8s.io/v1": "CustomResourceDefinition",
    "admissionregistration.k8s.io/v1": "ValidatingWebhookConfiguration MutatingWebhookConfiguration",
    "keda.sh/v1alpha1": "ClusterTriggerAuthentication",
    "cert-manager.io/v1": "ClusterIssuer",
}
_METRICS: Final = "metrics.k8s.io/v1beta1"
_PLURALS: Final = {
    "Endpoints": "endpoints",
    "Prometheus": "prometheuses",
    "NetworkPolicy": "networkpolicies",
    "Ingress": "ingresses",
    "IngressClass": "ingressclasses",
    "StorageClass": "storageclasses",
    "PriorityClass": "priorityclasses",
    "TriggerAuthentication": "triggerauthentications",
}


@dataclass(frozen=True, slots=True)
class Resource:
    """A kind of an API version, addressable."""

    api_version: str
    kind: str
    plural: str
    namespaced: bool

    def path(self, namespace: str | None = None, name: str | None = None) -> str:
        """The path of one object, or of the list; ValueError for a name that is none."""
        parts = [base_path(self.api_version)]
        if self.namespaced and namespace is not None:
            parts += ["namespaces", segment(namespace)]
        parts.append(self.plural)
        if name is not None:
            if self.namespaced and namespace is None:
                raise ValueError(f"{self.kind} {name!r} needs a namespace")
            parts.append(segment(name))
        return "/".join(parts)


PROVIDERS: Final = {
    "argoproj.io": "Argo CD",
    "autoscaling.k8s.io": "Vertical Pod Autoscaler",
    "cert-manager.io": "cert-manager",
    "custom.metrics.k8s.io": "prometheus-adapter",
    "elasticsearch.k8s.elastic.co": "Elastic Cloud on Kubernetes",
    "external.metrics.k8s.io": "KEDA",
    "keda.sh": "KEDA",
    "kibana.k8s.elastic.co": "Elastic Cloud on Kubernetes",
    "metrics.k8s.io": "Metrics Server",
    "monitoring.coreos.com": "Prometheus Operator",
}
"""Who usually brings a group; of any other the group itself is named."""


def provider(api_version: str) -> str:
    """The component that a student has to install for a group version."""
    group = api_version.rpartition("/")[0]
    return PROVIDERS.get(group, group)


def base_path(api_version: str) -> str:
    """The path of a group version: `v1` lives below /api, everything else below /apis."""
    group, _, version = api_version.rpartition("/")
    return f"/apis/{segment(group)}/{segment(version)}" if group else f"/api/{segment(version)}"


def segment(name: str) -> str:
    """One quoted part of a path; ValueError for what would lead elsewhere."""
    if name in ("", ".", ".."):
        raise ValueError(f"not a name: {name!r}")
    return quote(name, safe="")


def _known() -> dict[tuple[str, str], Resource]:
    table = {}
    for kinds, namespaced in ((_NAMESPACED, True), (_CLUSTER_WIDE, False)):
        for api_version, names in kinds.items():
            for kind in names.split():
                plural = _PLURALS.get(kind, kind.lower() + "s")
                table[api_version, kind] = Resource(api_version, kind, plural, namespaced)
    table["metrics.k8s.io/v1beta1", "PodMetrics"] = Resource(
        "metrics.k8s.io/v1beta1", "PodMetrics", "pods", True
    )
    table["metrics.k8s.io/v1beta1", "NodeMetrics"] = Resource(
        "metrics.k8s.io/v1beta1", "NodeMetrics", "nodes", False
    )
    return table


KNOWN: Final = _known()


def discovered(api_version: str, kind: str, resources: Mapping[str, Any]) -> Resource | None:
    """The kind in an APIResourceList, None when the group does not have it."""
    for entry in resources.get("resources") or []:
        if entry.get("kind") == kind and "/" not in entry.get("name", "/"):
            return Resource(api_version, kind, entry["name"], bool(entry.get("namespaced")))
    return None

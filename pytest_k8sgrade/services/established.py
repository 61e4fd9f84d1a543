"""Whether a CustomResourceDefinition is served, as one part of a check on an installation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_k8sgrade.kube.conditions import condition
from pytest_k8sgrade.outcome import Findings

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster import Cluster


def require_established(cluster: Cluster, found: Findings, crd: str) -> None:
    """Record whether a resource type exists and is established."""
    item = cluster.find("apiextensions.k8s.io/v1", "CustomResourceDefinition", crd)
    established = condition(item, "Established") if item is not None else None
    met = established is not None and established.true
    reason = "crd-absent" if item is None else "crd-not-established"
    found.require(met, reason, part=f"crd/{crd}", seen=item is not None, wanted="Established", crd=crd)

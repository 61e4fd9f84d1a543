"""What is left of Cluster Autoscaler without a cloud: its status and its words, from a labelled stand-in."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from . import look
from .base import STAND_IN_LABEL, Document, apply, documents, namespace, stand_in
from .event_driven import NAMESPACE

if TYPE_CHECKING:
    from tests.testbed.node import Bed

STATUS = "/api/v1/namespaces/kube-system/configmaps/cluster-autoscaler-status"
PROVIDER = "kwok"


@dataclass(frozen=True)
class Provider:
    """A node whose provider could add machines, as far as the node's object says."""

    name: str = "provider"
    needs: tuple[str, ...] = ()
    components: frozenset[str] = frozenset()
    images: frozenset[str] = frozenset()

    def install(self, bed: Bed) -> None:
        """Give every node a provider id, which it keeps."""
        for node in bed.api.get("/api/v1/nodes")["items"]:
            name = node["metadata"]["name"]
            body = {
                "metadata": {"labels": {STAND_IN_LABEL: "provider"}},
                "spec": {"providerID": f"{PROVIDER}://{name}"},
            }
            bed.kubectl("patch", "node", name, "--type=merge", "-p", json.dumps(body))

    def wait(self, bed: Bed) -> None:
        """Nothing beyond that."""


@dataclass(frozen=True)
class NodeAutoscaler:
    """The stand-in for Cluster Autoscaler, and the event of a node that it has added once."""

    name: str = "node-autoscaler"
    needs: tuple[str, ...] = ("provider",)
    components: frozenset[str] = frozenset({"base"})
    images: frozenset[str] = frozenset({"base"})

    def install(self, bed: Bed) -> None:
        """Apply it and the event."""
        pod = {"serviceAccountName": "cluster-autoscaler"}
        program = stand_in(
            "cluster-autoscaler", "kube-system", "node_autoscaler", pod, {"app": "cluster-autoscaler"}
        )
        apply(bed, [namespace(NAMESPACE), *documents("autoscaling", "node-autoscaler.yaml"), *program])
        apply(bed, [event("TriggeredScaleUp", "batch-1")])

    def wait(self, bed: Bed) -> None:
        """Wait for the status."""
        look.until("cluster-autoscaler-status", lambda: None if look.get(bed, STATUS) else "not written")


def event(reason: str, pod: str) -> Document:
    """What Cluster Autoscaler says about a pod, which need not be there any more."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {
            "name": f"{pod}.{reason.lower()}",
            "namespace": NAMESPACE,
            "labels": {STAND_IN_LABEL: "node_autoscaler"},
        },
        "involvedObject": {"apiVersion": "v1", "kind": "Pod", "name": pod, "namespace": NAMESPACE},
        "reason": reason,
        "type": "Normal",
        "source": {"component": "cluster-autoscaler"},
        "count": 1,
        "firstTimestamp": now,
        "lastTimestamp": now,
    }

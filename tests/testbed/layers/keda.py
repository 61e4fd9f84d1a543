"""KEDA 2.21 from its own manifests: operator, metrics server and admission webhooks in namespace `keda`.

The names are those of KEDA's release file (its Helm chart calls two of the three otherwise). The
manifests' probes wait 20 s before the first look, which a testbed need not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import look
from .base import CRDS, Document, apply, lean, parse
from .monitoring import crds_established

if TYPE_CHECKING:
    from tests.testbed.node import Bed

NAMESPACE = "keda"
PARTS = ("operator", "metrics-server", "webhooks")
WORKLOADS = dict.fromkeys(("keda-operator", "keda-metrics-apiserver", "keda-admission"), "deployment")
APISERVICE = "/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.external.metrics.k8s.io"


def adapted(document: Document) -> Document:
    """A document for the testbed: quick probes."""
    if document["kind"] == "Deployment":
        for container in document["spec"]["template"]["spec"]["containers"]:
            container["readinessProbe"].update(initialDelaySeconds=1, periodSeconds=1)
    return document


def accepted(crd: Document) -> Document:
    """A CRD that the API server takes: kustomize would repair the Job's pod template, here it is open."""
    if crd["metadata"]["name"] == "scaledjobs.keda.sh":
        for version in crd["spec"]["versions"]:
            job = version["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]["jobTargetRef"]
            job["properties"]["template"] = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    found: Document = lean(crd)
    return found


@dataclass(frozen=True)
class Keda:
    """KEDA itself."""

    name: str = "keda"
    needs: tuple[str, ...] = ()
    components: frozenset[str] = frozenset({"keda"})
    images: frozenset[str] = frozenset({"keda-operator", "keda-adapter", "keda-webhooks"})

    def install(self, bed: Bed) -> None:
        """Apply the manifests; others need the CRDs."""
        with CRDS:
            apply(bed, [accepted(crd) for crd in manifest(bed, "crds")])
            look.until("CRDs established", lambda: crds_established(bed, "keda.sh"))
        apply(bed, [adapted(found) for part in PARTS for found in manifest(bed, part)])

    def wait(self, bed: Bed) -> None:
        """Wait for the pods and for the external metrics API."""
        look.all_ready(bed, NAMESPACE, WORKLOADS)
        look.until("external metrics API", lambda: served(bed))


def manifest(bed: Bed, part: str) -> list[Document]:
    """The documents of one of KEDA's parts."""
    return parse(bed.artifacts.manifest(f"keda/{part}.yaml").read_text(encoding="utf-8"))


def served(bed: Bed) -> str | None:
    """Whether the external metrics API is available."""
    found = look.condition(look.get(bed, APISERVICE), "Available")
    return (
        None if found.get("status") == "True" else f"Available {found.get('status')}: {found.get('reason')}"
    )

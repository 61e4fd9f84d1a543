"""metrics-server in kube-system, from its own manifest, with the kubelet's certificate verified.

The lab passes --kubelet-insecure-tls because kind's kubelets sign their own certificates. In the
testbed one CA signs API server and kubelet, so naming that CA is enough. The variant trusts
another CA and so sees what a student sees who forgot the flag on kind: the pod runs but never
becomes ready ("certificate signed by unknown authority"), and the APIService stays unavailable.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import look
from .base import Document, apply, parse

if TYPE_CHECKING:
    from tests.testbed.node import Bed

CA = "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt"
# A CA that has nothing to do with kubelets: the one of the front proxy.
OTHER_CA = {"name": "other-ca", "configMap": {"name": "extension-apiserver-authentication"}}
APISERVICE = "/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.metrics.k8s.io"
LABELS = {"k8s-app": "metrics-server"}
# The smallest resolution that metrics-server accepts.
ARGUMENTS = {
    "--kubelet-preferred-address-types": "InternalIP",
    "--metric-resolution": "10s",
    "--kubelet-request-timeout": "9s",
}


@dataclass(frozen=True)
class MetricsServer:
    """The layer, and its variant that cannot verify the kubelet."""

    name: str = "metrics-server"
    verified: bool = True
    needs: tuple[str, ...] = ()
    components: frozenset[str] = frozenset({"metrics-server"})
    images: frozenset[str] = frozenset({"metrics-server"})

    def install(self, bed: Bed) -> None:
        """Apply the manifest with our arguments."""
        found = parse(bed.artifacts.manifest("metrics-server/components.yaml").read_text(encoding="utf-8"))
        apply(bed, [self.adapted(document) for document in found])

    def adapted(self, document: Document) -> Document:
        """A document with the labels that kustomize would add, and the Deployment with our arguments."""
        document["metadata"].setdefault("labels", {}).update(LABELS)
        if document["kind"] == "Service":
            document["spec"]["selector"] = LABELS
        if document["kind"] == "Deployment":
            document["spec"]["selector"] = {"matchLabels": LABELS}
            document["spec"]["template"]["metadata"] = {"labels": LABELS}
            self.adapt_pod(document["spec"]["template"]["spec"])
        return document

    def adapt_pod(self, pod: Document) -> None:
        """Our arguments, and a readiness probe that does not lose half a minute."""
        container = pod["containers"][0]
        container["readinessProbe"].update(periodSeconds=2, initialDelaySeconds=1)
        wanted = {**ARGUMENTS, "--kubelet-certificate-authority": CA}
        if not self.verified:
            pod["volumes"].append(OTHER_CA)
            container["volumeMounts"].append({"name": OTHER_CA["name"], "mountPath": "/ca"})
            wanted["--kubelet-certificate-authority"] = "/ca/requestheader-client-ca-file"
        kept = [argument for argument in container["args"] if argument.partition("=")[0] not in wanted]
        container["args"] = kept + [f"{name}={value}" for name, value in wanted.items()]

    def wait(self, bed: Bed) -> None:
        """Wait until node metrics are served, or for the variant until its pod runs without being ready."""
        look.until(self.name, lambda: self.seen(bed))

    def seen(self, bed: Bed) -> str | None:
        """What is missing."""
        served = look.condition(look.get(bed, APISERVICE), "Available")
        if not self.verified:
            pods = (
                look.get(bed, "/api/v1/namespaces/kube-system/pods?labelSelector=k8s-app%3Dmetrics-server")
                or {}
            )
            running = [pod for pod in pods.get("items", []) if pod["status"].get("phase") == "Running"]
            return (
                None
                if running and served.get("status") == "False"
                else f"{len(running)} pods, APIService {served}"
            )
        if served.get("status") != "True":
            return f"APIService Available {served.get('status')}: {served.get('reason')}"
        nodes = look.get(bed, "/apis/metrics.k8s.io/v1beta1/nodes") or {}
        return None if nodes.get("items") else "no node has metrics yet"

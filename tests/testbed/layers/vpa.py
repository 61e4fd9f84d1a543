"""The Vertical Pod Autoscaler 1.8 from its own manifests: recommender, updater and admission controller.

Its certificates are made here as its script would make them. The loops run every few seconds
instead of every minute; what they decide is the program's own. Beside it the application of the
theory of autoscaling, with the requests of lab 1 and a VPA that gives it others.
"""

from __future__ import annotations

import base64
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_k8sgrade.kube.quantity import parse_quantity
from tests.testbed.node import certs

from . import look
from .base import CRDS, Document, apply, documents, lean, namespace, parse
from .monitoring import crds_established

if TYPE_CHECKING:
    from tests.testbed.node import Bed

NAMESPACE = "kube-system"
QUICK = {
    "vpa-recommender": ["--recommender-interval=3s"],
    "vpa-updater": ["--updater-interval=3s"],
    "vpa-admission-controller": ["--status-lease-update-interval=2s"],
}
WORKLOADS = dict.fromkeys(QUICK, "deployment")
WEBHOOK = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/vpa-webhook-config"

APPLICATION = "autoscaling"
OBJECT = f"/apis/autoscaling.k8s.io/v1/namespaces/{APPLICATION}/verticalpodautoscalers/web-app-vpa"
PODS = f"/api/v1/namespaces/{APPLICATION}/pods?labelSelector=app%3Dweb-app"


def certificates() -> Document:
    """The Secret that the admission controller serves with."""
    with tempfile.TemporaryDirectory(prefix="testbed-vpa-") as name:
        folder = Path(name)
        certs.serving(folder, f"vpa-webhook.{NAMESPACE}.svc")
        files = {"caCert.pem": "ca.crt", "serverCert.pem": "server.crt", "serverKey.pem": "server.key"}
        data = {
            key: base64.b64encode((folder / file).read_bytes()).decode("ascii") for key, file in files.items()
        }
    metadata = {"name": "vpa-tls-certs", "namespace": NAMESPACE}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data}


def adapted(document: Document) -> Document:
    """A document for the testbed: quick loops and probes."""
    if document["kind"] == "Deployment":
        (container,) = document["spec"]["template"]["spec"]["containers"]
        container["args"] = [*container.get("args", []), *QUICK[document["metadata"]["name"]]]
        container["readinessProbe"]["periodSeconds"] = 1
    return document


@dataclass(frozen=True)
class Vpa:
    """The three programs."""

    name: str = "vpa"
    needs: tuple[str, ...] = ()
    components: frozenset[str] = frozenset({"vpa"})
    images: frozenset[str] = frozenset({"vpa-recommender", "vpa-updater", "vpa-admission-controller"})

    def install(self, bed: Bed) -> None:
        """Apply the manifests; others need the CRDs."""
        with CRDS:
            apply(bed, [lean(crd) for crd in manifest(bed, "crds")])
            look.until("CRDs established", lambda: crds_established(bed, "autoscaling.k8s.io"))
        apply(bed, [certificates(), *(adapted(found) for found in manifest(bed, "programs"))])

    def wait(self, bed: Bed) -> None:
        """Wait for the pods, and for the webhook that the admission controller registers."""
        look.all_ready(bed, NAMESPACE, WORKLOADS)
        look.until("webhook", lambda: None if look.get(bed, WEBHOOK) else "not registered")


def manifest(bed: Bed, part: str) -> list[Document]:
    """The documents of the CRDs or of the programs."""
    return parse(bed.artifacts.manifest(f"vpa/{part}.yaml").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Vertical:
    """web-app with the requests of lab 1, and the VPA that gives it others."""

    name: str = "vertical"
    needs: tuple[str, ...] = ("vpa", "metrics-server")
    components: frozenset[str] = frozenset({"base"})
    images: frozenset[str] = frozenset({"nginx"})

    def install(self, bed: Bed) -> None:
        """Apply the application; the VPA object waits for its programs."""
        apply(bed, [namespace(APPLICATION), *documents("autoscaling", "web-app.yaml")])

    def wait(self, bed: Bed) -> None:
        """Wait until the pods have the recommended requests."""
        apply(bed, documents("autoscaling", "vpa.yaml"))
        look.all_ready(bed, APPLICATION, {"web-app": "deployment"})
        look.until("requests as recommended", lambda: applied(bed))


def applied(bed: Bed) -> str | None:
    """Whether there is a recommendation and both pods are ready with its requests."""
    status = (look.get(bed, OBJECT) or {}).get("status", {})
    advice = status.get("recommendation", {}).get("containerRecommendations", [])
    if not advice:
        return f"no recommendation: {status.get('conditions')}"
    wanted = {name: parse_quantity(text) for name, text in advice[0]["target"].items()}
    pods = [
        pod
        for pod in (look.get(bed, PODS) or {"items": []})["items"]
        if "deletionTimestamp" not in pod["metadata"]
    ]
    asked = [pod["spec"]["containers"][0]["resources"]["requests"] for pod in pods]
    right = [one for one in asked if {name: parse_quantity(text) for name, text in one.items()} == wanted]
    if len(right) == len(pods) == 2:
        return look.ready(bed, "deployment", APPLICATION, "web-app")
    return f"requests {asked}, recommended {advice[0]['target']}"

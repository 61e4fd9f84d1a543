"""Argo CD 3.2 from its own manifest, and the lab's Application on our Git server.

All seven workloads of the manifest run; only Dex, which cannot be had here, is a labelled
stand-in. Probes look every two seconds instead of every ten to thirty, or the first one that comes
too early would cost half a minute.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from tests.testbed.build.images import image

from . import look
from .base import (
    CRDS,
    STAND_IN_LABEL,
    Document,
    apply,
    config_map,
    documents,
    lean,
    namespace,
    parse,
    scripts,
)
from .monitoring import crds_established

if TYPE_CHECKING:
    from tests.testbed.node import Bed

NAMESPACE = "argocd"
WORKLOADS = {
    "argocd-redis": "deployment",
    "argocd-repo-server": "deployment",
    "argocd-application-controller": "statefulset",
    "argocd-server": "deployment",
    "argocd-applicationset-controller": "deployment",
    "argocd-notifications-controller": "deployment",
    "argocd-dex-server": "deployment",
}
DEX = "argocd-dex-server"
CRD = "CustomResourceDefinition"
PROJECT: Document = {
    "apiVersion": "argoproj.io/v1alpha1",
    "kind": "AppProject",
    "metadata": {"name": "default", "namespace": NAMESPACE},
    "spec": {
        "sourceRepos": ["*"],
        "destinations": [{"namespace": "*", "server": "*"}],
        "clusterResourceWhitelist": [{"group": "*", "kind": "*"}],
    },
}


def adapted(document: Document) -> Document:
    """A document for the testbed: its namespace, quick probes, Dex replaced."""
    if not document["kind"].startswith("Cluster"):
        document["metadata"]["namespace"] = NAMESPACE
    if document["kind"] not in ("Deployment", "StatefulSet"):
        return document
    pod = document["spec"]["template"]["spec"]
    if document["metadata"]["name"] == DEX:
        replace_dex(document)
    for container in pod["containers"] + pod.get("initContainers", []):
        container["imagePullPolicy"] = "IfNotPresent"
        if "readinessProbe" in container:
            container["readinessProbe"].update(periodSeconds=2, initialDelaySeconds=1)
    return document


def replace_dex(document: Document) -> None:
    """The stand-in in place of Dex, in the same pod and on the same ports."""
    template = document["spec"]["template"]
    template["metadata"]["labels"][STAND_IN_LABEL] = "dex"
    pod = template["spec"]
    pod.pop("initContainers", None)
    pod["terminationGracePeriodSeconds"] = 1
    container = pod["containers"][0]
    container.update(image=image("base"), command=["python3", "-B", "/app/server.py"])
    container.setdefault("securityContext", {})["runAsUser"] = 65534
    for key in ("args", "env"):
        container.pop(key, None)
    container["readinessProbe"] = {"httpGet": {"path": "/healthz", "port": 5558}}
    container["volumeMounts"] = [{"name": "app", "mountPath": "/app"}]
    pod["volumes"] = [{"name": "app", "configMap": {"name": "argocd-dex-stand-in"}}]


@dataclass(frozen=True)
class ArgoCD:
    """Argo CD itself."""

    name: str = "argocd"
    needs: tuple[str, ...] = ()
    components: frozenset[str] = frozenset({"argocd", "base"})
    images: frozenset[str] = frozenset({"argocd", "redis", "base"})

    def install(self, bed: Bed) -> None:
        """Apply the manifest and the project `default`."""
        found = parse(bed.artifacts.manifest("argocd/install.yaml").read_text(encoding="utf-8"))
        crds = [lean(document) for document in found if document["kind"] == CRD]
        rest = [adapted(document) for document in found if document["kind"] != CRD]
        apply(bed, [namespace(NAMESPACE), config_map("argocd-dex-stand-in", NAMESPACE, scripts("dex"))])
        with CRDS:
            apply(bed, crds)
            look.until("CRDs established", lambda: crds_established(bed, "argoproj.io"))
        apply(bed, [*rest, PROJECT])

    def wait(self, bed: Bed) -> None:
        """Wait for the seven workloads and the administrator's password."""
        look.all_ready(bed, NAMESPACE, WORKLOADS)
        secret = f"/api/v1/namespaces/{NAMESPACE}/secrets/argocd-initial-admin-secret"
        look.until("admin secret", lambda: None if look.get(bed, secret) else "not there")


@dataclass(frozen=True)
class LabApplication:
    """The lab's Application `web-app`, synced into `default`."""

    name: str = "application"
    needs: tuple[str, ...] = ("argocd", "git-server")
    components: frozenset[str] = frozenset({"base"})
    images: frozenset[str] = frozenset({"nginx"})

    def install(self, bed: Bed) -> None:
        """Apply it."""
        apply(bed, documents("lab1", "application.yaml"))

    def wait(self, bed: Bed) -> None:
        """Wait until it is Synced and Healthy and its operation has succeeded."""
        look.until("Application web-app", partial(nudged, bed), pause=3)


def refresh(bed: Bed, name: str = "web-app") -> None:
    """Make Argo CD look at the repository now instead of within three minutes."""
    bed.kubectl(
        "annotate", "application", name, "-n", NAMESPACE, "argocd.argoproj.io/refresh=hard", "--overwrite"
    )


def nudged(bed: Bed, name: str = "web-app") -> str | None:
    """What keeps the Application from being synced; Argo CD is asked to look again if it could not."""
    seen = synced(bed, name)
    if seen is not None and "Unknown" in seen:
        refresh(bed, name)
    return seen


def synced(bed: Bed, name: str = "web-app") -> str | None:
    """Whether an Application is Synced and Healthy after a successful operation."""
    status = (look.read(bed, "application", NAMESPACE, name) or {}).get("status", {})
    seen = (
        status.get("sync", {}).get("status"),
        status.get("health", {}).get("status"),
        status.get("operationState", {}).get("phase"),
    )
    if seen == ("Synced", "Healthy", "Succeeded"):
        return None
    return f"sync, health, operation: {seen}; conditions {status.get('conditions')}"

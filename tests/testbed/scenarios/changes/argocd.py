"""Changes to Argo CD's components: what the lab installed does not run.

What an Application says outlives the components that wrote it, so a change that concerns its status
asks for a new comparison first.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tests.testbed.layers import look
from tests.testbed.layers.argocd import NAMESPACE, refresh
from tests.testbed.scenarios.change import Change, Seen, Target, register

if TYPE_CHECKING:
    from tests.testbed.node import Bed

SERVER_SLICES = (
    f"/apis/discovery.k8s.io/v1/namespaces/{NAMESPACE}/endpointslices"
    "?labelSelector=kubernetes.io%2Fservice-name%3Dargocd-server"
)


def sync_status(bed: Bed, wanted: str, name: str = "web-app") -> str | None:
    """Whether an Application has a sync status."""
    status = (look.read(bed, "application", NAMESPACE, name) or {}).get("status", {})
    found = status.get("sync", {}).get("status")
    return None if found == wanted else f"sync {found}; conditions {status.get('conditions')}"


def in_order(bed: Bed, name: str = "web-app") -> str | None:
    """Whether an Application is Synced and Healthy, and no operation on its revision has failed or runs.

    One that was made anew over objects that fit has no operation at all.
    """
    status = (look.read(bed, "application", NAMESPACE, name) or {}).get("status", {})
    operation, sync = status.get("operationState", {}), status.get("sync", {})
    past = operation.get("syncResult", {}).get("revision") != sync.get("revision")
    phase = (
        "Succeeded" if past and operation.get("phase") == "Failed" else operation.get("phase", "Succeeded")
    )
    seen = (sync.get("status"), status.get("health", {}).get("status"), phase)
    return None if seen == ("Synced", "Healthy", "Succeeded") else f"sync, health, operation: {seen}"


def pods_gone(bed: Bed, kind: str, name: str, namespace: str = NAMESPACE) -> str | None:
    """Whether a workload counts no pod."""
    found = (look.read(bed, kind, namespace, name) or {}).get("status", {})
    return f"{found.get('replicas')} replicas" if found.get("replicas") else None


def no_server(bed: Bed) -> str | None:
    """Whether the server's Service leads nowhere."""
    slices = (look.get(bed, SERVER_SLICES) or {"items": []})["items"]
    found = [entry for one in slices for entry in one.get("endpoints") or []]
    return f"{len(found)} endpoints" if found else pods_gone(bed, "deployment", "argocd-server")


def compared(bed: Bed, name: str = "web-app") -> str | None:
    """Whether Argo CD has done what it was asked and found all in order; it is asked again if not."""
    found = look.read(bed, "application", NAMESPACE, name) or {"metadata": {}}
    if "argocd.argoproj.io/refresh" in (found["metadata"].get("annotations") or {}):
        return "a refresh is still waited for"
    left = [one["type"] for one in found.get("status", {}).get("conditions") or []]
    seen = in_order(bed, name) or (f"conditions {left}" if left else None)
    if seen is not None:
        refresh(bed, name)
    return seen


def scaled_down(name: str, kind: str, component: str, *, effect: Seen, restored: Seen) -> Change:
    """A component of Argo CD at 0 replicas."""
    target = Target(kind, NAMESPACE, component)

    def undo(bed: Bed) -> None:
        target.patch(bed, {"spec": {"replicas": 1}})
        look.until(f"{component} ready", lambda: look.ready(bed, kind, NAMESPACE, component))
        refresh(bed)
        look.until(f"{name} undone", lambda: restored(bed), pause=2)

    return register(
        Change(
            name=name,
            title=f"Argo CD's {component} has 0 replicas",
            apply=lambda bed: target.patch(bed, {"spec": {"replicas": 0}}),
            settle=lambda bed: look.until(f"{name} in effect", lambda: effect(bed)),
            undo=undo,
        )
    )


def unreadable(bed: Bed) -> str | None:
    """Whether the repo-server is gone and the Application says that it cannot be compared."""
    seen = pods_gone(bed, "deployment", "argocd-repo-server")
    if seen is None and (seen := sync_status(bed, "Unknown")) is not None:
        refresh(bed)
    return seen


scaled_down(
    "argocd-repo-server-down",
    "deployment",
    "argocd-repo-server",
    effect=unreadable,
    restored=compared,
)
scaled_down(
    "argocd-controller-down",
    "statefulset",
    "argocd-application-controller",
    effect=partial(pods_gone, kind="statefulset", name="argocd-application-controller"),
    restored=compared,
)
scaled_down(
    "argocd-server-down",
    "deployment",
    "argocd-server",
    effect=no_server,
    restored=lambda bed: None if no_server(bed) else "no endpoint",
)

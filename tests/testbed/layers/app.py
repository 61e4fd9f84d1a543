"""The lab's application: namespace, Deployment, Service and ServiceMonitor `web-app`, and its autoscaler.

There are two variants. The letter of the lab leaves the ServiceMonitor's target down, because the
nginx image has no /metrics. The working one mounts an nginx configuration that answers it; names,
image and ports are still the lab's.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from . import look
from .base import Document, apply, documents

if TYPE_CHECKING:
    from tests.testbed.node import Bed

NAMESPACE = "day5-lab"


def application(*, working: bool) -> list[Document]:
    """The lab's objects; the working variant has the nginx configuration mounted."""
    found = documents("lab1", "app.yaml")
    if not working:
        return found
    pod = found[0]["spec"]["template"]["spec"]
    mount = {"name": "nginx", "mountPath": "/etc/nginx/conf.d/default.conf", "subPath": "default.conf"}
    pod["containers"][0]["volumeMounts"] = [mount]
    pod["volumes"] = [{"name": "nginx", "configMap": {"name": "web-app-nginx"}}]
    return documents("lab1", "nginx.yaml") + found


@dataclass(frozen=True)
class WebApp:
    """The application, working or by the letter."""

    name: str = "app"
    working: bool = True
    needs: tuple[str, ...] = ()
    components: frozenset[str] = frozenset({"base"})
    images: frozenset[str] = frozenset({"nginx"})

    def install(self, bed: Bed) -> None:
        """Apply the objects."""
        apply(bed, documents("lab1", "namespace.yaml") + application(working=self.working))

    def wait(self, bed: Bed) -> None:
        """Wait for the pods."""
        look.all_ready(bed, NAMESPACE, {"web-app": "deployment"})


@dataclass(frozen=True)
class Scraped:
    """The application's ServiceMonitor, and its targets: up or (by the letter of the lab) down."""

    name: str = "app-scraped"
    health: str = "up"
    needs: tuple[str, ...] = ("app", "prometheus-crds")
    components: frozenset[str] = frozenset()
    images: frozenset[str] = frozenset()

    def install(self, bed: Bed) -> None:
        """Apply the ServiceMonitor."""
        apply(bed, documents("lab1", "servicemonitor.yaml"))

    def wait(self, bed: Bed) -> None:
        """Wait for the first scrapes: the lab's interval is 30 s."""
        look.until("web-app targets", lambda: look.pool_health(bed, f"{NAMESPACE}/web-app", self.health, 2))


@dataclass(frozen=True)
class LoadGenerator:
    """The lab's own load, one endless loop: too weak to make the autoscaler act."""

    name: str = "load-by-the-letter"
    needs: tuple[str, ...] = ("app",)
    components: frozenset[str] = frozenset({"base"})
    images: frozenset[str] = frozenset({"busybox"})

    def install(self, bed: Bed) -> None:
        """Apply the pod."""
        apply(bed, documents("lab1", "load-generator.yaml"))

    def wait(self, bed: Bed) -> None:
        """Wait until it runs."""
        look.until("load-generator", partial(running, bed, "load-generator"))


def running(bed: Bed, pod: str) -> str | None:
    """Whether a pod of the lab's namespace runs."""
    phase = (look.get(bed, f"/api/v1/namespaces/{NAMESPACE}/pods/{pod}") or {}).get("status", {}).get("phase")
    return None if phase == "Running" else f"{pod}: {phase}"


@dataclass(frozen=True)
class Autoscaler:
    """The lab's HorizontalPodAutoscaler."""

    name: str = "hpa"
    active: bool = True
    needs: tuple[str, ...] = ("app", "metrics-server")
    components: frozenset[str] = frozenset()
    images: frozenset[str] = frozenset()

    def install(self, bed: Bed) -> None:
        """Apply it."""
        apply(bed, documents("lab1", "hpa.yaml"))

    def wait(self, bed: Bed) -> None:
        """Wait until it reads its metrics, or until it has said that it cannot."""
        wanted = "True" if self.active else "False"
        look.until("web-app-hpa", lambda: scaling_active(bed, wanted))


def scaling_active(bed: Bed, wanted: str) -> str | None:
    """Whether the condition ScalingActive has the wanted status."""
    found = look.condition(look.read(bed, "hpa", NAMESPACE, "web-app-hpa"), "ScalingActive")
    return (
        None
        if found.get("status") == wanted
        else f"ScalingActive {found.get('status')}: {found.get('reason')}"
    )

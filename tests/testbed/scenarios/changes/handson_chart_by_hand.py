"""Changes past Helm to what its release `production-app` has made; an upgrade puts back what was there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.testbed.build.images import image
from tests.testbed.layers import look
from tests.testbed.layers.production import CHART, NAMESPACE, RELEASE
from tests.testbed.scenarios.change import Target

from .handson_chart import endpoint_ports, of_chart, pods, untouched

if TYPE_CHECKING:
    from tests.testbed.node import Bed

APP = Target("deployment", NAMESPACE, RELEASE)
SERVICE = Target("service", NAMESPACE, RELEASE)


def set_image(bed: Bed) -> None:
    """Another image by kubectl."""
    container = {"name": CHART, "image": "nginxinc/nginx-unprivileged:1.22"}
    APP.patch(bed, {"spec": {"template": {"spec": {"containers": [container]}}}}, how="strategic")


of_chart("chart-image-by-hand", "The image was changed by kubectl, past Helm", set_image)
of_chart(
    "chart-scaled-by-hand",
    "The Deployment was scaled by kubectl, past Helm",
    lambda bed: APP.patch(bed, {"spec": {"replicas": 2}}),
)


def retarget(bed: Bed) -> None:
    """The Service leads to a port where nothing listens."""
    ports = [{"name": "http", "port": 8080, "targetPort": 8081, "protocol": "TCP"}]
    SERVICE.patch(bed, {"spec": {"ports": ports}})


def retargeted(bed: Bed) -> str | None:
    """Whether the addresses behind it are those of the other port."""
    ports = endpoint_ports(bed)
    return None if ports == {8081} else f"endpoints at {ports}"


of_chart(
    "chart-service-retargeted",
    "The Service leads to a port where nothing listens",
    retarget,
    effect=retargeted,
)


def debug(bed: Bed) -> None:
    """A container for debugging in one of the pods, without a security context of its own."""
    name = pods(bed)[0]["metadata"]["name"]
    command = ["debug", name, "-n", NAMESPACE, f"--image={image('busybox')}", "--container=debugger"]
    bed.kubectl(*command, "--profile=legacy", "--quiet", "--", "sleep", "3600")


def debugged(bed: Bed) -> str | None:
    """Whether a pod has it."""
    return None if any(pod["spec"].get("ephemeralContainers") for pod in pods(bed)) else "no such container"


def replace_debugged(bed: Bed) -> None:
    """Delete the pod, because a container for debugging cannot be taken out of it."""
    names = [pod["metadata"]["name"] for pod in pods(bed) if pod["spec"].get("ephemeralContainers")]
    bed.kubectl("delete", "pod", "-n", NAMESPACE, *names)
    look.until("production-app as it was", lambda: untouched(bed), 120)


of_chart(
    "chart-debug-container",
    "One pod has a container for debugging that keeps no rule",
    debug,
    effect=debugged,
    undo=replace_debugged,
)

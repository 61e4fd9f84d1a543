"""Changes to hands-on 1's chart and its release `production-app`: by the real helm, or by hand past it.

Taken back by an upgrade to the chart and the values as they were: Helm then has one revision more.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.testbed.layers import helm, look
from tests.testbed.layers.production import CHART, HARDENED, NAMESPACE, RELEASE
from tests.testbed.node.bed import CommandFailed
from tests.testbed.scenarios.change import Change, Seen, Target, register
from tests.testbed.scenarios.releases import Release, instead

if TYPE_CHECKING:
    from tests.testbed.layers.base import Document
    from tests.testbed.node import Bed

PRODUCTION = Release(RELEASE, NAMESPACE)
APP = Target("deployment", NAMESPACE, RELEASE)
PODS = f"/api/v1/namespaces/{NAMESPACE}/pods?labelSelector=app.kubernetes.io%2Finstance%3D{RELEASE}"
# The namespace has another application's Service, too.
SLICES = (
    f"/apis/discovery.k8s.io/v1/namespaces/{NAMESPACE}/endpointslices"
    f"?labelSelector=kubernetes.io%2Fservice-name%3D{RELEASE}"
)
Edit = Callable[[Path], None]


def upgrade(
    bed: Bed,
    sets: Mapping[str, str] = HARDENED,
    *,
    values: Mapping[str, Any] | None = None,
    edit: Edit | None = None,
) -> None:
    """Upgrade to the chart, edited, with these values and none of those before."""
    with helm.chart(CHART, values=values) as path:
        if edit is not None:
            edit(path)
        helm.upgrade(bed, RELEASE, path, NAMESPACE, sets, "--reset-values")


def pods(bed: Bed) -> list[Document]:
    """The release's pods."""
    found: list[Document] = (look.get(bed, PODS) or {"items": []})["items"]
    return found


def rolled_out(bed: Bed) -> str | None:
    """Whether the Deployment runs as it is written now, and no other pod is left."""
    seen = look.ready(bed, "deployment", NAMESPACE, RELEASE)
    wanted = ((APP.read(bed) or {}).get("spec") or {}).get("replicas")
    number = len(pods(bed))
    return seen or (None if number == wanted else f"{number} pods")


def endpoint_ports(bed: Bed) -> set[int]:
    """The ports of the pods that the Service leads to."""
    slices = (look.get(bed, SLICES) or {"items": []})["items"]
    return {port["port"] for one in slices for port in one.get("ports") or []}


def untouched(bed: Bed) -> str | None:
    """Whether three pods run and the Service's port is theirs."""
    ports = endpoint_ports(bed)
    seen = rolled_out(bed) or (None if ports == {8080} else f"endpoints at {ports}")
    return seen or (None if len(pods(bed)) == 3 else f"{len(pods(bed))} pods")


def restore(bed: Bed) -> None:
    """Upgrade to the chart as it was."""
    upgrade(bed)
    look.until("production-app as it was", lambda: untouched(bed), 120)


def of_chart(
    name: str,
    title: str,
    apply: Callable[[Bed], None],
    *,
    effect: Seen = rolled_out,
    undo: Callable[[Bed], None] = restore,
) -> Change:
    """A change of the release, there when the rollout it causes has ended."""

    def settle(bed: Bed) -> None:
        look.until(f"{name} in effect", lambda: effect(bed), 120)

    return register(Change(name=name, title=title, apply=apply, settle=settle, undo=undo))


def of_values(name: str, title: str, sets: Mapping[str, str], *, effect: Seen = rolled_out) -> Change:
    """A change by values that are set."""
    return of_chart(name, title, lambda bed: upgrade(bed, {**HARDENED, **sets}), effect=effect)


def of_files(name: str, title: str, edit: Edit) -> Change:
    """A change of the chart's files."""
    return of_chart(name, title, lambda bed: upgrade(bed, edit=edit))


def rewritten(file: Path, pattern: str, text: str) -> None:
    """Replace what must be there in a file of the chart."""
    before = file.read_text(encoding="utf-8")
    after, number = re.subn(pattern, text, before, flags=re.MULTILINE | re.DOTALL)
    if not number:
        raise ValueError(f"{file.name} has no {pattern!r}")
    file.write_text(after, encoding="utf-8")


def undeclared(path: Path) -> None:
    """A chart without dependencies: neither declared, nor locked, nor there, nor in its values."""
    rewritten(path / "Chart.yaml", r"^dependencies:.*", "")
    rewritten(path / "values.yaml", r"^postgresql:.*", "")
    (path / "Chart.lock").unlink()
    shutil.rmtree(path / "charts")


def other_dependency(path: Path) -> None:
    """A chart with another version of one dependency, everywhere."""
    for file in (path / "Chart.yaml", path / "Chart.lock", path / "charts" / "postgresql" / "Chart.yaml"):
        rewritten(file, r"16\.7\.27", "15.5.38")


def fail(bed: Bed) -> None:
    """Upgrade with a type of Service that the API server refuses; nothing of the release changes."""
    with suppress(CommandFailed):
        upgrade(bed, {**HARDENED, "service.type": "Sometimes"})


HOOK = Target("job", NAMESPACE, "after-upgrade")


def with_hook(path: Path) -> None:
    """A hook that helm waits for after an upgrade, and that never ends because it is suspended."""
    pod = {"restartPolicy": "Never", "containers": [{"name": "hook", "image": "busybox:latest"}]}
    metadata = {"name": HOOK.name, "annotations": {"helm.sh/hook": "post-upgrade"}}
    spec = {"suspend": True, "template": {"spec": pod}}
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": spec}
    (path / "templates" / "hook.yaml").write_text(json.dumps(job), encoding="utf-8")


def interrupt(bed: Bed) -> None:
    """Upgrade and kill helm while it waits for the hook, which comes after all objects."""
    with helm.chart(CHART) as path:
        with_hook(path)
        PRODUCTION.interrupt(bed, path, "--reset-values", HARDENED, begun=hooked)


def hooked(bed: Bed) -> str | None:
    """Whether the upgrade has come to its hook."""
    return None if HOOK.read(bed) else "the hook is not there yet"


def end_interruption(bed: Bed) -> None:
    """Delete the hook and the pending revision, without which Helm refuses to work, and go on."""
    HOOK.delete(bed)
    PRODUCTION.forget(bed, "status=pending-upgrade")
    restore(bed)


of_chart("chart-upgrade-failed", "An upgrade of the release failed", fail)
of_chart(
    "chart-upgrade-interrupted", "An upgrade of the release was interrupted", interrupt, undo=end_interruption
)
of_files(
    "chart-other-version",
    "The chart has another version",
    lambda path: rewritten(path / "Chart.yaml", r"^version: 1\.0\.0$", "version: 1.1.0"),
)
of_files("chart-dependencies-undeclared", "The chart declares no dependencies", undeclared)
of_files("chart-dependency-version", "A dependency has another version", other_dependency)
of_files(
    "chart-lock-missing",
    "The chart has no lock file, so its dependencies cannot be seen",
    lambda path: (path / "Chart.lock").unlink(),
)
of_values("chart-dependency-enabled", "A dependency is switched on", {"redis.enabled": "true"})
of_values("chart-autoscaling-values", "The values allow 5 replicas", {"autoscaling.maxReplicas": "5"})
of_values("chart-two-replicas", "The chart asks for 2 replicas", {"replicaCount": "2"})
of_values("chart-other-image", "The chart has another image tag", {"image.tag": "1.22"})
of_values("chart-limits-missing", "The container has no limits", {"resources.limits": "null"})
of_values("chart-liveness-missing", "The container has no liveness probe", {"livenessProbe": "null"})
of_values(
    "chart-probe-tcp",
    "The readiness probe opens the port and asks for nothing",
    {"readinessProbe.httpGet": "null", "readinessProbe.tcpSocket.port": "http"},
)
of_values("chart-root-allowed", "The pods may run as root", {"podSecurityContext.runAsNonRoot": "false"})
of_values(
    "chart-capabilities-kept", "The container drops no capabilities", {"securityContext.capabilities": "null"}
)
of_values(
    "chart-root-writable",
    "The container's root file system is writable",
    {"securityContext.readOnlyRootFilesystem": "false"},
)
of_chart(
    "chart-by-the-letter",
    "The chart as the lab's text has it: no seccomp profile",
    lambda bed: upgrade(bed, {}),
)


def keep_two_folders(bed: Bed) -> None:
    """Upgrade with two of the three folders."""
    folders = {"run": "/var/run", "tmp": "/tmp"}
    mounts = [{"name": name, "mountPath": path} for name, path in folders.items()]
    volumes: list[Any] = [{"name": name, "emptyDir": {}} for name in folders]
    upgrade(bed, values={"volumes": volumes, "volumeMounts": mounts})


of_chart("chart-cache-unmounted", "The folder for nginx' cache is not mounted", keep_two_folders)


def unstartable(bed: Bed) -> str | None:
    """Whether the first pod of the new template cannot get its image."""
    statuses = [status for pod in pods(bed) for status in pod["status"].get("containerStatuses") or []]
    reasons = [(status.get("state") or {}).get("waiting", {}).get("reason") for status in statuses]
    return None if {"ErrImagePull", "ImagePullBackOff"} & set(reasons) else f"waiting for {reasons}"


of_values(
    "chart-image-missing",
    "The chart's image tag does not exist: its first pod cannot start, the old ones go on",
    {"image.tag": "1.21-alpline"},
    effect=unstartable,
)


def hide(name: str, title: str, place: tuple[str, str]) -> Change:
    """Another release in its place, while all objects stay."""
    act, back = instead(PRODUCTION, *place)

    def apply(bed: Bed) -> None:
        PRODUCTION.keep(bed)
        act(bed)

    return of_chart(name, title, apply, undo=back)


hide("chart-release-elsewhere", "The release is in another namespace", (RELEASE, "default"))

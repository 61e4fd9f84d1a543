"""What production asks of a pod template beyond image and resources: probes, security context, mounts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pytest_k8sgrade.services.running.configured import Written, path_of
from pytest_k8sgrade.services.running.workloads import Object, pod_template

_HOW = ("httpGet", "tcpSocket", "grpc", "exec")


def require_probes(written: Written, part: Object, paths: Mapping[str, str], port: str) -> None:
    """Record whether the probes (`liveness`, `readiness`, `startup`) ask these paths, at that port."""
    for kind, path in paths.items():
        probe = part.get(f"{kind}Probe")
        field = f"{path_of(part)}.{kind}Probe"
        get = (probe or {}).get("httpGet")
        if probe is None or get is None:
            how = next((one for one in _HOW if (probe or {}).get(one) is not None), None)
            written.compare(f"{field}.httpGet", how, f"GET {path}", met=False)
            continue
        written.compare(f"{field}.httpGet.path", get.get("path", "/"), path)
        if port:
            same = port_number(part, get.get("port")) == port_number(part, port)
            written.compare(f"{field}.httpGet.port", get.get("port"), port, met=same)


def port_number(part: Object, port: object) -> object:
    """The number behind a port's name, the number itself, or what was written where there is none."""
    text = str(port)
    named = {one.get("name"): one.get("containerPort") for one in part.get("ports") or []}
    return int(text) if text.isdecimal() else named.get(text, text)


def require_context(written: Written, asked: Mapping[str, Any]) -> None:
    """Record whether every container runs with these settings, its own or those of the pod."""
    whole = pod_template(written.workload).get("securityContext") or {}
    for kind, part in _containers(written):
        own = part.get("securityContext") or {}
        for key, value in asked.items():
            if key in own:
                written.compare(f"{path_of(part, kind)}.securityContext.{key}", own[key], value)
            else:
                field = "spec.template.spec.securityContext" if key in whole else path_of(part, kind)
                field = f"{field}.{key}" if key in whole else f"{field}.securityContext.{key}"
                written.compare(field, whole.get(key), value)


def require_dropped(written: Written, capabilities: Sequence[str]) -> None:
    """Record whether every container drops these capabilities; who drops ALL drops each."""
    if not capabilities:
        return
    for kind, part in _containers(written):
        dropped = ((part.get("securityContext") or {}).get("capabilities") or {}).get("drop")
        met = "ALL" in (dropped or []) or set(capabilities) <= set(dropped or [])
        field = f"{path_of(part, kind)}.securityContext.capabilities.drop"
        written.compare(field, dropped, list(capabilities), met=met)


def require_mounts(written: Written, part: Object, mounts: Mapping[str, str]) -> None:
    """Record whether a container has volumes of these kinds at these paths, and may write to them."""
    volumes = {one.get("name"): one for one in pod_template(written.workload).get("volumes") or []}
    claimed = (written.workload.get("spec") or {}).get("volumeClaimTemplates") or []
    volumes |= {one["metadata"]["name"]: {"persistentVolumeClaim": {}} for one in claimed}
    found = {_folder(str(one.get("mountPath"))): one for one in part.get("volumeMounts") or []}
    for path, kind in mounts.items():
        mount = found.get(_folder(path))
        field = f"{path_of(part)}.volumeMounts[{path}]"
        if mount is None:
            written.compare(field, None, kind, met=False)
            continue
        kinds = sorted(key for key in volumes.get(mount.get("name"), {}) if key != "name")
        writable = not mount.get("readOnly")
        shown = kinds if writable else [*kinds, "readOnly"]
        written.compare(field, shown, kind, met=kind in kinds and writable)


def _folder(path: str) -> str:
    return path.rstrip("/") or "/"


def _containers(written: Written) -> list[tuple[str, Object]]:
    template = pod_template(written.workload)
    return [(kind, one) for kind in ("initContainers", "containers") for one in template.get(kind) or []]

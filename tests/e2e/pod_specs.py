"""Pods to compare the grader's Pod Security rules with the API server's: a good one and its variants.

A variant is a patch of the good pod: mappings are merged, None takes a key away, lists replace.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

Spec = dict[str, Any]

CONTEXT: Spec = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
POD: Spec = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "probe"},
    "spec": {
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [{"name": "web", "image": "example/web:1", "securityContext": CONTEXT}],
    },
}


def merged(base: Any, patch: Any) -> Any:
    """The base with the patch in it."""
    if not isinstance(base, dict) or not isinstance(patch, dict):
        return copy.deepcopy(patch)
    result = copy.deepcopy(base)
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result


def pod(
    spec: Spec | None = None,
    *,
    context: Spec | None = None,
    container: Spec | None = None,
    init: Spec | None = None,
    annotations: dict[str, str] | None = None,
) -> Spec:
    """The good pod with patches of its spec and its container, and an init container."""
    result: Spec = merged(POD, {"metadata": {"annotations": annotations or {}}, "spec": spec or {}})
    for patch in (container or {}, {"securityContext": context} if context else {}):
        result["spec"]["containers"] = [merged(one, patch) for one in result["spec"]["containers"]]
    if init is not None:
        first = {"name": "first", "image": "example/first:1", "securityContext": merged(CONTEXT, init)}
        result["spec"]["initContainers"] = [first]
    return result


def whole(**context: Any) -> Spec:
    """The good pod with a patch of the pod's own security context."""
    return pod({"securityContext": context})


def volume(kind: str, source: Any) -> Spec:
    """The good pod with one volume."""
    return pod({"volumes": [{"name": "data", kind: source}]})


def _probe(kind: str, how: str, host: str) -> Spec:
    return pod(container={kind: {how: {"host": host, "port": 8080}}})


def _hook(kind: str, host: str) -> Spec:
    return pod(container={"lifecycle": {kind: {"httpGet": {"host": host, "port": 8080}}}})


def _sysctl(name: str, value: str = "1") -> Spec:
    return whole(sysctls=[{"name": name, "value": value}])


def _windows(context: Spec | None = None, **spec: Any) -> Spec:
    """A pod for Windows, which may have no Linux settings."""
    own = {"runAsNonRoot": True, "seccompProfile": None, **(context or {})}
    return pod(
        {"os": {"name": "windows"}, "securityContext": own, **spec},
        context={"allowPrivilegeEscalation": None, "capabilities": None},
    )


def _host() -> Iterator[tuple[str, Spec]]:
    for field in ("hostNetwork", "hostPID", "hostIPC"):
        yield field, pod({field: True})
    yield "hostUsers false", pod({"hostUsers": False})
    yield "hostUsers false, user 0", pod({"hostUsers": False, "securityContext": {"runAsUser": 0}})
    yield "hostUsers false, root", pod({"hostUsers": False, "securityContext": {"runAsNonRoot": None}})
    yield "hostPort", pod(container={"ports": [{"containerPort": 80, "hostPort": 80}]})
    yield "hostPort 0", pod(container={"ports": [{"containerPort": 80, "hostPort": 0}]})
    for kind in ("livenessProbe", "readinessProbe", "startupProbe"):
        yield f"{kind} httpGet host", _probe(kind, "httpGet", "127.0.0.1")
        yield f"{kind} tcpSocket host", _probe(kind, "tcpSocket", "10.0.0.1")
    yield "livenessProbe without host", _probe("livenessProbe", "httpGet", "")
    yield "postStart host", _hook("postStart", "example.org")
    yield "preStop host", _hook("preStop", "example.org")


def _privileges() -> Iterator[tuple[str, Spec]]:
    yield "privileged", pod(context={"privileged": True, "allowPrivilegeEscalation": None})
    yield "privileged init", pod(init={"privileged": True, "allowPrivilegeEscalation": None})
    yield "privileged false", pod(context={"privileged": False})
    yield "escalation allowed", pod(context={"allowPrivilegeEscalation": True})
    yield "escalation unsaid", pod(context={"allowPrivilegeEscalation": None})
    yield "escalation unsaid in init", pod(init={"allowPrivilegeEscalation": None})
    for name in ("NET_BIND_SERVICE", "CHOWN", "NET_RAW", "SYS_TIME", "ALL"):
        yield f"adds {name}", pod(context={"capabilities": {"add": [name]}})
    yield "init adds SETUID", pod(init={"capabilities": {"add": ["SETUID"]}})
    yield "init adds NET_ADMIN", pod(init={"capabilities": {"add": ["NET_ADMIN"]}})
    yield "drops one", pod(context={"capabilities": {"drop": ["NET_RAW"]}})
    yield "drops ALL and one", pod(context={"capabilities": {"drop": ["NET_RAW", "ALL"]}})
    yield "drops all in small letters", pod(context={"capabilities": {"drop": ["all"]}})
    yield "no capabilities", pod(context={"capabilities": None})
    yield "no context", pod(container={"securityContext": None})


def _users() -> Iterator[tuple[str, Spec]]:
    nobody: Spec = {"securityContext": {"runAsNonRoot": None}}
    yield "nobody says who", pod(nobody)
    yield "container non-root", pod(nobody, context={"runAsNonRoot": True})
    yield "container root", pod(context={"runAsNonRoot": False})
    yield "pod root", whole(runAsNonRoot=False)
    yield (
        "pod root, container not",
        pod({"securityContext": {"runAsNonRoot": False}}, context={"runAsNonRoot": True}),
    )
    yield "init unsaid", pod(nobody, context={"runAsNonRoot": True}, init={})
    yield "pod user 0", whole(runAsUser=0, runAsNonRoot=None)
    yield "pod user 1000", whole(runAsUser=1000)
    yield "container user 0", pod(context={"runAsUser": 0})
    yield "init user 0", pod(init={"runAsUser": 0})
    yield "group 0", whole(runAsGroup=0, fsGroup=0, supplementalGroups=[0])


def _profiles() -> Iterator[tuple[str, Spec]]:
    none: Spec = {"securityContext": {"seccompProfile": None}}
    usual, off = {"seccompProfile": {"type": "RuntimeDefault"}}, {"seccompProfile": {"type": "Unconfined"}}
    own = {"seccompProfile": {"type": "Localhost", "localhostProfile": "web.json"}}
    yield "seccomp unsaid", pod(none)
    yield "seccomp of container", pod(none, context=usual)
    yield "seccomp of container, not of init", pod(none, context=usual, init={})
    yield "seccomp pod off", whole(**off)
    yield "seccomp pod off, container not", pod({"securityContext": off}, context=usual)
    yield "seccomp container off", pod(context=off)
    yield "seccomp local", whole(**own)
    for kind in ("RuntimeDefault", "Unconfined"):
        yield f"AppArmor pod {kind}", whole(appArmorProfile={"type": kind})
        yield f"AppArmor container {kind}", pod(context={"appArmorProfile": {"type": kind}})
    local = {"type": "Localhost", "localhostProfile": "web"}
    yield "AppArmor local", whole(appArmorProfile=local)
    for value in ("unconfined", "runtime/default", "localhost/web"):
        key = "container.apparmor.security.beta.kubernetes.io/web"
        yield f"AppArmor annotation {value}", pod(annotations={key: value})
    for kind in ("container_t", "container_engine_t", "spc_t"):
        yield f"SELinux type {kind}", whole(seLinuxOptions={"type": kind})
    yield "SELinux type of container", pod(context={"seLinuxOptions": {"type": "spc_t"}})
    yield "SELinux user", pod(context={"seLinuxOptions": {"user": "system_u"}})
    yield "SELinux role", whole(seLinuxOptions={"role": "system_r"})
    yield "SELinux level", whole(seLinuxOptions={"level": "s0:c1,c2"})
    yield "procMount Default", pod(context={"procMount": "Default"})
    yield "procMount Unmasked", pod({"hostUsers": False}, context={"procMount": "Unmasked"})


def _sysctls() -> Iterator[tuple[str, Spec]]:
    for name in (
        "kernel.shm_rmid_forced",
        "net.ipv4.ip_local_reserved_ports",
        "net.ipv4.tcp_keepalive_time",
        "net.ipv4.tcp_rmem",
        "net.core.somaxconn",
    ):
        yield f"sysctl {name}", _sysctl(name)


def _volumes() -> Iterator[tuple[str, Spec]]:
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    sources: dict[str, Any] = {
        "configMap": {"name": "web"},
        "csi": {"driver": "csi.example.org"},
        "downwardAPI": {"items": [{"path": "name", "fieldRef": {"fieldPath": "metadata.name"}}]},
        "emptyDir": {},
        "ephemeral": {"volumeClaimTemplate": {"spec": claim}},
        "persistentVolumeClaim": {"claimName": "web"},
        "projected": {"sources": [{"configMap": {"name": "web"}}]},
        "secret": {"secretName": "web"},
        "hostPath": {"path": "/etc"},
        "nfs": {"server": "nfs.example.org", "path": "/"},
        "iscsi": {"targetPortal": "10.0.0.1", "iqn": "iqn.2001-04.org.example:web", "lun": 0},
        "fc": {"targetWWNs": ["50060e801049cfd1"], "lun": 0},
        "cephfs": {"monitors": ["10.0.0.1"]},
        "flexVolume": {"driver": "example.org/web"},
        "azureFile": {"secretName": "web", "shareName": "web"},
    }
    for kind, source in sources.items():
        yield f"volume {kind}", volume(kind, source)
    yield "volume of no kind", pod({"volumes": [{"name": "data"}]})


def _for_windows() -> Iterator[tuple[str, Spec]]:
    yield "Windows", _windows()
    yield "Windows, root", _windows({"runAsNonRoot": None})
    yield "Windows, user", _windows({"windowsOptions": {"runAsUserName": "web"}})
    process = {"windowsOptions": {"hostProcess": True}}
    yield "Windows, process of the node", _windows(process, hostNetwork=True)


SPECS: dict[str, Spec] = {
    "the good pod": POD,
    "a plain pod": pod({"securityContext": None}, container={"securityContext": None}),
    **{
        name: spec
        for part in (_host, _privileges, _users, _profiles, _sysctls, _volumes, _for_windows)
        for name, spec in part()
    },
}
"""The pods by what is special about them."""

DEBUGGERS: dict[str, Spec] = {
    "as good": CONTEXT,
    "no context": {},
    "privileged": {"privileged": True},
    "adds SYS_PTRACE": merged(CONTEXT, {"capabilities": {"add": ["SYS_PTRACE"]}}),
    "root": merged(CONTEXT, {"runAsNonRoot": False}),
}
"""Security contexts of containers that are added to a running pod."""

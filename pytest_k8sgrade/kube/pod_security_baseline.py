"""The rules of the Pod Security Standard `baseline`: what opens the way to the node.

Each rule is a generator of violations and has the name that the API server's admission gives it.
Where a rule has changed, the version of the standard decides.
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_k8sgrade.kube.pod_spec import Object, PodSpec, Violation

CAPABILITIES = frozenset(
    {
        "AUDIT_WRITE",
        "CHOWN",
        "DAC_OVERRIDE",
        "FOWNER",
        "FSETID",
        "KILL",
        "MKNOD",
        "NET_BIND_SERVICE",
        "SETFCAP",
        "SETGID",
        "SETPCAP",
        "SETUID",
        "SYS_CHROOT",
    }
)
PROFILES = ("RuntimeDefault", "Localhost")
_SELINUX_TYPES = ("container_t", "container_init_t", "container_kvm_t")
_APPARMOR_ANNOTATION = "container.apparmor.security.beta.kubernetes.io/"
_SECCOMP_POD_ANNOTATION = "seccomp.security.alpha.kubernetes.io/pod"
_SECCOMP_ANNOTATION = "container.seccomp.security.alpha.kubernetes.io/"
_SYSCTLS = {
    "kernel.shm_rmid_forced": (1, 0),
    "net.ipv4.ip_local_port_range": (1, 0),
    "net.ipv4.tcp_syncookies": (1, 0),
    "net.ipv4.ping_group_range": (1, 0),
    "net.ipv4.ip_unprivileged_port_start": (1, 0),
    "net.ipv4.ip_local_reserved_ports": (1, 27),
    "net.ipv4.tcp_keepalive_time": (1, 29),
    "net.ipv4.tcp_fin_timeout": (1, 29),
    "net.ipv4.tcp_keepalive_intvl": (1, 29),
    "net.ipv4.tcp_keepalive_probes": (1, 29),
    "net.ipv4.tcp_rmem": (1, 32),
    "net.ipv4.tcp_wmem": (1, 32),
}
"""Kernel parameters by the version that has declared them safe."""


def windows_host_process(pod: PodSpec) -> Iterator[Violation]:
    """Windows containers may not be processes of the node."""
    for path, context in pod.all_contexts():
        if (context.get("windowsOptions") or {}).get("hostProcess"):
            yield Violation("windowsHostProcess", f"{path}.windowsOptions.hostProcess", True, "false")


def host_namespaces(pod: PodSpec) -> Iterator[Violation]:
    """The namespaces of the node may not be shared."""
    for field in ("hostNetwork", "hostPID", "hostIPC"):
        if pod.spec.get(field):
            yield Violation("hostNamespaces", f"spec.{field}", True, "false")


def privileged(pod: PodSpec) -> Iterator[Violation]:
    """Containers may not be privileged."""
    for path, context in pod.contexts():
        if context.get("privileged"):
            yield Violation("privileged", f"{path}.privileged", True, "false")


def capabilities(pod: PodSpec) -> Iterator[Violation]:
    """Only capabilities of the usual default set may be added."""
    for path, context in pod.contexts():
        added = (context.get("capabilities") or {}).get("add") or []
        if not CAPABILITIES.issuperset(added):
            found = sorted(set(added) - CAPABILITIES)
            allowed = ", ".join(sorted(CAPABILITIES))
            yield Violation("capabilities_baseline", f"{path}.capabilities.add", found, allowed)


def host_path_volumes(pod: PodSpec) -> Iterator[Violation]:
    """Folders of the node may not be mounted."""
    for volume in pod.spec.get("volumes") or []:
        if (host_path := volume.get("hostPath")) is not None:
            field = f"spec.volumes[{volume['name']}].hostPath"
            yield Violation("hostPathVolumes", field, host_path.get("path"), "-")


def host_ports(pod: PodSpec) -> Iterator[Violation]:
    """Ports of the node may not be taken."""
    for path, container in pod.containers():
        for port in container.get("ports") or []:
            if port.get("hostPort"):
                field = f"{path}.ports[{port.get('containerPort')}].hostPort"
                yield Violation("hostPorts", field, port["hostPort"], "-")


def host_probes(pod: PodSpec) -> Iterator[Violation]:
    """Probes and lifecycle hooks may not ask another host than the pod (since 1.34)."""
    if pod.version < (1, 34):
        return
    for path, handler in _handlers(pod):
        for how in ("httpGet", "tcpSocket"):
            host = (handler.get(how) or {}).get("host")
            if host:
                yield Violation("hostProbesAndHostLifecycle", f"{path}.{how}.host", host, "-")


def _handlers(pod: PodSpec) -> Iterator[tuple[str, Object]]:
    for path, container in pod.containers():
        for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
            yield f"{path}.{probe}", container.get(probe) or {}
        for hook in ("postStart", "preStop"):
            yield f"{path}.lifecycle.{hook}", (container.get("lifecycle") or {}).get(hook) or {}


def app_armor(pod: PodSpec) -> Iterator[Violation]:
    """AppArmor may not be switched off, neither by field nor by the older annotation."""
    for path, context in pod.all_contexts():
        profile = context.get("appArmorProfile")
        if profile is not None and profile.get("type") not in PROFILES:
            field = f"{path}.appArmorProfile.type"
            yield Violation("appArmorProfile", field, profile.get("type"), ", ".join(PROFILES))
    for key, value in pod.annotations.items():
        usual = value in ("", "runtime/default") or value.startswith("localhost/")
        if key.startswith(_APPARMOR_ANNOTATION) and not usual:
            allowed = "runtime/default, localhost/*"
            yield Violation("appArmorProfile", f"metadata.annotations[{key}]", value, allowed)


def se_linux_options(pod: PodSpec) -> Iterator[Violation]:
    """Only the usual SELinux types, and no user or role of one's own."""
    types = _SELINUX_TYPES + (("container_engine_t",) if pod.version >= (1, 31) else ())
    for path, context in pod.all_contexts():
        options = context.get("seLinuxOptions") or {}
        if options.get("type") not in (None, "", *types):
            field = f"{path}.seLinuxOptions.type"
            yield Violation("seLinuxOptions", field, options["type"], ", ".join(types))
        for key in ("user", "role"):
            if options.get(key):
                yield Violation("seLinuxOptions", f"{path}.seLinuxOptions.{key}", options[key], "-")


def proc_mount(pod: PodSpec) -> Iterator[Violation]:
    """The masks of /proc stay; since 1.35 a pod with users of its own may lift them."""
    if pod.version < (1, 35) or not pod.in_user_namespace:
        yield from masked_proc(pod)


def masked_proc(pod: PodSpec) -> Iterator[Violation]:
    """The masks of /proc stay, whoever the pod's users are."""
    for path, context in pod.contexts():
        if context.get("procMount") not in (None, "Default"):
            yield Violation("procMount", f"{path}.procMount", context["procMount"], "Default")


def seccomp(pod: PodSpec) -> Iterator[Violation]:
    """Seccomp may not be switched off; before 1.19 it was set by annotations."""
    if pod.version < (1, 19):
        yield from _seccomp_annotations(pod)
        return
    for path, context in pod.all_contexts():
        profile = context.get("seccompProfile")
        if profile is not None and profile.get("type") not in PROFILES:
            field = f"{path}.seccompProfile.type"
            yield Violation("seccompProfile_baseline", field, profile.get("type"), ", ".join(PROFILES))


def _seccomp_annotations(pod: PodSpec) -> Iterator[Violation]:
    names = [container.get("name", "") for _, container in pod.containers()]
    for key in (_SECCOMP_POD_ANNOTATION, *(_SECCOMP_ANNOTATION + name for name in names)):
        value = pod.annotations.get(key, "runtime/default")
        if value not in ("runtime/default", "docker/default") and not value.startswith("localhost/"):
            allowed = "runtime/default, localhost/*"
            yield Violation("seccompProfile_baseline", f"metadata.annotations[{key}]", value, allowed)


def sysctls(pod: PodSpec) -> Iterator[Violation]:
    """Only kernel parameters that are the pod's own and safe."""
    safe = [name for name, since in _SYSCTLS.items() if pod.version >= since]
    for one in pod.own_context.get("sysctls") or []:
        if one.get("name") not in safe:
            yield Violation("sysctls", "spec.securityContext.sysctls", one.get("name"), ", ".join(safe))

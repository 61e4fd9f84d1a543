"""The rules that the Pod Security Standard `restricted` adds: what a hardened pod must say of itself.

Three of them replace a rule of `baseline` by a stricter one. Pods for Windows are free, since 1.25,
of those that only Linux can keep.
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_k8sgrade.kube.pod_security_baseline import PROFILES
from pytest_k8sgrade.kube.pod_spec import PodSpec, Violation

VOLUMES = (
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
)
_NET_BIND = "NET_BIND_SERVICE"


def restricted_volumes(pod: PodSpec) -> Iterator[Violation]:
    """Only volumes that hold nothing of the node or of a storage system spoken to by hand."""
    for volume in pod.spec.get("volumes") or []:
        kinds = [key for key, value in volume.items() if key != "name" and value is not None]
        # One without a kind becomes an emptyDir.
        if kinds and not set(kinds) & set(VOLUMES):
            field = f"spec.volumes[{volume['name']}]"
            yield Violation("restrictedVolumes", field, kinds, ", ".join(VOLUMES))


def allow_privilege_escalation(pod: PodSpec) -> Iterator[Violation]:
    """Every container says that it cannot gain privileges."""
    if pod.version < (1, 8) or _free(pod):
        return
    for path, context in pod.contexts():
        value = context.get("allowPrivilegeEscalation")
        if value is not False:
            field = f"{path}.allowPrivilegeEscalation"
            yield Violation("allowPrivilegeEscalation", field, value, "false")


def run_as_non_root(pod: PodSpec) -> Iterator[Violation]:
    """Every container runs as somebody else than root, by its own word or the pod's."""
    if _own_users(pod):
        return
    whole = pod.own_context.get("runAsNonRoot")
    if whole is False:
        yield Violation("runAsNonRoot", "spec.securityContext.runAsNonRoot", False, "true")
    for path, context in pod.contexts():
        own = context.get("runAsNonRoot")
        if own is False or (own is None and whole is None):
            yield Violation("runAsNonRoot", f"{path}.runAsNonRoot", own, "true")


def run_as_user(pod: PodSpec) -> Iterator[Violation]:
    """Nobody asks for user 0 (since 1.23)."""
    if pod.version < (1, 23) or _own_users(pod):
        return
    for path, context in pod.all_contexts():
        if context.get("runAsUser") == 0:
            yield Violation("runAsUser", f"{path}.runAsUser", 0, "> 0")


def seccomp(pod: PodSpec) -> Iterator[Violation]:
    """Every container has a seccomp profile, its own or the pod's (since 1.19)."""
    if pod.version < (1, 19) or _free(pod):
        return
    whole = (pod.own_context.get("seccompProfile") or {}).get("type")
    allowed = ", ".join(PROFILES)
    if whole not in (None, *PROFILES):
        field = "spec.securityContext.seccompProfile.type"
        yield Violation("seccompProfile_restricted", field, whole, allowed)
    for path, context in pod.contexts():
        own = (context.get("seccompProfile") or {}).get("type")
        if own not in (None, *PROFILES) or (own is None and whole is None):
            yield Violation("seccompProfile_restricted", f"{path}.seccompProfile.type", own, allowed)


def capabilities(pod: PodSpec) -> Iterator[Violation]:
    """Every container drops all capabilities and takes back at most the one for low ports (since 1.22)."""
    if pod.version < (1, 22) or _free(pod):
        return
    for path, context in pod.contexts():
        own = context.get("capabilities") or {}
        dropped, added = own.get("drop") or [], own.get("add") or []
        if "ALL" not in dropped:
            yield Violation("capabilities_restricted", f"{path}.capabilities.drop", dropped or None, "ALL")
        if forbidden := sorted(set(added) - {_NET_BIND}):
            yield Violation("capabilities_restricted", f"{path}.capabilities.add", forbidden, _NET_BIND)


def _own_users(pod: PodSpec) -> bool:
    """Whether root of the pod is nobody on the node, which the standard regards since 1.35."""
    return pod.version >= (1, 35) and pod.in_user_namespace


def _free(pod: PodSpec) -> bool:
    return pod.windows and pod.version >= (1, 25)

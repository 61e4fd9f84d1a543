"""The Pod Security Standards, rule by rule, as the API server's own admission applies them.

Pure: `violations` says which fields of a pod, or of a template, a level of the standard forbids.
A standard has versions like Kubernetes; what is newer than the newest known rule is judged by it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, Literal, TypeAlias

from pytest_k8sgrade.kube import pod_security_baseline as baseline
from pytest_k8sgrade.kube import pod_security_restricted as restricted
from pytest_k8sgrade.kube.pod_spec import PodSpec, Version, Violation

Standard: TypeAlias = Literal["baseline", "restricted"]
Rule: TypeAlias = Callable[[PodSpec], Iterator[Violation]]

_BASELINE: Final[tuple[Rule, ...]] = (
    baseline.windows_host_process,
    baseline.host_namespaces,
    baseline.privileged,
    baseline.host_ports,
    baseline.host_probes,
    baseline.app_armor,
    baseline.se_linux_options,
    baseline.sysctls,
)
_ONLY_BASELINE: Final[tuple[Rule, ...]] = (baseline.host_path_volumes, baseline.proc_mount)
_RESTRICTED: Final[tuple[Rule, ...]] = (
    restricted.restricted_volumes,
    restricted.allow_privilege_escalation,
    restricted.run_as_non_root,
    restricted.run_as_user,
    baseline.masked_proc,
)
_VERSION = re.compile(r"v?(\d+)\.(\d+)")


def version_of(text: str) -> Version | None:
    """Major and minor version out of `v1.34.4`; None where there are none."""
    match = _VERSION.match(text)
    return (int(match[1]), int(match[2])) if match else None


def violations(pod: Mapping[str, Any], standard: Standard, version: Version) -> list[Violation]:
    """What a pod or a pod template violates, by the rules of one version of the standard."""
    metadata = pod.get("metadata") or {}
    subject = PodSpec(metadata.get("annotations") or {}, pod.get("spec") or {}, version)
    return [found for rule in _rules(standard, version) for found in rule(subject)]


def _rules(standard: Standard, version: Version) -> Iterator[Rule]:
    yield from _BASELINE
    if standard == "baseline":
        yield from (*_ONLY_BASELINE, baseline.capabilities, baseline.seccomp)
        return
    yield from _RESTRICTED
    yield restricted.capabilities if version >= (1, 22) else baseline.capabilities
    yield restricted.seccomp if version >= (1, 19) else baseline.seccomp

"""Upstream manifests, taken out of the Go modules that the programs are built from.

They are kept in the cache with two changes: image names lose their registry host, as
in the table of images, and no image is ever pulled. Each belongs to a component and is
written when that component is built.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.testbed import versions
from tests.testbed.paths import Cache

from . import stamps
from .files import digest, write_text
from .golang import Report, module
from .images import image

_IMAGE: Final = re.compile(r"^(?P<lead>\s*(?:- )?image: )(?P<reference>[^\s{]+)$", re.MULTILINE)
_PULL: Final = re.compile(r"^(\s*(?:- )?imagePullPolicy: )Always$", re.MULTILINE)


@dataclass(frozen=True)
class Manifest:
    """One file to extract: patterns inside a module, joined; ``image`` replaces all images."""

    name: str
    component: str
    module: str
    version: str
    sources: tuple[str, ...]
    image: str = ""


_ARGOCD: Final = "github.com/argoproj/argo-cd/v3"
_KEDA: Final = "github.com/kedacore/keda/v2"
_VPA: Final = "k8s.io/autoscaler/vertical-pod-autoscaler"
_STAGES: Final = ("node/fast/node-*", "node/heartbeat-with-lease/node-*", "pod/fast/pod-*")

MANIFESTS: Final[tuple[Manifest, ...]] = (
    Manifest("argocd/install.yaml", "argocd", _ARGOCD, versions.ARGOCD, ("manifests/install.yaml",)),
    Manifest(
        "argocd/core-install.yaml", "argocd", _ARGOCD, versions.ARGOCD, ("manifests/core-install.yaml",)
    ),
    Manifest(
        "prometheus-operator/crds.yaml",
        "prometheus-operator",
        "github.com/prometheus-operator/prometheus-operator",
        versions.PROMETHEUS_OPERATOR,
        ("example/prometheus-operator-crd/*.yaml",),
    ),
    Manifest(
        "metrics-server/components.yaml",
        "metrics-server",
        "sigs.k8s.io/metrics-server",
        versions.METRICS_SERVER,
        tuple(f"manifests/base/{part}.yaml" for part in ("rbac", "service", "deployment", "apiservice")),
        "metrics-server",
    ),
    Manifest(
        "kwok/stage-fast.yaml",
        "kwok",
        "sigs.k8s.io/kwok",
        versions.KWOK,
        tuple(f"kustomize/stage/{pattern}.yaml" for pattern in _STAGES),
    ),
    Manifest("keda/crds.yaml", "keda-operator", _KEDA, versions.KEDA, ("config/crd/bases/*.yaml",)),
    Manifest(
        "keda/operator.yaml",
        "keda-operator",
        _KEDA,
        versions.KEDA,
        tuple(
            f"config/{part}.yaml"
            for part in (
                "general/namespace",
                "service_account/service_account",
                "rbac/role",
                "rbac/role_binding",
                "manager/service",
                "manager/manager",
            )
        ),
        "keda-operator",
    ),
    Manifest(
        "keda/metrics-server.yaml",
        "keda-adapter",
        _KEDA,
        versions.KEDA,
        tuple(
            f"config/metrics-server/{part}.yaml"
            for part in ("role", "role_binding", "service", "api_service", "deployment")
        ),
        "keda-adapter",
    ),
    Manifest(
        "keda/webhooks.yaml",
        "keda-webhooks",
        _KEDA,
        versions.KEDA,
        tuple(f"config/webhooks/{part}.yaml" for part in ("service", "validation_webhooks", "webhooks")),
        "keda-webhooks",
    ),
    Manifest("vpa/crds.yaml", "vpa-recommender", _VPA, versions.VPA, ("deploy/vpa-v1-crd-gen.yaml",)),
    Manifest(
        "vpa/programs.yaml",
        "vpa-recommender",
        _VPA,
        versions.VPA,
        (
            "deploy/vpa-rbac.yaml",
            "deploy/recommender-deployment.yaml",
            "deploy/updater-deployment.yaml",
            "deploy/admission-controller-*.yaml",
        ),
    ),
)


def extract(components: Iterable[str], cache: Cache, report: Report) -> None:
    """Write the manifests of these components unless they are up to date."""
    wanted = set(components)
    recipe = Path(__file__).read_text(encoding="utf-8")
    for manifest in MANIFESTS:
        if manifest.component not in wanted:
            continue
        target, name = cache.manifests / manifest.name, manifest.name.replace("/", "-")
        inputs = digest(recipe, repr(manifest), image(manifest.image) if manifest.image else "")
        if stamps.fresh(cache.stamps, name, inputs, target):
            continue
        text = _text(manifest, module(cache, manifest.module, manifest.version))
        write_text(target, text)
        stamps.write(cache.stamps, name, stamps.Stamp(inputs, manifest.version, 0.0, len(text.encode())))
        report(f"{manifest.component}: manifest {manifest.name} extracted")


def _text(manifest: Manifest, folder: Path) -> str:
    parts: list[str] = []
    for pattern in manifest.sources:
        found = sorted(folder.glob(pattern))
        if not found:
            raise FileNotFoundError(f"{manifest.module} {manifest.version} has no {pattern}")
        parts += [path.read_text(encoding="utf-8") for path in found]
    joined = "\n---\n".join(part.strip().removeprefix("---") for part in parts) + "\n"
    return localised(joined, image(manifest.image) if manifest.image else "")


def localised(text: str, replacement: str = "") -> str:
    """Return manifests whose images have no registry host (or are ``replacement``) and are not pulled."""

    def rename(match: re.Match[str]) -> str:
        return match["lead"] + (replacement or without_host(match["reference"]))

    return _PULL.sub(r"\1IfNotPresent", _IMAGE.sub(rename, text))


def without_host(reference: str) -> str:
    """Return an image reference without its registry host, if it names one."""
    head, slash, rest = reference.partition("/")
    is_host = bool(slash) and ("." in head or ":" in head or head == "localhost")
    return rest if is_host else reference

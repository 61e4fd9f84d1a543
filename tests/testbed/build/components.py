"""What can be built: Go programs by name, groups of them, and the Debian base layer.

A component's name is the name of its program. Callers choose components; everything
else (families, flags, which module a manifest comes from) follows from this table.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from tests.testbed import versions

BASE: Final = "base"

_VERSION_PACKAGE: Final = "github.com/prometheus/common/version"


@dataclass(frozen=True)
class GoProgram:
    """A program built from the Go module proxy; ``family`` is a folder below ``go/``."""

    name: str
    version: str
    family: str
    package: str
    variables: tuple[tuple[str, str], ...] = ()
    tags: tuple[str, ...] = ()

    @property
    def flags(self) -> list[str]:
        """Return the flags of ``go build`` that are its own: stripped, version stamped in."""
        stamped = [f"-X {name}={value}" for name, value in self.variables]
        return [f"-tags={','.join(self.tags)}", "-ldflags", " ".join(["-s", "-w", *stamped])]


@dataclass(frozen=True)
class Patch:
    """Files that a module lacks in the form the proxy serves it, faults in it, and what is left out.

    The module is copied out of the module cache, gets the files and the edits (file, old
    and new text), loses the files whose whole path matches `left_out` and of others what
    matches `cut` (file, regular expression), and replaces the original in the working copy
    of its family's go.mod.
    """

    family: str
    module: str
    version: str
    files: tuple[tuple[str, str], ...] = ()
    edits: tuple[tuple[str, str, str], ...] = ()
    left_out: str = ""
    cut: tuple[tuple[str, str], ...] = ()


def _kubernetes(name: str) -> GoProgram:
    packages = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
    major, minor, _ = versions.KUBERNETES.split(".")
    stamped = {
        "gitVersion": f"v{versions.KUBERNETES}",
        "gitMajor": major,
        "gitMinor": minor,
        "gitTreeState": "clean",
    }
    variables = tuple((f"{package}.{key}", value) for package in packages for key, value in stamped.items())
    return GoProgram(name, versions.KUBERNETES, "cluster", f"k8s.io/kubernetes/cmd/{name}", variables)


def _prometheus_style(name: str, version: str, family: str, package: str) -> GoProgram:
    return GoProgram(name, version, family, package, ((f"{_VERSION_PACKAGE}.Version", version),))


def _operator(name: str, folder: str) -> GoProgram:
    package = f"github.com/prometheus-operator/prometheus-operator/cmd/{folder}"
    return _prometheus_style(name, versions.PROMETHEUS_OPERATOR, "cluster", package)


def _helm() -> GoProgram:
    major, minor, _ = versions.KUBERNETES.split(".")
    variables = [("helm.sh/helm/v3/internal/version.version", f"v{versions.HELM}")]
    for package in ("helm.sh/helm/v3/pkg/lint/rules", "helm.sh/helm/v3/pkg/chartutil"):
        variables += [(f"{package}.k8sVersionMajor", major), (f"{package}.k8sVersionMinor", minor)]
    return GoProgram("helm", versions.HELM, "addons", "helm.sh/helm/v3/cmd/helm", tuple(variables))


def _keda(name: str, folder: str) -> GoProgram:
    module = "github.com/kedacore/keda/v2"
    variables = ((f"{module}/version.Version", versions.KEDA),)
    return GoProgram(name, versions.KEDA, "keda", f"{module}/cmd/{folder}", variables)


def _vpa(part: str) -> GoProgram:
    package = f"k8s.io/autoscaler/vertical-pod-autoscaler/pkg/{part}"
    return GoProgram(f"vpa-{part}", versions.VPA, "vpa", package)


# The order within a family is the order of building: what others wait for comes first.
PROGRAMS: Final[tuple[GoProgram, ...]] = (
    GoProgram("pause", versions.PAUSE, "pause", "."),
    _kubernetes("kube-apiserver"),
    _kubernetes("kube-controller-manager"),
    _kubernetes("kube-scheduler"),
    _kubernetes("kubectl"),
    _kubernetes("kubelet"),
    _kubernetes("kube-proxy"),
    GoProgram(
        "metrics-server",
        versions.METRICS_SERVER,
        "cluster",
        "sigs.k8s.io/metrics-server/cmd/metrics-server",
        (("k8s.io/client-go/pkg/version.gitVersion", f"v{versions.METRICS_SERVER}"),),
    ),
    _operator("prometheus-operator", "operator"),
    _operator("prometheus-config-reloader", "prometheus-config-reloader"),
    GoProgram(
        "argocd",
        versions.ARGOCD,
        "cluster",
        "github.com/argoproj/argo-cd/v3/cmd",
        (("github.com/argoproj/argo-cd/v3/common.version", versions.ARGOCD),),
    ),
    GoProgram(
        "prometheus-adapter",
        versions.PROMETHEUS_ADAPTER,
        "adapter",
        "sigs.k8s.io/prometheus-adapter/cmd/adapter",
    ),
    GoProgram("example-app", versions.EXAMPLE_APP, "adapter", "./example-app"),
    GoProgram("coredns", versions.COREDNS, "addons", "./coredns"),
    _helm(),
    GoProgram(
        "kwok",
        versions.KWOK,
        "addons",
        "sigs.k8s.io/kwok/cmd/kwok",
        (("sigs.k8s.io/kwok/pkg/consts.Version", f"v{versions.KWOK}"),),
    ),
    _prometheus_style(
        "node-exporter", versions.NODE_EXPORTER, "addons", "github.com/prometheus/node_exporter"
    ),
    # Discovery of all clouds takes longer to compile than the rest of Prometheus.
    replace(
        _prometheus_style(
            "prometheus", versions.PROMETHEUS, "addons", "github.com/prometheus/prometheus/cmd/prometheus"
        ),
        tags=("remove_all_sd", "enable_kubernetes_sd", "enable_dns_sd"),
    ),
    _prometheus_style(
        "alertmanager",
        versions.ALERTMANAGER,
        "addons",
        "github.com/prometheus/alertmanager/cmd/alertmanager",
    ),
    _vpa("recommender"),
    _vpa("updater"),
    _vpa("admission-controller"),
    _keda("keda-operator", "operator"),
    _keda("keda-adapter", "adapter"),
    _keda("keda-webhooks", "webhooks"),
    GoProgram(
        "chainsaw",
        versions.CHAINSAW,
        "bench",
        "github.com/kyverno/chainsaw",
        (("github.com/kyverno/chainsaw/pkg/version.BuildVersion", f"v{versions.CHAINSAW}"),),
    ),
)

# Go 1.26 asks the dependencies of a test main for one more method than Chainsaw has.
_MODULE_PATH: Final = """\
package internal

// ModulePath names the module under test; there is none.
func (*TestDeps) ModulePath() string { return "" }
"""

# The library asks for a context by now, the adapter still hands it a channel.
_RUN: Final = """\
package main

import "k8s.io/apimachinery/pkg/util/wait"

// Run serves until the channel is closed.
func (cmd *PrometheusAdapter) Run(stop <-chan struct{}) error {
	return cmd.AdapterBase.Run(wait.ContextForChannel(stop))
}
"""

# Prometheus asks for a version that has dropped the name which Alertmanager calls.
_FORMER_NAME: Final = """\
package memlimit

// SetGoMemLimitWithOpts is the former name of Set.
func SetGoMemLimitWithOpts(options ...Option) (int64, error) { return Set(options...) }
"""

# Most of KEDA's eighty event sources are clients of clouds and databases: without them it is compiled in
# less than half of the time.
_EVENT_SOURCES: Final = ("cpu_memory", "cron", "prometheus", "rabbitmq")
_TRIGGERS: Final = ("cpu", "cron", "memory", "prometheus", "rabbitmq")
_OTHER_SOURCES: Final = rf"pkg/scalers/(?!(?:{'|'.join(_EVENT_SOURCES)})_)\w+_scaler\.go"
_OTHER_TRIGGERS: Final = rf'\tcase "(?!(?:{"|".join(_TRIGGERS)})")[^\n]*\n(?:(?!\tcase |\tdefault:).*\n)+'

# Alertmanager embeds a web interface whose built files are not part of the module.
PATCHES: Final[tuple[Patch, ...]] = (
    Patch(
        family="addons",
        module="github.com/prometheus/alertmanager",
        version=versions.ALERTMANAGER,
        files=(("ui/app/dist/index.html", "<!doctype html><title>Alertmanager</title>\n"),),
    ),
    Patch(
        family="addons",
        module="github.com/KimMachineGun/automemlimit",
        version="1.0.0",
        files=(("memlimit/former_name.go", _FORMER_NAME),),
    ),
    Patch(
        family="adapter",
        module="sigs.k8s.io/prometheus-adapter",
        version=versions.PROMETHEUS_ADAPTER,
        files=(("cmd/adapter/run.go", _RUN),),
        # It asks with a negative timeout, which Prometheus refuses (its pull request 710).
        edits=(("pkg/client/api.go", "time.Since(deadline)", "time.Until(deadline)"),),
    ),
    Patch(
        family="keda",
        module="github.com/kedacore/keda/v2",
        version=versions.KEDA,
        # What Prometheus' source shares with one of those left out.
        files=(("pkg/scalers/types.go", 'package scalers\n\nconst externalMetricType = "External"\n'),),
        left_out=_OTHER_SOURCES,
        cut=(("pkg/scaling/scalers_builder.go", _OTHER_TRIGGERS),),
    ),
    Patch(
        family="bench",
        module="github.com/kyverno/chainsaw",
        version=versions.CHAINSAW,
        files=(("pkg/runner/internal/module_path.go", _MODULE_PATH),),
    ),
)

_CONTROL_PLANE: Final = frozenset(
    {"kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl", "kwok"}
)
_NODE: Final = _CONTROL_PLANE | {"kubelet", "kube-proxy", "pause", "coredns", BASE}
_MONITORING: Final = frozenset(
    {
        "prometheus-operator",
        "prometheus-config-reloader",
        "prometheus",
        "alertmanager",
        "node-exporter",
    }
)
GROUPS: Final[dict[str, frozenset[str]]] = {
    "control-plane": _CONTROL_PLANE,
    "node": _NODE,
    "monitoring": _MONITORING,
    "custom-metrics": frozenset({"prometheus-adapter", "example-app"}),
    "all": _NODE | _MONITORING | {"metrics-server", "argocd", "helm"},
    "keda": frozenset({"keda-operator", "keda-adapter", "keda-webhooks"}),
    "vpa": frozenset({"vpa-recommender", "vpa-updater", "vpa-admission-controller"}),
    "bench": frozenset({"chainsaw"}),
}


def programs() -> dict[str, GoProgram]:
    """Return the Go programs by name."""
    return {program.name: program for program in PROGRAMS}


def expand(names: Iterable[str]) -> frozenset[str]:
    """Resolve groups into components; raise ValueError that lists what can be chosen."""
    known = {*programs(), BASE}
    chosen: set[str] = set()
    unknown: list[str] = []
    for name in names:
        if name in GROUPS:
            chosen |= GROUPS[name]
        elif name in known:
            chosen.add(name)
        else:
            unknown.append(name)
    if unknown:
        choices = ", ".join([*GROUPS, *sorted(known)])
        raise ValueError(f"Not a component of the testbed: {', '.join(unknown)}. Choose from: {choices}.")
    return frozenset(chosen)

"""What may differ from bed to bed: one frozen table of settings with the defaults of fast tests.

Speed is the reason of nearly every value: a controller that looks every 15 seconds on a real
cluster looks every 2 here.  Tests that need real defaults pass their own `Settings`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

NOTHING: Mapping[str, tuple[str, ...]] = MappingProxyType({})


@dataclass(frozen=True)
class Settings:
    """How a bed is tuned; the defaults make tests fast."""

    hpa_sync: str = "2s"
    hpa_down_window: str = "10s"
    hpa_cpu_initialization: str = "5s"
    hpa_initial_readiness: str = "1s"
    kubelet_sync: str = "5s"
    qps: int = 500
    fake_nodes: int = 1  # tier control-plane: nodes that kwok plays
    extra: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: NOTHING)  # program -> more arguments


@dataclass(frozen=True)
class Layout:
    """Where one bed keeps what; every path is the same inside and outside."""

    folder: Path
    cgroup: str

    @property
    def pki(self) -> Path:
        """Keys, certificates and the programs' kubeconfigs."""
        return self.folder / "pki"

    @property
    def config(self) -> Path:
        """The programs' configuration files."""
        return self.folder / "config"

    @property
    def log(self) -> Path:
        """What each program wrote."""
        return self.folder / "log"

    @property
    def containerd(self) -> Path:
        """The bed's own containerd root."""
        return self.folder / "containerd"

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig."""
        return self.folder / "kubeconfig"

"""Where the testbed keeps what it builds: one cache folder outside the checkout.

Used by the build, by running beds and by the command line. The folder is
``$K8SGRADE_TESTBED_CACHE`` or ``~/.cache/pytest-k8sgrade/testbed``; everything below it
can be deleted at any time and is then built again.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ENVIRONMENT: Final = "K8SGRADE_TESTBED_CACHE"
HERE: Final = Path(__file__).resolve().parent
GO_FAMILIES: Final = HERE / "go"


def cache_root(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the absolute cache folder, which need not exist yet."""
    chosen = environ.get(ENVIRONMENT, "").strip()
    if chosen:
        return Path(chosen).expanduser().absolute()
    return Path.home() / ".cache" / "pytest-k8sgrade" / "testbed"


@dataclass(frozen=True)
class Cache:
    """The cache folder's layout."""

    root: Path

    @classmethod
    def default(cls) -> Cache:
        """Return the layout under :func:`cache_root`."""
        return cls(cache_root())

    @property
    def bin(self) -> Path:
        """Go programs, stripped."""
        return self.root / "bin"

    @property
    def stamps(self) -> Path:
        """One JSON file per built component."""
        return self.root / "stamps"

    @property
    def layers(self) -> Path:
        """Image layers: a tar and its description each."""
        return self.root / "layers"

    @property
    def containerd(self) -> Path:
        """Prepared containerd roots, named by digest."""
        return self.root / "containerd"

    @property
    def manifests(self) -> Path:
        """Upstream manifests, ready to apply."""
        return self.root / "manifests"

    @property
    def debian(self) -> Path:
        """Lists and archives of apt while the base layer is made."""
        return self.root / "debian"

    @property
    def go_build(self) -> Path:
        """Go's compile cache (GOCACHE)."""
        return self.root / "go" / "build"

    @property
    def go_modules(self) -> Path:
        """Go's module cache (GOMODCACHE)."""
        return self.root / "go" / "mod"

    @property
    def go_work(self) -> Path:
        """Copies of the families in which the builds run."""
        return self.root / "go" / "work"

    @property
    def logs(self) -> Path:
        """Output of the last build of each component."""
        return self.root / "logs"

    @property
    def run(self) -> Path:
        """State of running beds."""
        return self.root / "run"

    def lock(self, name: str) -> Path:
        """Return the lock file that guards one part of the cache."""
        return self.root / f"{name}.lock"

"""What the build has made, as running beds use it: programs, images, manifests.

Nothing here compiles anything; a containerd root is put together on demand out of
layers that exist. Whatever is missing is reported with the command that builds it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.testbed import host
from tests.testbed.errors import NotBuilt
from tests.testbed.paths import Cache

from . import containerd, layer, stamps
from .components import BASE, expand, programs
from .golang import Report
from .images import components_of
from .manifests import MANIFESTS

COMMAND: Final = "python -m tests.testbed build"


def tell(line: str) -> None:
    """Print one line of progress on standard error."""
    print(line, file=sys.stderr, flush=True)


@dataclass(frozen=True)
class Artifacts:
    """The built parts of a testbed; ``root`` is the cache folder."""

    root: Path
    report: Report = tell

    @property
    def cache(self) -> Cache:
        """The cache folder's layout."""
        return Cache(self.root)

    @property
    def cni_folder(self) -> Path:
        """The folder with the CNI plugins ``bridge``, ``host-local``, ``loopback``, ``portmap``."""
        return host.cni_folder()

    def binary(self, name: str) -> Path:
        """Return the absolute path of a program: ours first, then the machine's."""
        built = self.cache.bin / name
        if built.is_file():
            return built
        if name in programs():
            raise NotBuilt({name}, f"{COMMAND} {name}")
        return host.program(name)

    def clone_root(self, images: Iterable[str], target: Path) -> None:
        """Make ``target`` a containerd root of its own, with these images."""
        keys = frozenset(images)
        require(components_of(keys), self.cache)
        containerd.prepared_clone(keys, target, self.cache, self.report)

    def manifest(self, name: str) -> Path:
        """Return the path of an upstream manifest, such as ``argocd/install.yaml``."""
        component = {manifest.name: manifest.component for manifest in MANIFESTS}.get(name)
        if component is None:
            choices = ", ".join(manifest.name for manifest in MANIFESTS)
            raise ValueError(f"Not a manifest of the testbed: {name}. Choose from: {choices}.")
        path = self.cache.manifests / name
        if not path.is_file():
            raise NotBuilt({component}, f"{COMMAND} {component}")
        return path


def missing(components: Iterable[str], cache: Cache) -> list[str]:
    """Return those components that were never built, sorted."""
    return sorted(name for name in expand(components) if not _is_built(name, cache))


def require(components: Iterable[str], cache: Cache) -> None:
    """Raise NotBuilt unless all components were built."""
    if lacking := missing(components, cache):
        raise NotBuilt(lacking, f"{COMMAND} {' '.join(lacking)}")


def artifacts(components: Iterable[str] = (), *, report: Report = tell) -> Artifacts:
    """Return what is built already; raise NotBuilt if one of ``components`` is not."""
    cache = Cache.default()
    require(components, cache)
    return Artifacts(cache.root, report)


def _is_built(name: str, cache: Cache) -> bool:
    if name == BASE:
        return layer.read(cache.layers / "base.tar") is not None
    return stamps.read(cache.stamps, name) is not None and (cache.bin / name).is_file()

"""Release `production-app` in `production`: the chart of hands-on 1, installed by the real helm.

The lab's own values lack one thing that the Pod Security Standard `restricted` asks for, a seccomp
profile. It is set on the command line, so that the variant by the letter is the chart as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import helm, look

if TYPE_CHECKING:
    from tests.testbed.node import Bed

RELEASE, NAMESPACE, CHART = "production-app", "production", "production-app"
HARDENED = {"podSecurityContext.seccompProfile.type": "RuntimeDefault"}


@dataclass(frozen=True)
class ProductionChart:
    """The release."""

    name: str = "production-chart"
    needs: tuple[str, ...] = ()
    components: frozenset[str] = frozenset({"base", "helm"})
    images: frozenset[str] = frozenset({"nginx", "busybox"})

    def install(self, bed: Bed) -> None:
        """Install the release without waiting for its pods."""
        with helm.chart(CHART) as path:
            helm.install(bed, RELEASE, path, NAMESPACE, HARDENED, "--create-namespace")

    def wait(self, bed: Bed) -> None:
        """Wait for the pods."""
        look.all_ready(bed, NAMESPACE, {RELEASE: "deployment"})

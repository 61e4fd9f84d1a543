"""Applications of the course beside lab 1's: the GitOps parts of hands-on 1, and challenge 1.

Their repositories are on our Git server, because the course's are placeholders. All else of them is
the course's, as far as it can work; `ChallengeAsSetUp` is what cannot.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from . import look
from .argocd import NAMESPACE, nudged
from .base import Document, apply, documents

if TYPE_CHECKING:
    from tests.testbed.node import Bed

NEEDS = ("argocd", "git-server")
CHILDREN = ("infrastructure-monitoring", "dev-app1", "dev-app2", "prod-app1")
CHALLENGE = tuple(f"challenge-app-{number}" for number in range(1, 5))


@dataclass(frozen=True)
class Applications:
    """Some manifests, and the Applications that are synced in the end."""

    name: str
    manifests: tuple[tuple[str, ...], ...]
    applications: tuple[str, ...]
    needs: tuple[str, ...] = NEEDS
    components: frozenset[str] = frozenset({"base"})
    images: frozenset[str] = frozenset({"nginx"})

    def install(self, bed: Bed) -> None:
        """Apply the manifests."""
        apply(bed, [found for path in self.manifests for found in documents(*path)])

    def wait(self, bed: Bed) -> None:
        """Wait until each Application is Synced and Healthy and its operation has succeeded."""
        for application in self.applications:
            look.until(f"Application {application}", partial(nudged, bed, application), pause=2)


@dataclass(frozen=True)
class ChallengeAsSetUp:
    """Challenge 1 as a student meets it: nothing can be read, and of four Applications there are three."""

    name: str = "challenge1-as-set-up"
    needs: tuple[str, ...] = NEEDS
    components: frozenset[str] = frozenset()
    images: frozenset[str] = frozenset()

    def install(self, bed: Bed) -> None:
        """Apply what the challenge's setup applies."""
        apply(bed, documents("challenge1", "namespace.yaml") + as_set_up())

    def wait(self, bed: Bed) -> None:
        """Wait until Argo CD has said of each that it cannot be compared."""
        for found in as_set_up():
            name = found["metadata"]["name"]
            look.until(f"Application {name} unreadable", partial(unreadable, bed, name))


def as_set_up() -> list[Document]:
    """The Applications of the challenge's setup."""
    return documents("challenge1", "broken.yaml")


def unreadable(bed: Bed, name: str) -> str | None:
    """Whether an Application's source cannot be read."""
    status = (look.read(bed, "application", NAMESPACE, name) or {}).get("status", {})
    found = [one["type"] for one in status.get("conditions") or []]
    return None if "ComparisonError" in found else f"conditions {found}"


ENVIRONMENTS = Applications(
    name="gitops-environments",
    manifests=tuple(
        ("handson1", "gitops", file) for file in ("cluster.yaml", "environments.yaml", "root-app.yaml")
    ),
    applications=("web-app-dev", "web-app-prod", "root-app", *CHILDREN),
)
REPAIRED = Applications(
    name="challenge1-repaired",
    manifests=(("challenge1", "namespace.yaml"), ("challenge1", "repaired.yaml")),
    applications=CHALLENGE,
)

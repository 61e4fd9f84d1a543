"""What is graded: a cluster, or the evidence of one, with what a report says of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from pytest_k8sgrade.cluster import Cluster, LiveSource, View, connect
from pytest_k8sgrade.grade.model import Subject
from pytest_k8sgrade.outcome import Finding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_k8sgrade.locale.messages import Catalogue
    from pytest_k8sgrade.rubric.load import LoadedRubric
    from pytest_k8sgrade.run.entry import Entry
    from pytest_k8sgrade.run.settings import Settings


class GradeSource(Protocol):
    """A source of views for the rounds, and what header, grade and evidence need of it."""

    @property
    def replayed(self) -> bool:
        """Whether every view is the same recorded one."""

    @property
    def recorded_at(self) -> datetime | None:
        """When the evidence was recorded; None for a cluster."""

    @property
    def holds(self) -> Mapping[str, float]:
        """Seconds for which recorded looks were seen to hold, by look."""

    def view(self) -> View:
        """A fresh view, or the recorded one."""

    def header(self, catalogue: Catalogue) -> list[str]:
        """Which cluster or evidence is being graded."""

    def subject(self) -> Subject:
        """The cluster as the grade names it."""

    def record(self, path: Path, lab: LoadedRubric, entries: Sequence[Entry]) -> None:
        """Write the evidence of the run; raises `UsageFault` when it cannot be written."""

    def close(self) -> None:
        """Let go of connections and files."""


def open_source(settings: Settings) -> GradeSource:
    """The source that the options name; raises `UsageFault`. Nothing is sent yet."""
    return LiveCluster(connect(settings.kubeconfig, settings.context))


@dataclass
class LiveCluster:
    """A cluster reached through a kubeconfig."""

    source: LiveSource
    replayed = False
    recorded_at = None
    holds: Mapping[str, float] = field(default_factory=dict)
    _unused: View | None = None
    _version: str | None = None
    _uid: str | None = None

    def view(self) -> View:
        """A fresh view; the first round gets the one that the header has looked at."""
        view, self._unused = self._unused or self.source.view(), None
        return view

    def header(self, catalogue: Catalogue) -> list[str]:
        """Context, server, version and identity; an unreachable cluster is said to be one."""
        self._unused = self.source.view()
        facts = self.source.facts
        try:
            version = self._version = Cluster(self._unused).server_version
        except Finding as doubt:
            version = catalogue.label("header-silent", reason=doubt.reason.id)
        return [
            catalogue.label(
                "header-cluster",
                context=facts.context,
                server=facts.server,
                version=version,
                identity=facts.identity,
            )
        ]

    def subject(self) -> Subject:
        """The cluster's identity, as far as it could be read."""
        return Subject(cluster_uid=self._uid, context=self.source.facts.context, server_version=self._version)

    def record(self, path: Path, lab: LoadedRubric, entries: Sequence[Entry]) -> None:
        """Write the evidence."""

    def close(self) -> None:
        """Close connections and threads."""
        self.source.close()

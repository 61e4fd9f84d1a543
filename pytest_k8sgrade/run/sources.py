"""What is graded: a cluster, or the evidence of one, with what a report says of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from pytest_k8sgrade.cluster import (
    Cluster,
    LiveSource,
    RecordedSource,
    Request,
    View,
    connect,
    evidence_of,
    open_evidence,
    read_ahead,
)
from pytest_k8sgrade.cluster.judging import clocks_apart
from pytest_k8sgrade.errors import UsageFault
from pytest_k8sgrade.grade.model import Subject
from pytest_k8sgrade.grade.values import clean
from pytest_k8sgrade.kube.times import format_time
from pytest_k8sgrade.outcome import Finding, cannot_tell
from pytest_k8sgrade.run.answering import NoCluster, write_evidence
from pytest_k8sgrade.run.recording import NOTHING, RecordedRun, read_run

if TYPE_CHECKING:
    from pytest_k8sgrade.cluster.acting import Actor
    from pytest_k8sgrade.locale.messages import Catalogue
    from pytest_k8sgrade.run.settings import Settings


_SUBJECT: Final = "/api/v1/namespaces/kube-system"
"""What the grade itself asks for at its end, to say which cluster it is."""


class GradeSource(Protocol):
    """A source of views for the rounds, and what header, grade and evidence need of it."""

    @property
    def replayed(self) -> bool:
        """Whether every view is the same recorded one."""

    @property
    def recorded(self) -> RecordedRun:
        """What the recording run noted of itself; of a cluster nothing."""

    def view(self) -> View:
        """A fresh view, or the recorded one."""

    def header(self, catalogue: Catalogue) -> list[str]:
        """Which cluster or evidence is being graded."""

    def expect(self, paths: Sequence[str]) -> None:
        """Begin to read what the first round will ask for."""

    def subject(self) -> Subject:
        """The cluster as the grade names it."""

    def record(self, path: Path, run: RecordedRun, older: Iterable[View]) -> None:
        """Write the evidence of the run; raises `UsageFault` when it cannot be written.

        `older` are views that a verdict rests on; the last one is always written.
        """

    def actor(self, lasts: float, told: Callable[[], None]) -> Actor:
        """Who may change the cluster for an active check; `CannotTell` where nobody may."""

    def close(self) -> None:
        """Let go of connections and files."""


def open_source(settings: Settings, *, needs_cluster: bool = True) -> GradeSource:
    """The source that the options name; raises `UsageFault`. Nothing is sent yet."""
    if settings.evidence is not None:
        return RecordedCluster(open_evidence(settings.evidence), settings.evidence)
    if not needs_cluster:
        return NoCluster()
    return LiveCluster(connect(settings.kubeconfig, settings.context, settings.policy))


def _told_clocks(view: View, catalogue: Catalogue) -> list[str]:
    """A line when the cluster's clock, by which ages are counted, is not this machine's."""
    try:
        apart = clocks_apart(view.now)
    except Finding:
        return []
    return [catalogue.label("header-clock", **apart)] if apart else []


def _known(ask: Callable[[], str]) -> str | None:
    """One fact of the cluster, None where it does not tell it."""
    try:
        return clean(str(ask()))
    except Finding:
        return None


def _cleaned(text: str | None) -> str | None:
    return clean(text) if text else None


@dataclass
class LiveCluster:
    """A cluster reached through a kubeconfig."""

    source: LiveSource
    replayed: bool = False
    recorded: RecordedRun = NOTHING
    _next: View | None = None
    _last: View | None = None

    def view(self) -> View:
        """A fresh view; the first round gets the one that the header has looked at."""
        view, self._next = self._next or self.source.view(), None
        self._last = view
        return view

    def header(self, catalogue: Catalogue) -> list[str]:
        """Context, server, version and identity; an unreachable cluster is said to be one."""
        self._next = self._next or self.source.view()
        facts = self.source.facts
        try:
            known = Cluster(self._next).server_version
        except Finding as doubt:
            known = catalogue.label("header-silent", reason=doubt.reason.id)
        line = catalogue.label(
            "header-cluster",
            context=facts.context,
            server=facts.server,
            version=known,
            identity=facts.identity,
        )
        return [line, *_told_clocks(self._next, catalogue)]

    def expect(self, paths: Sequence[str]) -> None:
        """Let a few threads read the paths for the first view, while the run is still getting ready."""
        self._next = self._next or self.source.view()
        read_ahead(self._next, [Request.to(path) for path in (*paths, _SUBJECT)])

    def subject(self) -> Subject:
        """The cluster's identity, as far as the last view tells."""
        cluster = Cluster(self._last or self.source.view())
        return Subject(
            cluster_uid=_known(lambda: cluster.uid),
            context=clean(self.source.facts.context),
            server_version=_known(lambda: cluster.server_version),
        )

    def record(self, path: Path, run: RecordedRun, older: Iterable[View]) -> None:
        """Write the evidence: the last view, and older ones where a verdict rests on them."""
        last = self._last or self.source.view()
        others = [view for view in older if view is not last]
        content = evidence_of(last, self.source.facts, run.told(), version("pytest-k8sgrade"), others)
        write_evidence(path, content)

    def actor(self, lasts: float, told: Callable[[], None]) -> Actor:
        """Somebody whose looks are not among the views."""
        return self.source.actor(lasts, told)

    def close(self) -> None:
        """Close connections and threads."""
        self.source.close()


class RecordedCluster:
    """A cluster as an evidence file shows it. The file may come from anybody."""

    replayed = True

    def __init__(self, source: RecordedSource, file: Path) -> None:
        self._source = source
        self._file = file
        self.recorded: RecordedRun = read_run(source.evidence.run, file)

    def view(self) -> View:
        """The recorded view."""
        return self._source.view()

    def expect(self, paths: Sequence[str]) -> None:
        """All is there already."""

    def header(self, catalogue: Catalogue) -> list[str]:
        """The file, and what was recorded in it."""
        cluster = self._source.evidence.cluster
        return [
            catalogue.label(
                "header-evidence",
                file=self._file.name,
                recorded=format_time(self.recorded.recorded) if self.recorded.recorded else None,
                context=cluster.get("context") or None,
                version=cluster.get("server_version"),
            )
        ]

    def subject(self) -> Subject:
        """The recorded cluster."""
        cluster = self._source.evidence.cluster
        return Subject(
            cluster_uid=_cleaned(cluster.get("uid")),
            context=_cleaned(cluster.get("context")),
            server_version=_cleaned(cluster.get("server_version")),
        )

    def record(self, path: Path, run: RecordedRun, older: Iterable[View]) -> None:
        """Evidence is not recorded from evidence; the options refuse it."""
        raise UsageFault("evidence is recorded from a cluster, not from evidence")

    def actor(self, lasts: float, told: Callable[[], None]) -> Actor:
        """Nothing is done to a recorded cluster."""
        cannot_tell("act-not-recorded")

    def close(self) -> None:
        """Nothing is held open."""

"""What is graded: a cluster, or the evidence of one, with what a report says of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

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
from pytest_k8sgrade.errors import EvidenceFault, UsageFault
from pytest_k8sgrade.grade.model import Subject
from pytest_k8sgrade.kube.times import format_time, parse_time
from pytest_k8sgrade.outcome import Finding
from pytest_k8sgrade.reports.write import write_atomically

if TYPE_CHECKING:
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

    def expect(self, paths: Sequence[str]) -> None:
        """Begin to read what the first round will ask for."""

    def subject(self) -> Subject:
        """The cluster as the grade names it."""

    def record(self, path: Path, lab: LoadedRubric, entries: Sequence[Entry], started: datetime) -> None:
        """Write the evidence of the run; raises `UsageFault` when it cannot be written."""

    def close(self) -> None:
        """Let go of connections and files."""


def open_source(settings: Settings) -> GradeSource:
    """The source that the options name; raises `UsageFault`. Nothing is sent yet."""
    if settings.evidence is not None:
        return RecordedCluster(open_evidence(settings.evidence), settings.evidence)
    return LiveCluster(connect(settings.kubeconfig, settings.context))


@dataclass
class LiveCluster:
    """A cluster reached through a kubeconfig."""

    source: LiveSource
    replayed: bool = False
    recorded_at: datetime | None = None
    holds: Mapping[str, float] = field(default_factory=dict)
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
        return [
            catalogue.label(
                "header-cluster",
                context=facts.context,
                server=facts.server,
                version=known,
                identity=facts.identity,
            )
        ]

    def expect(self, paths: Sequence[str]) -> None:
        """Let a few threads read the paths for the first view, while the run is still getting ready."""
        self._next = self._next or self.source.view()
        read_ahead(self._next, [Request.to(path) for path in paths])

    def subject(self) -> Subject:
        """The cluster's identity, as far as the last view tells."""
        cluster = Cluster(self._last or self.source.view())
        try:
            uid, known = cluster.uid, cluster.server_version
        except Finding:
            uid, known = None, None
        return Subject(cluster_uid=uid, context=self.source.facts.context, server_version=known)

    def record(self, path: Path, lab: LoadedRubric, entries: Sequence[Entry], started: datetime) -> None:
        """Write the evidence: the last view, and older ones where a verdict rests on them."""
        last = self._last or self.source.view()
        older = [entry.view for entry in entries if entry.view is not None and entry.view is not last]
        run = {
            "rubric": {"id": lab.rubric.id, "version": lab.rubric.version, "digest": lab.digest},
            "started": format_time(started.replace(microsecond=0)),
            "recorded": format_time(datetime.now(UTC).replace(microsecond=0)),
            "holds": {entry.look: round(entry.held, 1) for entry in entries if entry.held},
        }
        content = evidence_of(last, self.source.facts, run, version("pytest-k8sgrade"), older)
        try:
            write_atomically(path, content)
        except OSError as error:
            raise UsageFault(
                f"the evidence cannot be written to {str(path)!r}: {error.strerror}; "
                "give --k8s-grade-record a file in a folder that exists"
            ) from error

    def close(self) -> None:
        """Close connections and threads."""
        self.source.close()


class RecordedCluster:
    """A cluster as an evidence file shows it. The file may come from anybody."""

    replayed = True

    def __init__(self, source: RecordedSource, file: Path) -> None:
        self._source = source
        self._file = file
        run = source.evidence.run
        self.recorded_at: datetime | None = _recorded_time(run, file)
        self.holds: Mapping[str, float] = _recorded_holds(run, file)

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
                recorded=format_time(self.recorded_at) if self.recorded_at else None,
                context=cluster.get("context"),
                version=cluster.get("server_version"),
            )
        ]

    def subject(self) -> Subject:
        """The recorded cluster."""
        cluster = self._source.evidence.cluster
        return Subject(
            cluster_uid=cluster.get("uid"),
            context=cluster.get("context"),
            server_version=cluster.get("server_version"),
        )

    def record(self, path: Path, lab: LoadedRubric, entries: Sequence[Entry], started: datetime) -> None:
        """Evidence is not recorded from evidence; the options refuse it."""
        raise UsageFault("evidence is recorded from a cluster, not from evidence")

    def close(self) -> None:
        """Nothing is held open."""


def _recorded_time(run: Mapping[str, Any], file: Path) -> datetime | None:
    try:
        return parse_time(run.get("recorded"))
    except (TypeError, ValueError):
        raise _damaged(file, "recorded") from None


def _recorded_holds(run: Mapping[str, Any], file: Path) -> Mapping[str, float]:
    holds = run.get("holds", {})
    fits = isinstance(holds, dict) and all(
        isinstance(held, (int, float)) and 0 <= held < 1e9 for held in holds.values()
    )
    if not fits:
        raise _damaged(file, "holds")
    return {str(look): float(held) for look, held in holds.items()}


def _damaged(file: Path, key: str) -> EvidenceFault:
    return EvidenceFault(
        f"evidence {str(file)!r}: run.{key} is not as recorded. "
        "Next: pass a file that --k8s-grade-record wrote, unchanged."
    )

"""One grading session: what was asked for, what is graded, and what came out.

Holds the pieces together for the hooks. The rules are elsewhere: `settling` and
`rounds` for waiting, `grade` for points.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING

from pytest_k8sgrade.errors import UsageFault
from pytest_k8sgrade.grade.build import Run, build_grade
from pytest_k8sgrade.locale.messages import Catalogue, show
from pytest_k8sgrade.reports.write import write_report
from pytest_k8sgrade.rubric.load import LoadedRubric, load_rubric
from pytest_k8sgrade.rubric.model import sum_of
from pytest_k8sgrade.rubric.packs import find_pack
from pytest_k8sgrade.rubric.signature import title_of
from pytest_k8sgrade.rubric.variables import fill_placeholders, fixed_values, parse_overrides, searches
from pytest_k8sgrade.run.acting import ActivePhase, asked_for
from pytest_k8sgrade.run.answering import needs_cluster, recorded_sheet, sheet_of
from pytest_k8sgrade.run.entry import Entry
from pytest_k8sgrade.run.looks import Looker
from pytest_k8sgrade.run.outcomes import RecordedOutcome
from pytest_k8sgrade.run.recording import (
    RecordedRubric,
    RecordedRun,
    mark_of,
    recorded_values,
    split_settings,
)
from pytest_k8sgrade.run.results import excluded, results
from pytest_k8sgrade.run.rounds import Progress, Rounds
from pytest_k8sgrade.run.search import Search
from pytest_k8sgrade.run.settings import Settings
from pytest_k8sgrade.run.settling import Patience
from pytest_k8sgrade.run.sources import open_source

if TYPE_CHECKING:
    from pytest_k8sgrade.grade.model import Grade, Subject
    from pytest_k8sgrade.outcome import JsonValue
    from pytest_k8sgrade.rubric.model import Item, Rubric, Scalar
    from pytest_k8sgrade.run.collect import CheckItem
    from pytest_k8sgrade.run.sources import GradeSource


@dataclass
class GradeSession:
    """The state of one `--k8s-grade` run, from the options to the files it wrote."""

    settings: Settings
    lab: LoadedRubric
    catalogue: Catalogue
    source: GradeSource
    looker: Looker
    overrides: Mapping[str, Scalar] = field(default_factory=dict)
    asked: tuple[str, ...] = ()
    entries: list[Entry] = field(default_factory=list)
    outcomes: dict[str, RecordedOutcome] = field(default_factory=dict)
    written: list[str] = field(default_factory=list)
    started: datetime = field(default_factory=lambda: datetime.now(UTC))

    @classmethod
    def prepare(cls, settings: Settings, lab: LoadedRubric | None = None) -> GradeSession:
        """Read the rubric, unless it is given, and the kubeconfig or evidence; raises `UsageFault`."""
        lab = lab or load_rubric(find_pack(settings.lab))
        locale = lab.pack.locale
        given = parse_overrides(lab.rubric, settings.overrides)
        catalogue = Catalogue(settings.language, [locale] if locale else [])
        sheet = sheet_of(settings, lab)
        source = open_source(settings, needs_cluster=needs_cluster(lab))
        overrides = {**recorded_values(lab.rubric, source.recorded, given), **given}
        search = Search(fixed_values(lab.rubric, overrides), searches(lab.rubric, overrides))
        sheet = sheet or recorded_sheet(settings, source.recorded)
        looker = Looker(search, source.recorded.holds, sheet=sheet)
        asked = asked_for(lab.rubric, settings, source)
        session = cls(settings, lab, catalogue, source, looker, overrides, asked)
        source.expect(session._expected_reads())
        return session

    def title(self) -> str:
        """The rubric's title in the language of the run."""
        return self.lab.rubric.title.of(self.settings.language)

    def header(self) -> list[str]:
        """What is graded: the rubric, then the cluster or the evidence."""
        rubric = self.lab.rubric
        points = sum_of(rubric.items)
        lab = self.catalogue.label("header-lab", title=self.title(), id=rubric.id, points=points)
        namespaces = ", ".join(_namespaces(rubric, self.looker.search))
        told = ", ".join(f"{name}={show(value)}" for name, value in self.overrides.items())
        return [
            lab,
            *self.source.header(self.catalogue),
            *self._answers(),
            *([self.catalogue.label("header-namespaces", namespaces=namespaces)] if namespaces else []),
            *([self.catalogue.label("header-set", settings=told)] if told else []),
            *([self.catalogue.label("header-active", names=", ".join(self.asked))] if self.asked else []),
        ]

    def _answers(self) -> list[str]:
        sheet = self.looker.sheet
        if sheet is None:
            return []
        told = {"student": sheet.student, "rubric": sheet.rubric, "version": sheet.version}
        return [self.catalogue.label("header-answers", **told)]

    def _expected_reads(self) -> list[str]:
        """The rubric's reads with the variables put in, as far as they are known without the cluster."""
        search = self.looker.search
        guessed = {name: found.first_that_exists[0] for name, found in search.searches.items()}
        values = {**guessed, **search.fixed}
        return [fill_placeholders(path, values) for path in self.lab.rubric.reads]

    def run(self, nodes: Sequence[CheckItem], progress: Progress) -> None:
        """Grade the items in rounds, until every one has its final word; then those that act."""
        chosen = [node for node in nodes if excluded(node.rubric_item, self.asked) is None]
        self.entries = _entries(self.lab.rubric, chosen, self.settings, replayed=self.source.replayed)
        rounds = Rounds(
            [entry for entry in self.entries if not entry.acts], self.source, self.looker.look, progress
        )
        rounds.run()
        if self.settings.record is not None:
            self._ask_for_later(nodes)
        acting = [entry for entry in self.entries if entry.acts]
        ActivePhase(acting, self.looker, self.source, progress, self.catalogue, self.outcomes).run(
            rounds.view
        )

    def _ask_for_later(self, nodes: Sequence[CheckItem]) -> None:
        """Ask what blocked and waived items would have asked: a corrected rubric may look at them.

        What these looks find counts for nothing, and leaves no values behind.
        """
        views = [entry.view for entry in self.entries if entry.view is not None]
        looked_at = {entry.id for entry in self.entries if entry.blocked_by is None}
        known = dict(self.looker.values)
        for node in nodes if views else ():
            if node.rubric_item.id not in looked_at and node.rubric_item.active is None:
                self.looker.look(Entry(node, Patience(within=0)), views[0])
        self.looker.values = known

    def finish(self) -> Grade:
        """The grade of what is known now, also after an interrupt."""
        rubric = self.lab.rubric
        values = self.values()
        run = Run(
            digest=self.lab.digest,
            tool_version=version("pytest-k8sgrade"),
            subject=self._subject(),
            titles={item.id: self._title(item) for item in rubric.items},
            values=values,
            started=self.source.recorded.recorded or self.started,
            finished=self.source.recorded.recorded or datetime.now(UTC),
        )
        return build_grade(
            rubric, results(rubric, self.entries, self.asked), run, self.catalogue, self.settings.hints
        )

    def _subject(self) -> Subject:
        """The cluster, and the student who handed answers in."""
        sheet, subject = self.looker.sheet, self.source.subject()
        return subject if sheet is None else subject.model_copy(update={"student": sheet.student})

    def write(self, grade: Grade) -> None:
        """Write the reports and the evidence that were asked for.

        What cannot be written keeps nothing else from being written; then raises `UsageFault`.
        """
        faults = []
        for write, told in self._files(grade):
            try:
                write()
            except UsageFault as fault:
                faults.append(str(fault))
            else:
                self.written.append(told)
        if faults:
            raise UsageFault("\n".join(faults))

    def _files(self, grade: Grade) -> Iterator[tuple[Callable[[], None], str]]:
        """How each file is written, and what is said of it then."""
        label = self.catalogue.label
        for target in self.settings.reports:
            told = label("report-written", format=target.format, path=target.path)
            yield partial(write_report, target, grade), told
        place = self.settings.record
        if place is not None:
            older = [entry.view for entry in self.entries if entry.view is not None]
            record = partial(self.source.record, place, self._noted(grade), older)
            yield record, label("evidence-written", path=place)

    def _noted(self, grade: Grade) -> RecordedRun:
        rubric = self.lab.rubric
        return RecordedRun(
            rubric=RecordedRubric(id=rubric.id, version=rubric.version, digest=self.lab.digest),
            started=self.started,
            recorded=datetime.now(UTC),
            holds={entry.look: round(entry.held, 1) for entry in self.entries if entry.held},
            set=split_settings(self.settings.overrides),
            asked=self.asked,
            outcomes=self.outcomes,
            mark=mark_of(grade),
            answers=self.looker.sheet,
        )

    def _title(self, item: Item) -> str:
        check = self.lab.checks[item.check]
        return title_of(item, check, self.values(), self.settings.language)

    def values(self) -> dict[str, JsonValue]:
        """The variables that are known: fixed ones, and what was looked up."""
        return {**self.looker.search.fixed, **self.looker.values}


def _namespaces(rubric: Rubric, search: Search) -> list[str]:
    """The namespaces that may be looked at, in the rubric's order, without asking the cluster."""
    values = {name: " | ".join(found.first_that_exists) for name, found in search.searches.items()}
    values.update({name: str(value) for name, value in search.fixed.items()})
    named = [item.with_.get("namespace") for item in rubric.items]
    return list(dict.fromkeys(fill_placeholders(name, values) for name in named if isinstance(name, str)))


def _entries(
    rubric: Rubric, nodes: Sequence[CheckItem], settings: Settings, *, replayed: bool
) -> list[Entry]:
    """One entry per item that is run, needs before what needs them."""
    by_id: dict[str, CheckItem] = {node.rubric_item.id: node for node in nodes}
    made: dict[str, Entry] = {}

    def make(item_id: str) -> None:
        if item_id in made or item_id not in by_id:
            return
        item = by_id[item_id].rubric_item
        for need in item.needs:
            make(need)
        needs = tuple(made[need] for need in item.needs if need in made)
        made[item_id] = Entry(by_id[item_id], _patience(rubric, item, settings, replayed), needs)

    for node in nodes:
        make(node.rubric_item.id)
    return list(made.values())


def _patience(rubric: Rubric, item: Item, settings: Settings, replayed: bool) -> Patience:
    within = rubric.within_of(item)
    if settings.wait is not None:
        within = min(within, settings.wait)
    patience = Patience(within=within, hold=rubric.hold_of(item))
    return replace(patience, final=True) if replayed or settings.wait == 0 else patience

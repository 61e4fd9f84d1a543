"""Regrading files: each is graded with the old rubric and with the new one.

One row per file; a file that cannot be graded is a row too and the others go on.
`command.regrade` is the caller.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from pytest_k8sgrade.cluster import open_evidence
from pytest_k8sgrade.engine import grade_evidence
from pytest_k8sgrade.errors import UsageFault
from pytest_k8sgrade.grade.model import Grade
from pytest_k8sgrade.locale.messages import Catalogue
from pytest_k8sgrade.regrade.compare import direction, item_changes, mark_of, missing_reads
from pytest_k8sgrade.regrade.differences import rubric_changes
from pytest_k8sgrade.regrade.model import Recorded, Regrade, Row, RubricChange, RubricSide, Summary
from pytest_k8sgrade.regrade.notes import notes_of
from pytest_k8sgrade.rubric.load import LoadedRubric, load_rubric
from pytest_k8sgrade.rubric.packs import all_packs, find_pack
from pytest_k8sgrade.rubric.variables import parse_overrides
from pytest_k8sgrade.run.recording import read_run


@dataclass(frozen=True, slots=True)
class Side:
    """A rubric that is graded with, and how the person named it."""

    source: str
    lab: LoadedRubric

    @classmethod
    def of(cls, source: str) -> Side:
        """The rubric of a lab's name or of a path; raises `UsageFault`."""
        return cls(source, load_rubric(find_pack(source)))

    def told(self) -> RubricSide:
        """As the result names it."""
        rubric = self.lab.rubric
        return RubricSide(source=self.source, id=rubric.id, version=rubric.version, digest=self.lab.digest)

    def grade(self, evidence: Path, overrides: Sequence[str], catalogue: Catalogue) -> Grade:
        """The grade of the evidence; settings of variables that this rubric lacks are left out."""
        known = [text for text in overrides if text.partition("=")[0] in self.lab.rubric.vars]
        return grade_evidence(self.source, evidence, overrides=known, language=catalogue.language)


def evidence_files(paths: Iterable[Path]) -> list[Path]:
    """The files that are meant, of folders every `*.zip` however deep; raises `UsageFault` for none."""
    found: dict[Path, Path] = {}
    for path in paths:
        inside = sorted(path.rglob("*.zip")) if path.is_dir() else [path]
        if not inside:
            raise UsageFault(f"the folder {str(path)!r} holds no evidence; evidence files end in .zip")
        if not path.exists():
            raise UsageFault(f"there is no evidence {str(path)!r}; give files that were recorded, or folders")
        for file in inside:
            found.setdefault(file.resolve(), file)
    return list(found.values())


@dataclass
class Regrading:
    """One call: the new rubric, the old one if it was given, and what was set by hand."""

    new: Side
    old: Side | None
    overrides: tuple[str, ...]
    catalogue: Catalogue

    def __post_init__(self) -> None:
        parse_overrides(self.new.lab.rubric, self.overrides)

    def run(self, files: Sequence[Path], told: Callable[[int], None] = lambda number: None) -> Regrade:
        """Grade all files; `told` hears after each how many are done."""
        rows = []
        for number, file in enumerate(files, start=1):
            rows.append(self._row(file))
            told(number)
        return Regrade(
            tool_version=version("pytest-k8sgrade"),
            language=self.catalogue.language,
            new_rubric=self.new.told(),
            rubric_changes=self._shared_changes(rows),
            files=tuple(rows),
            summary=_summary(rows),
        )

    def _row(self, file: Path) -> Row:
        try:
            recorded = _recorded(file)
            new = self.new.grade(file, self.overrides, self.catalogue)
            old = self.old or _bundled(recorded.rubric.id)
            before = old.grade(file, self.overrides, self.catalogue) if old else None
        except UsageFault as fault:
            return Row(file=str(file), error=fault.text(self.catalogue.language))
        changes = item_changes(before, new, self._changes(old)) if before else ()
        mark = mark_of(before) if before else None
        return Row(
            file=str(file),
            recorded=recorded,
            old_rubric=old.told() if old else None,
            old=mark,
            new=mark_of(new),
            direction=direction(mark, mark_of(new), changes),
            changes=changes,
            missing=missing_reads(new),
            notes=notes_of(recorded, old.told() if old else None, mark, self.new.lab.rubric, self.catalogue),
        )

    def _changes(self, old: Side | None) -> tuple[RubricChange, ...]:
        return rubric_changes(old.lab.rubric, self.new.lab.rubric) if old else ()

    def _shared_changes(self, rows: Sequence[Row]) -> tuple[RubricChange, ...]:
        sources = {row.old_rubric.source for row in rows if row.old_rubric is not None}
        return self._changes(Side.of(sources.pop())) if len(sources) == 1 else ()


def _recorded(file: Path) -> Recorded:
    evidence = open_evidence(file).evidence
    run = read_run(evidence.run, file)
    return Recorded(
        at=run.recorded,
        tool_version=evidence.tool.get("version", ""),
        rubric=run.rubric,
        variables=run.set,
        mark=run.mark,
    )


def _bundled(lab: str) -> Side | None:
    """The installed lab of that name: never a path, for the name comes out of the file."""
    return Side.of(lab) if any(pack.name == lab for pack in all_packs()) else None


def _summary(rows: Sequence[Row]) -> Summary:
    readable = [row for row in rows if row.new is not None]
    directions = Counter(row.direction for row in readable)
    return Summary(
        files=len(rows),
        same=directions["same"],
        higher=directions["higher"],
        lower=directions["lower"],
        undecided=directions["undecided"],
        unreadable=len(rows) - len(readable),
        incomplete=sum(bool(row.new and row.new.ungraded_items) for row in readable),
    )

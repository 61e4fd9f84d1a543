"""What regrading found, for a person at a terminal: changes first, all marks last.

Returns renderables; the command owns the terminal. What comes from files of others is
shown without control characters.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from pydantic import JsonValue
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from pytest_k8sgrade.locale.messages import LANGUAGES, Catalogue
from pytest_k8sgrade.regrade.marks import marks
from pytest_k8sgrade.regrade.model import ItemChange, ItemMark, Regrade, Row, RubricChange, RubricSide
from pytest_k8sgrade.regrade.notes import short
from pytest_k8sgrade.reports.facts import earned
from pytest_k8sgrade.reports.prose import Prose
from pytest_k8sgrade.reports.terminal import MARKS
from pytest_k8sgrade.reports.text import value_text, visible

Part = Table | Text | Padding | str

_FILES_SHOWN = 3


def page(regrade: Regrade, catalogue: Catalogue) -> Iterator[Part]:
    """All parts, in the order of reading."""
    return _Page(regrade, catalogue).parts()


class _Page:
    def __init__(self, regrade: Regrade, catalogue: Catalogue) -> None:
        self._regrade = regrade
        self._label = catalogue.label
        self._language = catalogue.language

    def parts(self) -> Iterator[Part]:
        yield self._rubrics()
        yield from self._differences()
        for row in self._regrade.files:
            if row.changes:
                yield from self._changed(row)
        yield from self._missing()
        yield from self._notes()
        yield from self._errors()
        yield from self._items()
        yield self._heading("marks")
        yield from marks(self._regrade, self._label)

    def _heading(self, name: str) -> Text:
        return Text("\n" + self._label(f"regrade-{name}"), "bold")

    def _rubrics(self) -> Table:
        olds = {row.old_rubric for row in self._regrade.files if row.old_rubric is not None}
        table = _grid()
        several = self._label("regrade-old-bundled")
        told = (
            self._rubric(olds.pop())
            if len(olds) == 1
            else several
            if olds
            else self._label("regrade-nothing")
        )
        table.add_row(Text(self._label("regrade-old"), "bold"), Text(told))
        table.add_row(Text(self._label("regrade-new"), "bold"), Text(self._rubric(self._regrade.new_rubric)))
        return table

    def _rubric(self, side: RubricSide) -> str:
        told = {"source": side.source, "id": side.id, "version": side.version}
        return visible(self._label("regrade-rubric", **told, digest=short(side.digest)))

    def _differences(self) -> Iterator[Part]:
        changes = self._regrade.rubric_changes
        if changes:
            yield self._heading("differences")
            table = _grid(3)
            for change in changes:
                item = change.item or self._label("regrade-of-rubric")
                table.add_row(Text(item), Text(_key(change)), Text(self._values(change)))
            yield _indented(table)
        elif any(row.old_rubric is not None for row in self._regrade.files):
            same = {row.old_rubric.digest for row in self._regrade.files if row.old_rubric}
            if same == {self._regrade.new_rubric.digest}:
                yield Text("\n" + self._label("regrade-no-differences"))

    def _values(self, change: RubricChange) -> str:
        if change.key == "item":
            return self._label("regrade-added" if change.old is None else "regrade-removed")
        old, new = (
            self._label("regrade-nothing") if value in (None, [], {}) else value_text(self._spoken(value))
            for value in (change.old, change.new)
        )
        return f"{old} → {new}"

    def _spoken(self, value: JsonValue) -> JsonValue:
        """A text of the rubric in the language of the page, everything else as it is."""
        if isinstance(value, dict) and set(value) == set(LANGUAGES):
            return value[self._language]
        return value

    def _changed(self, row: Row) -> Iterator[Part]:
        yield Text("\n" + visible(row.file), "bold")
        for change in row.changes:
            yield _indented(self._title(change))
            yield _indented(self._sides(change), 4)

    def _title(self, change: ItemChange) -> Text:
        line = Text.assemble(visible(change.title), " ", (f"({change.id})", "dim"))
        keys = [key for key in change.rubric if key != "item"]
        if keys:
            line.append("  " + self._label("regrade-cause", keys=", ".join(keys)), "cyan")
        return line

    def _sides(self, change: ItemChange) -> Table:
        """Old above new: verdict, points, reason; an equal reason is said once."""
        old, new = self._reason(change.old, "added"), self._reason(change.new, "removed")
        table = _grid(4)
        table.add_row(*self._side("was", change.old), Text(old if old != new else ""))
        table.add_row(*self._side("is", change.new), Text(new))
        return table

    def _reason(self, mark: ItemMark | None, absent: str) -> str:
        if mark is None:
            return self._label(f"regrade-{absent}")
        return visible(mark.reason.text) if mark.reason else ""

    def _side(self, name: str, mark: ItemMark | None) -> tuple[Text, Text, Text]:
        heading = Text(self._label(f"regrade-{name}"), "dim")
        if mark is None:
            return heading, Text(""), Text("")
        sign, style = MARKS[mark.verdict]
        verdict = Text(f"{sign} {self._label(f'report-{mark.verdict}')}", style)
        return heading, verdict, Text(earned(mark.verdict, mark.points, mark.max_points))

    def _missing(self) -> Iterator[Part]:
        found: dict[tuple[str, str], list[str]] = {}
        for row in self._regrade.files:
            for read in row.missing:
                found.setdefault((read.item, read.path), []).append(row.file)
        if not found:
            return
        yield self._heading("missing")
        yield _indented(Prose(self._label("regrade-missing-text")))
        for (item, path), files in found.items():
            yield _indented(Text.assemble(item, " ", (self._files(files), "dim")))
            yield _indented(Text(visible(path), overflow="fold"), 4)

    def _notes(self) -> Iterator[Part]:
        found: dict[str, list[str]] = {}
        for row in self._regrade.files:
            for note in row.notes:
                found.setdefault(note.text, []).append(row.file)
        if found:
            yield self._heading("notes")
        for text, files in found.items():
            yield _indented(Text.assemble(text, " ", (self._files(files), "dim")))

    def _errors(self) -> Iterator[Part]:
        errors = [row.error for row in self._regrade.files if row.error is not None]
        if errors:
            yield self._heading("errors")
        for error in errors:
            yield _indented(Text(visible(error)))

    def _items(self) -> Iterator[Part]:
        """Of several files: how often an item went from which verdict to which."""
        ways: dict[str, Counter[str]] = {}
        for change in (change for row in self._regrade.files for change in row.changes):
            sides = [self._word(mark) for mark in (change.old, change.new)]
            ways.setdefault(change.id, Counter())[" → ".join(sides)] += 1
        if not ways or len(self._regrade.files) == 1:
            return
        yield self._heading("changes")
        table = _grid()
        for item, counts in ways.items():
            told = ", ".join(f"{way} ({count})" for way, count in counts.most_common())
            table.add_row(Text(item), Text(told))
        yield _indented(table)

    def _word(self, mark: ItemMark | None) -> str:
        return self._label("regrade-nothing") if mark is None else self._label(f"report-{mark.verdict}")

    def _files(self, files: list[str]) -> str:
        count = len(self._regrade.files)
        if len(files) == count and count > 1:
            return self._label("regrade-note-files", files=self._label("regrade-all-files", count=count))
        names = [visible(file) for file in files[:_FILES_SHOWN]]
        more = len(files) - len(names)
        told = [*names, *([self._label("regrade-more-files", count=more)] if more else [])]
        return self._label("regrade-note-files", files=", ".join(told))


def _key(change: RubricChange) -> str:
    return "" if change.key == "item" else change.key


def _grid(columns: int = 2) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    for _ in range(columns - 1):
        table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    return table


def _indented(part: Table | Text | Prose, cells: int = 2) -> Padding:
    return Padding(part, (0, 0, 0, cells))

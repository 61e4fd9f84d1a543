"""What a rubric's parts must agree on: ids, needs, totals, times, variables, checks.

Works on the items that are well formed even when others are not, so that one run
tells all faults. Called by `rubric.load` only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pytest_k8sgrade.kube.duration import parse_duration
from pytest_k8sgrade.outcome import JsonValue
from pytest_k8sgrade.rubric.document import Document, Path
from pytest_k8sgrade.rubric.faults import Faults, quoted
from pytest_k8sgrade.rubric.fields import LocalizedText, show_duration
from pytest_k8sgrade.rubric.kinds import known_kinds
from pytest_k8sgrade.rubric.model import FirstThatExists, Item, Rubric, sum_of
from pytest_k8sgrade.rubric.signature import ACTOR, Check, Checks, UnknownCheckError
from pytest_k8sgrade.rubric.suggest import choices
from pytest_k8sgrade.rubric.validation import place
from pytest_k8sgrade.rubric.variables import placeholders, substitute


@dataclass(frozen=True, slots=True)
class Entry:
    """An item of the file; `faulty` are the keys that `item` does not have as the file gives them."""

    path: Path
    id: str | None
    item: Item
    faulty: frozenset[str] = frozenset()


def check_consistency(
    document: Document, entries: list[Entry], rubric: Rubric | None, checks: Checks, faults: Faults
) -> dict[str, Check]:
    """Note what does not agree; return the checks found, by name."""
    judge = _Judge(document, entries, checks, faults)
    judge.ids()
    for entry in entries:
        judge.needs(entry.path, entry.item)
        if not entry.faulty & {"check", "with"}:
            judge.check(entry.path, entry.item)
            judge.texts(entry.path, entry.item)
    judge.cycles()
    if rubric is not None:
        judge.searches(rubric)
        judge.totals(rubric)
        judge.times(rubric)
    return judge.found


class _Judge:
    """The rules, each noting its faults; `found` collects the checks that exist."""

    def __init__(self, document: Document, entries: list[Entry], checks: Checks, faults: Faults) -> None:
        self.found: dict[str, Check] = {}
        self._document = document
        self._entries = entries
        self._checks = checks
        self._faults = faults
        self._vars = _raw_variables(document.data)
        self._by_id = {entry.id: entry for entry in entries if entry.id is not None}

    def ids(self) -> None:
        """Ids are unique: everything refers to an item by it."""
        self._unique([(entry.path, entry.id) for entry in self._entries if entry.id is not None])
        groups = self._document.data.get("groups") if isinstance(self._document.data, dict) else None
        listed = enumerate(groups) if isinstance(groups, list) else ()
        named = [(("groups", index), group.get("id")) for index, group in listed if isinstance(group, dict)]
        self._unique([(path, group_id) for path, group_id in named if isinstance(group_id, str)])

    def needs(self, path: Path, item: Item) -> None:
        """Every need is another item; only an active item may need an active one."""
        for index, need in enumerate(item.needs):
            there = self._by_id.get(need)
            where = (*path, "needs", index)
            if need == item.id:
                self._fault(where, "an item cannot need itself")
            elif there is None:
                self._fault(where, f"no item {quoted(need)}; {choices(need, self._by_id, 'items')}")
            elif there.item.active and not item.active:
                self._fault(where, f"{need} is active and off by default: only active items may need it")

    def cycles(self) -> None:
        """Needs lead to an end."""
        needs = {entry.item.id: entry.item.needs for entry in self._entries}
        for cycle in _cycles(needs):
            line_of = self._by_id[cycle[0]].path
            self._fault((*line_of, "needs"), f"needs go in a circle: {' → '.join([*cycle, cycle[0]])}")

    def check(self, path: Path, item: Item) -> None:
        """The check exists and takes the item's parameters."""
        unknown = placeholders(item.with_) - self._vars.keys()
        for name in sorted(unknown):
            self._fault((*path, "with"), f"no variable {quoted(name)}; {choices(name, self._vars, 'vars')}")
        try:
            check = self.found.get(item.check) or self._checks.find(item.check)
        except UnknownCheckError as error:
            self._fault((*path, "check"), str(error))
            return
        self.found[item.check] = check
        if check.takes(ACTOR):
            self._acts(path, item)
        doubtful = {name for name, value in item.with_.items() if placeholders(value) & unknown}
        given = substitute(item.with_, self._vars | dict.fromkeys(unknown, ""))
        for fault in check.faults(given):
            if fault.name not in doubtful or fault.name not in check.parameters:
                self._fault((*path, "with", *([fault.name] if fault.name else [])), fault.message)

    def _acts(self, path: Path, item: Item) -> None:
        """A check that changes the cluster is one that must be asked for, and says how long it may take."""
        if item.active is None:
            self._fault((*path, "check"), f"{item.check} changes the cluster: it needs `active: NAME`")
        lasts = item.with_.get("lasts")
        if isinstance(lasts, str) and not placeholders(lasts):
            try:
                parse_duration(lasts)
            except ValueError as error:
                self._fault((*path, "with", "lasts"), f"{error}; write one such as 5m")

    def texts(self, path: Path, item: Item) -> None:
        """Titles and hints name only what is known."""
        allowed = self._vars.keys() | item.with_.keys() | self._parameters(item)
        texts = {"title": item.title, **{f"hints.{k}": v for k, v in item.hints}}
        for key, text in texts.items():
            for name in sorted(_named(text) - allowed):
                self._fault(
                    (*path, *key.split(".")),
                    f"nothing named {quoted(name)} to show; {choices(name, allowed)}",
                )

    def searches(self, rubric: Rubric) -> None:
        """The objects that decide over a variable are of a kind that can be asked for."""
        for name, value in rubric.vars.items():
            if isinstance(value, FirstThatExists) and value.kind.lower() not in known_kinds():
                near = choices(value.kind.lower(), known_kinds(), "kinds")
                self._fault(("vars", name, "holding"), f"no kind {quoted(value.kind)}; {near}")

    def totals(self, rubric: Rubric) -> None:
        """Declared sums are true, and the pass mark can be reached."""
        for index, group in enumerate(rubric.groups):
            self._sum(("groups", index, "points"), group.points, sum_of(group.items))
        total = sum_of(rubric.items)
        self._sum(("points",), rubric.points, total)
        if total == 0:
            self._fault(("groups",), "no item gives points")
        if rubric.pass_mark.unit == "points" and rubric.pass_mark.value > total:
            self._fault(("pass_mark",), f"cannot be reached: all items together give {total:f} points")

    def times(self, rubric: Rubric) -> None:
        """Nothing waits longer than the run."""
        if rubric.within is not None:
            self._within(("within",), rubric.within, rubric.budget)
        for entry in self._entries:
            item = entry.item
            if item.within is not None:
                self._within((*entry.path, "within"), item.within, rubric.budget)
            hold, within = rubric.hold_of(item), rubric.within_of(item)
            if hold > within:
                least = f"at least its hold of {show_duration(hold)}"
                self._fault((*entry.path, "hold"), f"may take {show_duration(within)}; it needs {least}")

    def _within(self, path: Path, within: float, budget: float) -> None:
        if within > budget:
            limit = f"longer than the budget of the run, which is {show_duration(budget)}"
            self._fault(path, f"{show_duration(within)} is {limit}")

    def _sum(self, path: Path, declared: Any, actual: Any) -> None:
        if declared is not None and declared != actual:
            self._fault(path, f"says {declared:f}, but the items give {actual:f} (bonus items not counted)")

    def _unique(self, ids: Iterable[tuple[Path, str]]) -> None:
        seen: dict[str, int] = {}
        for path, name in ids:
            line = self._document.line((*path, "id"))
            if name in seen:
                self._fault((*path, "id"), f"the id {quoted(name)} is already used in line {seen[name]}")
            seen.setdefault(name, line)

    def _parameters(self, item: Item) -> set[str]:
        return set(self.found[item.check].parameters) if item.check in self.found else set()

    def _fault(self, path: Path, message: str) -> None:
        where = place(self._document.data, path)
        self._faults.add(self._document.line(path), f"{where}: {message}" if where else message)


def _named(text: LocalizedText | None) -> set[str]:
    return placeholders([text.en, text.ko]) if text else set()


def _raw_variables(data: Any) -> dict[str, JsonValue]:
    """The variables with a value of the right type each: what a search may find, its first name."""
    given = data.get("vars") if isinstance(data, dict) else None
    if not isinstance(given, Mapping):
        return {}
    return {name: _example(value) for name, value in given.items()}


def _example(value: JsonValue) -> JsonValue:
    if isinstance(value, (Mapping, FirstThatExists)):
        return "name"
    return value


def _cycles(needs: Mapping[str, tuple[str, ...]]) -> list[list[str]]:
    """Each circle of needs once, starting from the item that comes first in the file."""
    found: list[list[str]] = []
    done: set[str] = set()
    for start in needs:
        trail: list[str] = []
        stack: list[tuple[str, int]] = [(start, 0)]
        while stack:
            name, depth = stack.pop()
            del trail[depth:]
            if name in trail:
                cycle = trail[trail.index(name) :]
                if set(cycle) not in (set(known) for known in found):
                    found.append(cycle)
                continue
            if name in done:
                continue
            trail.append(name)
            stack += [(need, len(trail)) for need in reversed(needs.get(name, ())) if need in needs]
        done.add(start)
    return [cycle for cycle in found if len(cycle) > 1]

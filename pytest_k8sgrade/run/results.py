"""From the entries of a run to the item results of the grade and to pytest's reports.

Every item of the rubric gets a result, also those that were not run, so that
nothing vanishes from a grade. One set of reports per item goes to pytest: a failure
is the student's, an error is ours, a skip was not looked at.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Literal, TypeAlias

import pytest

from pytest_k8sgrade.grade.build import ItemResult
from pytest_k8sgrade.grade.model import GradedItem, Verdict
from pytest_k8sgrade.outcome import Observation, Reason
from pytest_k8sgrade.rubric.model import Item, Rubric
from pytest_k8sgrade.run.collect import CheckItem
from pytest_k8sgrade.run.entry import Entry

Phase: TypeAlias = Literal["setup", "call", "teardown"]
Outcome: TypeAlias = Literal["passed", "failed", "skipped"]

_ENDS: Mapping[Verdict, tuple[Phase, Outcome]] = {
    "passed": ("call", "passed"),
    "partial": ("call", "failed"),
    "failed": ("call", "failed"),
    "ungraded": ("setup", "failed"),
    "blocked": ("setup", "skipped"),
    "skipped": ("setup", "skipped"),
    "waived": ("setup", "skipped"),
}
"""In which phase an item of that verdict ends, and how."""


def results(rubric: Rubric, entries: Iterable[Entry], asked: Collection[str]) -> list[ItemResult]:
    """One result for each item of the rubric; `asked` are the active checks that were asked for."""
    by_id = {entry.id: entry for entry in entries}
    return [_result(item, by_id.get(item.id), asked) for item in rubric.items]


def excluded(item: Item, asked: Collection[str] = ()) -> Verdict | None:
    """The verdict of an item that is not run at all, or None."""
    if item.waived is not None:
        return "waived"
    return "skipped" if item.active is not None and item.active not in asked else None


def _result(item: Item, entry: Entry | None, asked: Collection[str]) -> ItemResult:
    if entry is None:
        verdict = excluded(item, asked)
        if verdict is not None:
            return ItemResult(item=item.id, verdict=verdict)
        return ItemResult(item=item.id, verdict="ungraded", observation=_doubt("deselected"))
    verdict, observation = _last_word(entry)
    return ItemResult(
        item=item.id,
        verdict=verdict,
        observation=observation,
        waited_s=entry.settled_at,
        held_s=entry.held,
        timeline=tuple(entry.timeline),
        blocked_by=entry.blocked_by.id if entry.blocked_by else None,
    )


def _last_word(entry: Entry) -> tuple[Verdict, Observation]:
    observation = entry.observation
    if entry.verdict == "ungraded" and entry.blocked_by is None and observation.status == "met":
        return "ungraded", _doubt("hold-not-proven", hold=round(entry.patience.hold))
    if entry.verdict is not None:
        return entry.verdict, observation
    if entry.blocked_by is not None:
        return "blocked", observation
    return "ungraded", _doubt("interrupted")


def _doubt(reason: str, **params: object) -> Observation:
    return Observation("cannot-tell", Reason(reason, params))


def reports(node: CheckItem, graded: GradedItem) -> Iterator[pytest.TestReport]:
    """The reports of one item, as pytest expects them of a test that ended like this."""
    last, outcome = _ENDS[graded.verdict]
    for phase in ("setup", "call", "teardown"):
        if phase == last:
            yield _report(node, graded, last, outcome)
        elif phase != "call" or last != "setup":
            yield _report(node, graded, phase, "passed")


def _report(node: CheckItem, graded: GradedItem, phase: Phase, outcome: Outcome) -> pytest.TestReport:
    text = graded.reason.text if graded.reason else graded.title
    longrepr: str | tuple[str, int, str] | None = None
    if outcome == "failed":
        longrepr = text
    elif outcome == "skipped":
        longrepr = (str(node.path), 0, text)
    return pytest.TestReport(
        nodeid=node.nodeid,
        location=node.location,
        keywords=dict.fromkeys(node.keywords, 1),
        outcome=outcome,
        longrepr=longrepr,
        when=phase,
        user_properties=properties(graded),
    )


def properties(graded: GradedItem) -> list[tuple[str, object]]:
    """What pytest's own reports carry of an item: simple types only, for xdist and JSON plugins."""
    return [
        ("k8sgrade.item", graded.id),
        ("k8sgrade.check", graded.check),
        ("k8sgrade.verdict", graded.verdict),
        ("k8sgrade.points", float(graded.points)),
        ("k8sgrade.max_points", float(graded.max_points)),
    ]

"""What the file itself promises and does not keep: needs, times, totals, variables.

The loader refuses what cannot be graded at all; these rules find what would be graded
unfairly, or is written and has no effect.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from pytest_k8sgrade.lint.findings import Finding
from pytest_k8sgrade.lint.subject import Subject
from pytest_k8sgrade.rubric.fields import LocalizedText, show_duration
from pytest_k8sgrade.rubric.model import Item, sum_of
from pytest_k8sgrade.rubric.variables import placeholders
from pytest_k8sgrade.run.results import excluded

_WRITTEN = ("exists", "configured")
"""Levels that are read from what is written: nothing has to run for them."""


def structure(subject: Subject) -> Iterator[Finding]:
    """All findings of this kind."""
    for item in subject.rubric.items:
        yield from _needs(subject, item)
        yield from _parameters(subject, item)
    yield from _totals(subject)
    yield from _variables(subject)


def _needs(subject: Subject, item: Item) -> Iterator[Finding]:
    within_of = subject.rubric.within_of
    for index, need_id in enumerate(item.needs):
        need = subject.rubric.by_id.get(need_id)
        if need is None or excluded(item) is not None:
            continue
        if excluded(need) is not None:
            yield subject.in_item("need-waived", item, "needs", index, need=need_id)
            continue
        if within_of(need) > within_of(item):
            yield subject.in_item(
                "need-outlasts",
                item,
                "needs",
                index,
                need=need_id,
                own=show_duration(within_of(item)),
                other=show_duration(within_of(need)),
            )
        if item.level in _WRITTEN and need.level not in _WRITTEN:
            yield subject.in_item(
                "need-above-level", item, "needs", index, need=need_id, level=item.level, above=need.level
            )


def _parameters(subject: Subject, item: Item) -> Iterator[Finding]:
    for name, value in item.with_.items():
        if value in ([], {}):
            yield subject.in_item("asks-for-nothing", item, "with", name, parameter=name, value=value)


def _totals(subject: Subject) -> Iterator[Finding]:
    rubric = subject.rubric
    reachable = sum(
        (item.points for item in rubric.items if not item.bonus and excluded(item) is None), Decimal(0)
    )
    mark_points = rubric.pass_mark.value if rubric.pass_mark.unit == "points" else Decimal(0)
    if reachable < mark_points <= sum_of(rubric.items):  # beyond the sum it is a fault of the loader's
        told = {"mark": f"{mark_points:f}", "reachable": f"{reachable:f}"}
        yield subject.in_file("pass-mark-out-of-reach", "pass_mark", **told)
    if 0 < mark_points < 1 < reachable:
        share = f"{mark_points * 100:f}".rstrip("0").rstrip(".") + "%"
        yield subject.in_file("pass-mark-a-share", "pass_mark", mark=f"{mark_points:f}", share=share)
    for item in rubric.items:
        if item.required and excluded(item) == "skipped":
            yield subject.in_item("never-passed", item, "required", name=item.active)


def _variables(subject: Subject) -> Iterator[Finding]:
    used = set(_used(subject))
    for name in subject.rubric.vars:
        if name not in used:
            yield subject.in_file("variable-unused", "vars", name, name=name)


def _used(subject: Subject) -> Iterator[str]:
    yield from placeholders(list(subject.rubric.reads))
    for item in subject.rubric.items:
        yield from placeholders(item.with_)
        texts = [item.title, *(text for _, text in item.hints)]
        yield from placeholders([part for text in texts for part in _both(text)])


def _both(text: LocalizedText | None) -> list[str]:
    return [text.en, text.ko] if text else []

"""One rubric, linted: the loader's faults, and what the rules find in what is well formed.

`command` calls `lint_rubric` for each rubric it is given.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pytest_k8sgrade.errors import UsageFault
from pytest_k8sgrade.lint.behaviour import behaviour
from pytest_k8sgrade.lint.findings import Finding
from pytest_k8sgrade.lint.reasons import reasons
from pytest_k8sgrade.lint.recordings import recordings_of
from pytest_k8sgrade.lint.structure import structure
from pytest_k8sgrade.lint.subject import Subject, item_at
from pytest_k8sgrade.lint.texts import texts
from pytest_k8sgrade.locale.messages import LANGUAGES, Catalogue, Language
from pytest_k8sgrade.rubric.load import Examined, examine
from pytest_k8sgrade.rubric.packs import Pack, find_pack
from pytest_k8sgrade.rubric.signature import Checks

ALLOW = "# lint: allow "
"""A comment at the end of a line that says which rules its author has thought about there."""


@dataclass(frozen=True, slots=True)
class Linted:
    """A rubric's findings in the order of the file.

    `items` is how many items it has. `recorded` is whether its proofs gave recorded clusters to
    look at; `complete` whether every rule could be applied.
    """

    source: str
    findings: tuple[Finding, ...]
    items: int = 0
    recorded: bool = False
    complete: bool = True


def lint_rubric(lab: str) -> Linted:
    """Lint a lab of that name or a rubric file; raises `UsageFault` when it cannot be read."""
    pack = find_pack(lab)
    content = pack.read()
    examined = examine(content, pack.source, Checks(pack.checks))
    faults = [
        Finding("fault", line, item_at(examined.document, line), {"message": message})
        for line, message in examined.faults.found
    ]
    if examined.rubric is None:
        return Linted(pack.source, tuple(faults), complete=False)
    catalogues, unreadable = _catalogues(pack)
    subject = _subject(pack, examined, catalogues, faults)
    recordings, unreadable_proofs = recordings_of(subject)
    found = [*unreadable_proofs, *unreadable]
    looked = behaviour(subject, recordings)
    found += [*structure(subject), *texts(subject), *looked.findings, *reasons(subject, looked.looks)]
    allowed = _allowed(content)
    told = [*faults, *(one for one in found if (one.line, one.rule) not in allowed)]
    return Linted(
        source=pack.source,
        findings=tuple(sorted(told, key=lambda one: (one.line, one.rule))),
        items=len(examined.rubric.items),
        recorded=recordings.empty is not None,
    )


def _catalogues(pack: Pack) -> tuple[dict[Language, Catalogue], list[Finding]]:
    """The texts of every language; none when those beside the rubric cannot be read."""
    beside = [pack.locale] if pack.locale else []
    try:
        return {language: Catalogue(language, beside) for language in LANGUAGES}, []
    except UsageFault as fault:
        return {}, [Finding("texts-unreadable", 1, None, {"error": str(fault)})]


def _subject(
    pack: Pack, examined: Examined, catalogues: Mapping[Language, Catalogue], faults: list[Finding]
) -> Subject:
    assert examined.rubric is not None
    return Subject(
        pack=pack,
        document=examined.document,
        rubric=examined.rubric,
        checks=examined.checks,
        catalogues=catalogues,
        faulty=frozenset(fault.item for fault in faults if fault.item is not None),
    )


def _allowed(content: bytes) -> frozenset[tuple[int, str]]:
    """The rules that comments allow, by line."""
    found: set[tuple[int, str]] = set()
    for number, line in enumerate(content.decode("utf-8-sig").splitlines(), start=1):
        _, comment, rules = line.partition(ALLOW)
        if comment:
            found |= {(number, rule.strip()) for rule in rules.split(",")}
    return frozenset(found)

"""Findings told: as lines that a log, an editor or grep understands, as a page to be wrapped, or as JSON.

In a log every finding begins with one line `FILE:LINE: SEVERITY: TEXT [RULE]`, however long.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from rich.padding import Padding
from rich.text import Text

from pytest_k8sgrade.lint.findings import Finding, Severity
from pytest_k8sgrade.lint.run import Linted
from pytest_k8sgrade.locale.messages import Language
from pytest_k8sgrade.reports.labels import Labels, labels
from pytest_k8sgrade.reports.prose import Prose
from pytest_k8sgrade.reports.text import visible

SCHEMA: Final = "k8sgrade/lint/v1"

_STYLES: Final[dict[Severity, str]] = {"error": "bold red", "warning": "yellow"}
_DETAILS: Final = ("expected", "next")


def as_lines(results: Sequence[Linted], language: Language) -> str:
    """The findings for a log."""
    words = labels(language, "lint")
    lines: list[str] = []
    for linted in results:
        for finding in linted.findings:
            place = f"{linted.source}:{finding.line}: {words(finding.severity)}"
            lines.append(f"{place}: {_text(finding, words)} [{finding.rule}]")
            lines += [f"    {line}" for line in _details(finding, words)]
        lines += _remarks(linted, words)
    return "\n".join([*lines, *_summary(results, words)]) + "\n"


def page(results: Sequence[Linted], language: Language) -> Iterator[Text | Prose | Padding]:
    """The findings for a terminal, to be wrapped."""
    words = labels(language, "lint")
    for linted in results:
        for finding in linted.findings:
            place = Text(f"{visible(linted.source)}:{finding.line}  ")
            severity = Text(words(finding.severity), _STYLES[finding.severity])
            yield Text.assemble(place, severity, "  ", (finding.rule, "dim"))
            for line in (_text(finding, words), *_details(finding, words)):
                yield Padding(Prose(line), (0, 0, 0, 4))
            yield Text("")
        yield from (Text(line) for line in _remarks(linted, words))
    yield from (Prose(line) for line in _summary(results, words))


def as_json(results: Sequence[Linted], language: Language) -> dict[str, Any]:
    """The findings as plain data, with their texts in one language."""
    words = labels(language, "lint")
    return {
        "schema": SCHEMA,
        "errors": count(results, "error"),
        "warnings": count(results, "warning"),
        "rubrics": [
            {
                "file": linted.source,
                "items": linted.items,
                "complete": linted.complete,
                "recorded": linted.recorded,
                "findings": [_entry(finding, words) for finding in linted.findings],
            }
            for linted in results
        ],
    }


def count(results: Sequence[Linted], severity: Severity) -> int:
    """How many findings of a severity there are."""
    return sum(finding.severity == severity for linted in results for finding in linted.findings)


def _entry(finding: Finding, words: Labels) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "severity": finding.severity,
        "line": finding.line,
        "item": finding.item,
        "text": _said(finding, words),
        **{key: words.get(f"{finding.rule}-{key}", **finding.params) for key in _DETAILS},
        "params": dict(finding.params),
    }


def _text(finding: Finding, words: Labels) -> str:
    """What is wrong; the loader's own words name the item themselves."""
    said = _said(finding, words)
    if finding.item is None or finding.rule == "fault":
        return said
    return words("item", item=visible(finding.item), text=said)


def _said(finding: Finding, words: Labels) -> str:
    return visible(words(finding.rule, **finding.params))


def _details(finding: Finding, words: Labels) -> Iterator[str]:
    for key in _DETAILS:
        said = words.get(f"{finding.rule}-{key}", **finding.params)
        if said:
            yield words(key, text=visible(said))


def _remarks(linted: Linted, words: Labels) -> Iterator[str]:
    source = visible(linted.source)
    if not linted.complete:
        yield words("incomplete", source=source)
    elif not linted.findings:
        yield words("clean-recorded" if linted.recorded else "clean", source=source, items=linted.items)


def _summary(results: Sequence[Linted], words: Labels) -> Iterator[str]:
    errors, warnings = count(results, "error"), count(results, "warning")
    if errors or warnings:
        yield words("count", errors=errors, warnings=warnings)
        yield words("allow")

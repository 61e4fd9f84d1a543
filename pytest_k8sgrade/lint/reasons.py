"""Whether all that a check can say has its texts: a reason and three hints in each language.

The ids come from the code of the checks and from what they said when they were looked at;
the latter also show the parameters that a text gets.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from pytest_k8sgrade.lint.findings import Finding
from pytest_k8sgrade.lint.looks import Look
from pytest_k8sgrade.lint.raised import Raised, raised_by
from pytest_k8sgrade.lint.subject import Subject
from pytest_k8sgrade.locale.messages import HINT_LEVELS, Catalogue, Language, placeholders, show
from pytest_k8sgrade.outcome import Reason
from pytest_k8sgrade.rubric.model import Item
from pytest_k8sgrade.rubric.suggest import choices


def reasons(subject: Subject, looks: Iterable[Look]) -> Iterator[Finding]:
    """All findings of this kind; each is told once, at the first item that can give the reason.

    Without catalogues, because those of the rubric cannot be read, there are none.
    """
    told: set[tuple[str, str]] = set()
    for item, raised in [*_in_code(subject), *_in_looks(looks)]:
        for rule, params in _faults(raised, subject.catalogues):
            if (rule, raised.reason) not in told:
                told.add((rule, raised.reason))
                yield subject.in_item(rule, item, "check", reason=raised.reason, where=raised.where, **params)
    yield from _hints_for(subject)


def _hints_for(subject: Subject) -> Iterator[Finding]:
    """Reasons that hints are written for, and that no check can ever give."""
    if not subject.catalogues:
        return
    known = frozenset[str]().union(*(catalogue.ids() for catalogue in subject.catalogues.values()))
    for item in subject.rubric.items:
        for index, reason in enumerate(item.hints_for):
            if reason not in known:
                told = choices(reason, known, "reasons")
                yield subject.in_item(
                    "hints-for-nothing", item, "hints_for", index, reason=reason, known=told
                )


def _in_code(subject: Subject) -> Iterator[tuple[Item, Raised]]:
    done: set[str] = set()
    for item in subject.rubric.items:
        check = subject.checks.get(item.check)
        if check is not None and check.name not in done:
            done.add(check.name)
            yield from ((item, raised) for raised in raised_by(check))


def _in_looks(looks: Iterable[Look]) -> Iterator[tuple[Item, Raised]]:
    for look in looks:
        told = [look.observation.reason, *(part.reason for part in look.observation.parts)]
        for reason in told:
            if reason is not None:
                yield look.item, Raised(reason.id, look.item.check, frozenset(reason.params))


def _texts(catalogue: Catalogue, reason: str) -> Mapping[str, str]:
    """The texts that there are of a reason, by `reason` and the levels of hints."""
    if reason not in catalogue.ids():
        return {}
    without = Reason(reason)  # no parameter, so that every placeholder stays visible
    texts: dict[str, str] = {}
    for level in HINT_LEVELS:
        hint = catalogue.hint(without, level)
        texts |= {level: hint} if hint else {}
    reason_text = catalogue.text(without)
    return texts | ({"reason": reason_text} if reason_text != f"{reason}: {show({})}" else {})


def _faults(
    raised: Raised, catalogues: Mapping[Language, Catalogue]
) -> list[tuple[str, Mapping[str, list[str]]]]:
    """What the texts of a reason lack; languages that lack the same are told together."""
    found: dict[tuple[str, str, tuple[str, ...]], list[str]] = {}
    for language, catalogue in catalogues.items():
        for rule, key, lacking in _lacking(raised, _texts(catalogue, raised.reason)):
            found.setdefault((rule, key, lacking), []).append(language)
    return [(rule, {key: [*lacking], "language": spoken}) for (rule, key, lacking), spoken in found.items()]


def _lacking(raised: Raised, texts: Mapping[str, str]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    missing = tuple(key for key in ("reason", *HINT_LEVELS) if key not in texts)
    if missing:
        yield "reason-without-text", "missing", missing
    if raised.params is not None:
        needed = {name for text in texts.values() for name in placeholders(text)}
        if needed - raised.params:
            yield "reason-lacks-parameter", "lacking", tuple(sorted(needed - raised.params))

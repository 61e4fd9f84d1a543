"""Whether all that a check can say has its texts: a reason and three hints in each language.

The ids come from the code of the checks and from what they said when they were looked at;
the latter also show the parameters that a text gets.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import yaml

from pytest_k8sgrade.lint.code import Raised, raised_by
from pytest_k8sgrade.lint.findings import Finding
from pytest_k8sgrade.lint.looks import Look
from pytest_k8sgrade.lint.subject import Subject
from pytest_k8sgrade.locale.messages import HINT_LEVELS, Catalogue, placeholders
from pytest_k8sgrade.outcome import Reason
from pytest_k8sgrade.rubric.model import Item


def reasons(subject: Subject, looks: Iterable[Look]) -> Iterator[Finding]:
    """All findings of this kind; each is told once, at the first item that can give the reason."""
    told: set[tuple[str, str, str]] = set()
    for item, raised in [*_in_code(subject), *_in_looks(looks)]:
        for language, catalogue in subject.catalogues.items():
            try:
                texts = _texts(catalogue, raised.reason)
            except (yaml.YAMLError, UnicodeDecodeError, AttributeError, TypeError) as error:
                # The catalogue is a file of the author's: not YAML, or of another shape.
                what = " ".join(str(error).split())
                yield subject.in_file("texts-unreadable", language=language, error=what)
                return
            for rule, params in _faults(raised, texts):
                key = (rule, raised.reason, language)
                if key not in told:
                    told.add(key)
                    yield subject.in_item(
                        rule, item, "check", language=language, reason=raised.reason, where=raised.where, **params
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
    hints = {level: catalogue.hint(without, level) for level in HINT_LEVELS}
    texts = {level: hint for level, hint in hints.items() if hint}
    try:
        return {"reason": catalogue.text(without), **texts}
    except KeyError:
        return texts


def _faults(raised: Raised, texts: Mapping[str, str]) -> Iterator[tuple[str, Mapping[str, list[str]]]]:
    missing = [key for key in ("reason", *HINT_LEVELS) if key not in texts]
    if missing:
        yield "reason-without-text", {"missing": missing}
    if raised.params is not None:
        needed = {name for text in texts.values() for name in placeholders(text)}
        if needed - raised.params:
            yield "reason-lacks-parameter", {"lacking": sorted(needed - raised.params)}

"""What students read: titles and hints in both languages, and no two items with one name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import groupby

from pytest_k8sgrade.lint.findings import Finding
from pytest_k8sgrade.lint.subject import Subject
from pytest_k8sgrade.locale.messages import HINT_LEVELS, LANGUAGES
from pytest_k8sgrade.rubric.document import Path
from pytest_k8sgrade.rubric.fields import LocalizedText
from pytest_k8sgrade.rubric.model import Item
from pytest_k8sgrade.rubric.signature import title_of
from pytest_k8sgrade.rubric.variables import fixed_values

_HANGUL = re.compile("[\uac00-\ud7a3\u3131-\u318e]")
_WORDS = 3
"""From so many words on a text is a sentence; shorter ones may be names, the same in any language."""


def texts(subject: Subject) -> Iterator[Finding]:
    """All findings of this kind."""
    yield from _languages(subject)
    for item in subject.rubric.items:
        if item.title is None:
            yield subject.in_item("title-missing", item, check=item.check)
        given = {name for name, text in item.hints if text}
        lacking = [level for level in HINT_LEVELS if level not in given]
        if given and lacking:
            yield subject.in_item("hints-incomplete", item, "hints", missing=lacking)
    yield from _repeated(subject)


def _languages(subject: Subject) -> Iterator[Finding]:
    rubric = subject.rubric
    yield from _one_language(subject, ("title",), rubric.title)
    for index, group in enumerate(rubric.groups):
        yield from _one_language(subject, ("groups", index, "title"), group.title)
    for item in rubric.items:
        for keys, text in _texts_of(item).items():
            yield from _one_language(subject, keys, text, item)


def _texts_of(item: Item) -> Mapping[tuple[str, ...], LocalizedText]:
    found: dict[tuple[str, ...], LocalizedText | None] = {("title",): item.title, ("waived",): item.waived}
    found |= {("hints", name): text for name, text in item.hints}
    return {keys: text for keys, text in found.items() if text is not None}


def _one_language(
    subject: Subject, keys: Path, text: LocalizedText, item: Item | None = None
) -> Iterator[Finding]:
    missing = None
    if len(text.ko.split()) >= _WORDS and not _HANGUL.search(text.ko):
        missing = "ko"
    elif _HANGUL.search(text.en):
        missing = "en"
    if missing is None:
        return
    named = ".".join(str(key) for key in keys if isinstance(key, str))
    if item is not None:
        yield subject.in_item("text-one-language", item, *keys, key=named, language=missing)
    else:
        yield subject.in_file("text-one-language", *keys, key=named, language=missing)


def _repeated(subject: Subject) -> Iterator[Finding]:
    """Each further item with a title that another has, in any language, once."""
    values = fixed_values(subject.rubric, {})
    told: set[str] = set()
    for language in LANGUAGES:
        titled = [
            (title_of(item, check, values, language), item)
            for item in subject.rubric.items
            if (check := subject.checks.get(item.check)) and item.id not in subject.faulty
        ]
        for title, same in groupby(sorted(titled, key=lambda pair: pair[0]), key=lambda pair: pair[0]):
            first, *others = [item for _, item in same]
            for item in others:
                if item.id not in told:
                    told.add(item.id)
                    yield subject.in_item("title-repeated", item, "title", title=title, other=first.id)

"""The fixed words of reports: complete in both languages, and none too many."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest
import yaml

from pytest_k8sgrade.locale.messages import LANGUAGES, Language, placeholders
from pytest_k8sgrade.reports import terminal
from pytest_k8sgrade.reports.labels import labels


def words(language: Language) -> dict[str, str]:
    """All words of a language."""
    text = files("pytest_k8sgrade.locale").joinpath(language, "report.yaml").read_text(encoding="utf-8")
    found: dict[str, str] = yaml.safe_load(text)["labels"]
    return found


def test_both_languages_have_the_same_words_with_the_same_parameters() -> None:
    """A report in one language says what it says in the other."""
    shapes = [{name: placeholders(text) for name, text in words(each).items()} for each in LANGUAGES]
    assert shapes[0] == shapes[1]


def test_every_word_is_used() -> None:
    """A word that no report has is left over from an older one."""
    folder = Path(terminal.__file__).parent
    source = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    composed = {f"{start}-{end}" for start, ends in COMPOSED.items() for end in ends}
    for name in words("en"):
        word = name.removeprefix("report-")
        assert f'"{word}"' in source or word in composed, name


COMPOSED = {
    "part": ["seen", "wanted"],
    "out": ["skipped", "waived"],
    "result": ["passed", "failed", "undecided"],
}
"""Names that the source puts together."""


def test_a_word_that_does_not_exist_is_a_bug() -> None:
    """Not an empty place in a report."""
    with pytest.raises(KeyError, match="report-gone"):
        labels("en")("gone")

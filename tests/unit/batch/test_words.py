"""The words of a batch: complete in both languages, and none too many."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import yaml

from pytest_k8sgrade.batch import display
from pytest_k8sgrade.command import batch
from pytest_k8sgrade.locale.messages import LANGUAGES, Language, placeholders

COMPOSED = {
    "batch": ["passed", "failed", "open", "problem"],
    "batch-end": ["failed", "undecided", "absent"],
    "batch-end-same": ["cluster", "evidence"],
}
"""Names that the source puts together."""


def words(language: Language) -> dict[str, str]:
    """All words of a language."""
    text = files("pytest_k8sgrade.locale").joinpath(language, "batch.yaml").read_text(encoding="utf-8")
    found: dict[str, str] = yaml.safe_load(text)["labels"]
    return found


def test_both_languages_say_the_same() -> None:
    """The same words with the same parameters, in the same order."""
    shapes = [[(name, placeholders(text)) for name, text in words(each).items()] for each in LANGUAGES]
    assert shapes[0] == shapes[1]


def test_every_word_is_used() -> None:
    """A word that nothing says is left over."""
    folder = Path(str(display.__file__)).parent
    sources = [*folder.glob("*.py"), Path(str(batch.__file__))]
    said = set(re.findall(r"[\"'](batch-[a-z-]+)[\"']", "".join(path.read_text() for path in sources)))
    composed = {f"{start}-{end}" for start, ends in COMPOSED.items() for end in ends}
    assert set(words("en")) == said | composed

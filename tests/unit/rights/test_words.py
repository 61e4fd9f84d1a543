"""The words about rights: complete in both languages, and none too many."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import yaml

from pytest_k8sgrade import rights
from pytest_k8sgrade.command import rbac
from pytest_k8sgrade.locale.messages import LANGUAGES, Language, placeholders

PREFIX = "rights-"


def words(language: Language) -> dict[str, str]:
    """All words of a language."""
    text = files("pytest_k8sgrade.locale").joinpath(language, "rights.yaml").read_text(encoding="utf-8")
    found: dict[str, str] = yaml.safe_load(text)["labels"]
    return found


def test_both_languages_have_the_same_words_with_the_same_parameters() -> None:
    """What one says the other says."""
    shapes = [{name: placeholders(text) for name, text in words(each).items()} for each in LANGUAGES]
    assert shapes[0] == shapes[1]


def test_every_word_is_used_and_there() -> None:
    """Looked for in the code, between quotes."""
    sources = [*Path(rights.__path__[0]).glob("*.py"), Path(rbac.__file__)]
    code = "".join(source.read_text(encoding="utf-8") for source in sources)
    quoted = set(re.findall(r'"([a-z-]+)"', code))
    known = {name.removeprefix(PREFIX) for name in words("en")}
    assert known <= quoted
    assert set(re.findall(r'\blabel\(\s*"([a-z-]+)"', code)) <= known

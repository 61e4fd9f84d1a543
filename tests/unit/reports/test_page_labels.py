"""The words of web pages: complete in both languages, and none too many."""

from __future__ import annotations

import re
from importlib.resources import files

import yaml

from pytest_k8sgrade.locale.messages import LANGUAGES, Language, placeholders

COMPOSED = ("status-", "level-", "class-passed", "class-failed", "class-undecided", "class-absent")
COMPOSED_CLASS = ("class-open", "class-late", "class-overridden", "class-flagged")
STARTS = ("class-submitted-", "class-shared-", *COMPOSED, *COMPOSED_CLASS)
"""Names that the templates put together."""


def words(language: Language) -> dict[str, str]:
    """All words of a language, without the prefix."""
    text = files("pytest_k8sgrade.locale").joinpath(language, "page.yaml").read_text(encoding="utf-8")
    return {name.removeprefix("page-"): word for name, word in yaml.safe_load(text)["labels"].items()}


def test_both_languages_have_the_same_words_with_the_same_parameters() -> None:
    """A page in one language says what it says in the other."""
    english, korean = ({name: placeholders(text) for name, text in words(each).items()} for each in LANGUAGES)
    assert english.keys() == korean.keys()
    loose = {"class-students"}
    assert {name for name in english if english[name] != korean[name]} <= loose


def test_every_word_is_used_and_every_used_word_is_there() -> None:
    """In the templates or beside them."""
    sources = [
        file.read_text(encoding="utf-8")
        for package in ("reports", "gradebook")
        for file in [
            *files(f"pytest_k8sgrade.{package}").joinpath("templates").iterdir(),
            files(f"pytest_k8sgrade.{package}").joinpath("page.py" if package == "gradebook" else "html.py"),
        ]
    ]
    source = "".join(sources)
    called = set(re.findall(r'(?:page|column|fact|tile)\("([a-z-]+[a-z])"', source))
    known = words("en").keys()
    assert called <= known
    unused = {name for name in known if f'"{name}"' not in source and not name.startswith(STARTS)}
    assert not unused

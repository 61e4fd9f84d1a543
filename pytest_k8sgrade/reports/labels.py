"""The fixed words of reports in one language.

Only the one file is read: a report is rendered from a grade, whose reasons and hints
are texts already, and needs no message of any check.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from importlib.resources import files

import yaml

from pytest_k8sgrade.locale.messages import Language, fill


class Labels:
    """Words by their id without the prefix, which is the name of their file."""

    def __init__(self, words: Mapping[str, str], of: str) -> None:
        self._words = words
        self._of = of

    def __call__(self, name: str, /, **params: object) -> str:
        """The word or phrase with its parameters filled in; an unknown name is a bug: `KeyError`."""
        return fill(self._words[f"{self._of}-{name}"], params)

    def get(self, name: str, /, **params: object) -> str | None:
        """The phrase, or None where there is none of that name."""
        return self(name, **params) if f"{self._of}-{name}" in self._words else None


@functools.cache
def labels(language: Language, of: str = "report") -> Labels:
    """The words of a language in `OF.yaml`."""
    text = files("pytest_k8sgrade.locale").joinpath(language, f"{of}.yaml").read_text(encoding="utf-8")
    return Labels(yaml.safe_load(text)["labels"], of)

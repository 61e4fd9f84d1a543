"""The fixed words of reports in one language.

Only `report.yaml` is read: a report is rendered from a grade, whose reasons and hints
are texts already, and needs no message of any check.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from importlib.resources import files

import yaml

from pytest_k8sgrade.locale.messages import Language, fill


class Labels:
    """Words by their id without the prefix `report-`."""

    def __init__(self, words: Mapping[str, str]) -> None:
        self._words = words

    def __call__(self, name: str, **params: object) -> str:
        """The word or phrase with its parameters filled in; an unknown name is a bug: `KeyError`."""
        return fill(self._words[f"report-{name}"], params)


@functools.cache
def labels(language: Language) -> Labels:
    """The words of a language."""
    text = files("pytest_k8sgrade.locale").joinpath(language, "report.yaml").read_text(encoding="utf-8")
    return Labels(yaml.safe_load(text)["labels"])

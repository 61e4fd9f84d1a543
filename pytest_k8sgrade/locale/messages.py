"""The message catalogue of one language.

Texts live in YAML files, one per system, because translators edit them without
touching code. A message has a reason and a hint at three levels; a label is a
fixed word of a report. Placeholders are plain names: nothing in a text can reach
an attribute or an item of a parameter.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from functools import cache, cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

from pytest_k8sgrade.errors import UsageFault

if TYPE_CHECKING:
    from pytest_k8sgrade.outcome import Reason

Language: TypeAlias = Literal["en", "ko"]
HintLevel: TypeAlias = Literal["beginner", "intermediate", "advanced"]

LANGUAGES: tuple[Language, ...] = ("en", "ko")
LABEL_FILES = ("report.yaml", "run.yaml")
"""The files that hold labels of a grading run; the others hold messages only."""

COMMAND_LABELS = ("command.yaml", "batch.yaml", "faults.yaml")
"""The files with labels of `k8sgrade` and of faults, which a grading run without a fault does not read."""

HINT_LEVELS: tuple[HintLevel, ...] = ("beginner", "intermediate", "advanced")

PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_SHOWN_ITEMS = 8


def default_language(environment: Mapping[str, str] = os.environ) -> Language:
    """Korean where the locale of the environment is Korean, English elsewhere."""
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = environment.get(variable)
        if value:
            return "ko" if value.lower().startswith("ko") else "en"
    return "en"


def placeholders(text: str) -> set[str]:
    """The parameter names that a text needs."""
    return set(PLACEHOLDER.findall(text))


def show(value: object) -> str:
    """One parameter as people read it: lists joined, nothing for None, JSON words for booleans."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return ", ".join(f"{key}={show(item)}" for key, item in value.items()) or "-"
    if isinstance(value, (list, tuple, set, frozenset)):
        shown = [show(item) for item in list(value)[:_SHOWN_ITEMS]]
        return ", ".join(shown) + (", …" if len(value) > _SHOWN_ITEMS else "") or "-"
    return str(value)


def _in(language: Language, value: object) -> object:
    return value[language] if isinstance(value, Mapping) and value.keys() == set(LANGUAGES) else value


def fill(text: str, params: Mapping[str, object]) -> str:
    """The text with its placeholders replaced; an unknown one stays visible."""
    return PLACEHOLDER.sub(lambda match: _parameter(match, params), text)


def _parameter(match: re.Match[str], params: Mapping[str, object]) -> str:
    name = match.group(1)
    return show(params[name]) if name in params else match.group(0)


class Catalogue:
    """The texts of one language, bundled ones first, then those of a pack of somebody else's.

    Labels are read at once, bundled messages when the first of them is asked for: a perfect
    grade needs none. Those of others may be faulty, and are read at once: raises `UsageFault`.
    """

    def __init__(self, language: Language, extra: Iterable[Traversable] = ()) -> None:
        self.language = language
        self._folders = [files(__package__).joinpath(language)]
        self._folders += [folder.joinpath(language) for folder in extra]
        if any(folder.is_dir() for folder in self._folders[1:]):
            self.ids()
        self._labels: dict[str, str] = {}
        for name in LABEL_FILES:
            self._labels.update(_load(self._folders[0].joinpath(name)).get("labels", {}))

    @cached_property
    def _messages(self) -> dict[str, Any]:
        messages: dict[str, Any] = {}
        for folder in self._folders:
            for file in _catalogue_files(folder):
                messages.update({key: value for key, value in _load(file).items() if key != "labels"})
        return messages

    def ids(self) -> frozenset[str]:
        """All message ids, for the tests of completeness and the catalogue page."""
        return frozenset(self._messages)

    def text(self, reason: Reason) -> str:
        """The reason as one sentence; an id without a text is shown as it is."""
        text = self._messages.get(reason.id, {}).get("reason")
        return f"{reason.id}: {show(reason.params)}" if text is None else fill(text, self._own(reason))

    def hint(self, reason: Reason, level: HintLevel) -> str | None:
        """What to look at next, at one of the three levels of help."""
        text = self._messages.get(reason.id, {}).get("hint", {}).get(level)
        return None if text is None else fill(text, self._own(reason))

    def _own(self, reason: Reason) -> dict[str, object]:
        """The parameters; one with a text for each language is that of this one."""
        return {name: _in(self.language, value) for name, value in reason.params.items()}

    def label(self, label: str, **params: object) -> str:
        """A fixed word or phrase of a report; a missing one is our bug and raises KeyError."""
        text = self._labels[label] if label in self._labels else self._command_labels[label]
        return fill(text, params)

    def labels(self) -> Mapping[str, str]:
        """All labels, unfilled."""
        return {**self._labels, **self._command_labels}

    @cached_property
    def _command_labels(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for name in COMMAND_LABELS:
            found.update(_load(self._folders[0].joinpath(name)).get("labels", {}))
        return found


def spoken(label: str, **params: object) -> dict[str, str]:
    """A label in every language; parameters may have a text for each, too."""
    return {
        language: Catalogue(language).label(
            label, **{name: _in(language, value) for name, value in params.items()}
        )
        for language in LANGUAGES
    }


def _catalogue_files(folder: Traversable) -> list[Traversable]:
    if not folder.is_dir():
        return []
    found = [file for file in folder.iterdir() if file.name.endswith(".yaml")]
    return sorted(found, key=lambda file: file.name)


def _load(file: Traversable) -> dict[str, Any]:
    """A catalogue file; what it returns is shared: do not change it."""
    try:
        return _parse(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UsageFault(
            f"the texts in {file} cannot be read: {error}; write a mapping of ids, "
            "each with `reason` and with `hint` for beginner, intermediate and advanced"
        ) from error


@cache
def _parse(text: str) -> dict[str, Any]:
    import yaml  # noqa: PLC0415 - only a grading run pays for it

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        content = yaml.load(text, Loader=loader) or {}  # noqa: S506 - a safe loader
    except yaml.YAMLError as error:
        raise ValueError(" ".join(str(error).split())) from error
    wrong = next((key for key, message in _entries(content) if not _is_message(message)), None)
    if wrong is not None:
        raise ValueError(f"{wrong!r} is no message")
    return cast("dict[str, Any]", content)


def _entries(content: Any) -> Iterable[tuple[Any, Any]]:
    if not isinstance(content, dict):
        raise ValueError("it is no mapping")
    return ((key, message) for key, message in content.items() if key != "labels")


def _is_message(message: Any) -> bool:
    """Whether an entry has the shape of a message; that it is complete is not asked here."""
    if not isinstance(message, dict) or not isinstance(message.get("hint", {}), dict):
        return False
    texts = [message.get("reason", ""), *message.get("hint", {}).values()]
    return all(isinstance(text, str) for text in texts)

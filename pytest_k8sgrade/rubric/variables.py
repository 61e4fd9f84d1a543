"""Variables of a rubric: which an item needs, and their values put in place.

Pure: the run looks up what exists in the cluster and hands the values in. A
placeholder is `{name}` alone; `{{name}}` and `${name}` are left as they are, so that
PromQL, Go templates and dashboards can be written without escapes.
"""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

from pytest_k8sgrade.errors import UsageFault
from pytest_k8sgrade.outcome import JsonValue
from pytest_k8sgrade.rubric.model import FirstThatExists, Item, Rubric, Scalar
from pytest_k8sgrade.rubric.suggest import choices

PLACEHOLDER = re.compile(r"(?<![{$])\{([a-z][a-z0-9_]*)\}(?!\})")


def placeholders(value: JsonValue) -> set[str]:
    """The variables that a value names, however deep."""
    if isinstance(value, str):
        return set(PLACEHOLDER.findall(value))
    if isinstance(value, Mapping):
        return placeholders(list(value.values()))
    if isinstance(value, (list, tuple)):
        return {name for part in value for name in placeholders(part)}
    return set()


def needed_variables(item: Item) -> frozenset[str]:
    """The variables that an item's parameters name."""
    return frozenset(placeholders(item.with_))


def whole_placeholder(value: JsonValue) -> str | None:
    """The variable's name where a value is a placeholder and nothing else."""
    match = PLACEHOLDER.fullmatch(value) if isinstance(value, str) else None
    return match.group(1) if match else None


def substitute(with_: Mapping[str, JsonValue], values: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """The parameters with variables in place.

    A value that is a placeholder and nothing else takes the variable's own type. A
    variable without a value raises `KeyError` with its name: the run must not call a
    check with a hole in its parameters.
    """
    return {name: _put(value, values) for name, value in with_.items()}


def fill_placeholders(text: str, values: Mapping[str, JsonValue]) -> str:
    """A text for people with what is known put in place; the unknown stays visible."""
    return PLACEHOLDER.sub(
        lambda match: _shown(values[match.group(1)]) if match.group(1) in values else match.group(0), text
    )


def fixed_values(rubric: Rubric, overrides: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """The variables known without a cluster: scalars of the file, and what was set by hand."""
    scalars = {name: value for name, value in rubric.vars.items() if not isinstance(value, FirstThatExists)}
    return {**scalars, **overrides}


def searches(rubric: Rubric, overrides: Mapping[str, Scalar]) -> dict[str, FirstThatExists]:
    """The variables that have to be looked up in the cluster."""
    return {
        name: value
        for name, value in rubric.vars.items()
        if isinstance(value, FirstThatExists) and name not in overrides
    }


def parse_overrides(rubric: Rubric, settings: Iterable[str]) -> dict[str, Scalar]:
    """What `KEY=VALUE` settings set, each value in the type of the variable's own.

    Raises `UsageFault` for a setting that is not one, an unknown variable or a value
    of another type.
    """
    found: dict[str, Scalar] = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not equals:
            raise UsageFault(f"{setting!r} sets nothing; write KEY=VALUE, e.g. namespace=default")
        if name not in rubric.vars:
            raise UsageFault(f"the rubric {rubric.id} has no variable {name!r}; {choices(name, rubric.vars)}")
        found[name] = _typed(name, text, rubric.vars[name])
    return found


def _typed(name: str, text: str, default: Any) -> Scalar:
    if isinstance(default, bool):
        if text.lower() not in ("true", "false"):
            raise UsageFault(f"variable {name!r} is true or false, not {text!r}")
        return text.lower() == "true"
    if isinstance(default, (int, float)):
        kind = type(default)
        with contextlib.suppress(ValueError, OverflowError):
            if math.isfinite(kind(text)):
                return kind(text)
        number = "a whole number" if kind is int else "a number"
        raise UsageFault(f"variable {name!r} is {number}, not {text!r}")
    if not text.strip() and default != "":
        raise UsageFault(
            f"variable {name!r} is not empty, but {text!r} is; write {name}=VALUE, or leave it out"
        )
    return text


def _put(value: JsonValue, values: Mapping[str, JsonValue]) -> JsonValue:
    if isinstance(value, str):
        whole = whole_placeholder(value)
        if whole is not None:
            return values[whole]
        return PLACEHOLDER.sub(lambda match: _shown(values[match.group(1)]), value)
    if isinstance(value, Mapping):
        return {key: _put(part, values) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_put(part, values) for part in value]
    return value


def _shown(value: JsonValue) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return ", ".join(_shown(part) for part in value)
    return str(value)

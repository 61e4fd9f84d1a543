"""The rules of prometheus-adapter's configuration: which metric a rule makes of which series.

Only the names are worked out, as the adapter does it: `name.matches` is looked for in the
series' name, `name.as` is filled in with its groups. A rule that takes its series by a
pattern may make many names; of those only what it can never make is known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pytest_k8sgrade.kube.go_regex import go_regex
from pytest_k8sgrade.services.monitoring.promql import selectors

_GROUP = re.compile(r"\$(?:\{(\w+)\}|(\w+))|\$\$", re.ASCII)
_ALL = ".*"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: the series it is about (empty where a pattern chooses them) and how they are renamed."""

    series: str
    matches: str
    template: str

    def name_of(self, series: str) -> str | None:
        """What a series is called; None when the rule passes it over or cannot be understood."""
        try:
            pattern = go_regex(self.matches or _ALL)
            found = pattern.search(series)
        except ValueError:
            return None
        if found is None:
            return None
        groups = pattern.groups
        template = self.template or ("$1" if groups == 1 else "$0")
        return _GROUP.sub(lambda one: _group(found, one[1] or one[2]), template)

    def makes(self, metric: str) -> bool | None:
        """Whether the metric is made by this rule; None when that depends on the series there are."""
        if self.series:
            return self.name_of(self.series) == metric
        fixed = _GROUP.split(self.template)[::3] if self.template else []
        return None if not fixed or _has_in_order(metric, fixed) else False


def _has_in_order(text: str, parts: list[str]) -> bool:
    """Whether the text is these parts with anything between them."""
    first, *others = parts
    if not others:
        return text == first
    if not text.startswith(first) or not text.endswith(others[-1]):
        return False
    at, end = len(first), len(text) - len(others[-1])
    for part in others[:-1]:
        found = text.find(part, at, max(at, end))
        if found < 0:
            return False
        at = found + len(part)
    return at <= end


def _group(found: Any, name: str | None) -> str:
    """A group of a match as Go expands it: nothing for one that is not there, a dollar for two."""
    if name is None:
        return "$"
    try:
        return found[int(name) if name.isdecimal() else name] or ""
    except (IndexError, KeyError, ValueError):
        return ""


def rules(documents: Iterable[Mapping[str, Any]]) -> list[Rule]:
    """The rules for custom metrics of the adapter's configuration files."""
    found = [one for document in documents for one in document.get("rules") or []]
    return [_rule(one) for one in found if isinstance(one, Mapping)]


def _rule(written: Mapping[str, Any]) -> Rule:
    chosen = selectors(str(written.get("seriesQuery", "")))
    name = written.get("name")
    own = name if isinstance(name, Mapping) else {}
    series = chosen[0].metric if len(chosen) == 1 else ""
    return Rule(series, str(own.get("matches") or ""), str(own.get("as") or ""))


def names(known: Iterable[Rule]) -> list[str]:
    """The metrics that the rules make of series which they name."""
    found = (rule.name_of(rule.series) for rule in known if rule.series)
    return [name for name in found if name]


def made(known: Iterable[Rule], metric: str) -> bool | None:
    """Whether any of the rules makes the metric; None when that is not known."""
    answers = {rule.makes(metric) for rule in known}
    return True if True in answers else None if None in answers else False

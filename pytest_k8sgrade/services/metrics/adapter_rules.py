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
            found = re.search(self.matches or _ALL, series)
        except re.error:
            return None
        if found is None:
            return None
        groups = found.re.groups
        template = self.template or ("$1" if groups == 1 else "$0")
        return _GROUP.sub(lambda one: _group(found, one[1] or one[2]), template)

    def makes(self, metric: str) -> bool | None:
        """Whether the metric is made by this rule; None when that depends on the series there are."""
        if self.series:
            return self.name_of(self.series) == metric
        fixed = _GROUP.split(self.template)[::3] if self.template else []
        pattern = _ALL.join(re.escape(part) for part in fixed) if fixed else _ALL
        return None if re.fullmatch(pattern, metric) else False


def _group(found: re.Match[str], name: str | None) -> str:
    """A group of a match as Go expands it: nothing for one that is not there, a dollar for two."""
    if name is None:
        return "$"
    try:
        return found[int(name) if name.isdecimal() else name] or ""
    except IndexError:
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

"""What lint can find: the rules with their weight, and one finding as data.

Texts are in `locale/*/lint.yaml` under the rule's name; `report` puts them together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, TypeAlias

from pytest_k8sgrade.outcome import JsonValue

Severity: TypeAlias = Literal["error", "warning"]

RULES: Mapping[str, Severity] = MappingProxyType(
    {
        "fault": "error",
        "need-waived": "warning",
        "need-outlasts": "warning",
        "need-above-level": "warning",
        "pass-mark-out-of-reach": "error",
        "pass-mark-a-share": "warning",
        "never-passed": "error",
        "title-repeated": "warning",
        "title-missing": "warning",
        "text-one-language": "warning",
        "hints-incomplete": "warning",
        "hints-for-nothing": "error",
        "variable-unused": "warning",
        "asks-for-nothing": "warning",
        "read-not-asked": "warning",
        "passes-when-empty": "error",
        "earns-when-empty": "error",
        "passes-on-nothing": "error",
        "check-breaks": "error",
        "check-not-run": "warning",
        "texts-unreadable": "error",
        "reason-without-text": "error",
        "reason-lacks-parameter": "error",
        "proof-unreadable": "error",
    }
)
"""An error makes a mark wrong or the grading fail; a warning is what a student or an author trips over."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, at a line of the rubric file counted from 1.

    `item` is None for what concerns the whole file; `params` are what the rule's texts need.
    """

    rule: str
    line: int
    item: str | None = None
    params: Mapping[str, JsonValue] = field(default_factory=dict)

    @property
    def severity(self) -> Severity:
        """How bad it is."""
        return RULES[self.rule]

"""One field of an object compared with what was asked, as one part of a check.

Missing and different are told apart, because the hint differs; so does where the field is written:
in the manifest that was applied, or in the chart of a Helm release.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from pytest_k8sgrade.outcome import Findings

WrittenIn: TypeAlias = Literal["object", "chart"]
"""Of what the field is; for a chart the subject also names the `release`."""


def require_equal(
    findings: Findings,
    subject: Mapping[str, Any],
    field: str,
    found: object,
    asked: object,
    *,
    weight: float = 1.0,
    written_in: WrittenIn = "object",
) -> bool:
    """Record whether a field has the value; `subject` gives kind, namespace and name."""
    met = found == asked
    return require_that(findings, subject, field, found, asked, met=met, weight=weight, written_in=written_in)


def require_that(
    findings: Findings,
    subject: Mapping[str, Any],
    field: str,
    found: object,
    asked: object,
    *,
    met: bool,
    weight: float = 1.0,
    written_in: WrittenIn = "object",
) -> bool:
    """Record a field whose comparison was made by the caller."""
    if written_in == "chart":
        reason = "chart-field-missing" if found is None else "chart-field-differs"
    else:
        reason = "field-missing" if found is None else "field-differs"
    return findings.require(
        met,
        reason,
        part=field,
        seen=found,
        wanted=asked,
        weight=weight,
        field=field,
        found=found,
        asked=asked,
        **subject,
    )
